"""The rules for a history and the final state of the database: pure functions that report violations.

A rule is a generator of sentences; `check` runs them all. The rules do not depend on how a history was recorded, so
each has a hand-written history in `test_rules.py` that violates it.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

from tests.chaos.history import (
    ACKED,
    REFUSED,
    UNKNOWN,
    DatabaseState,
    History,
    ObservedLastRead,
    Session,
    StoredEvent,
    StoredMessage,
    short,
)

Rule = Callable[[History, DatabaseState], Iterator[str]]


def check(history: History, truth: DatabaseState) -> dict[str, list[str]]:
    """The violations by rule; empty if there is none."""
    found = {rule.__name__: list(rule(history, truth)) for rule in RULES}
    return {name: sentences for name, sentences in found.items() if sentences}


def lost(history: History, truth: DatabaseState) -> Iterator[str]:
    """Every acked message is stored, with the seq of its ack and the content that was sent."""
    for send in history.sends:
        for message_id, seq in send.acks:
            stored = truth.messages.get(send.conversation, {}).get(message_id)
            if stored is None:
                yield f"{send.client_id} was acked as {message_id} and is not stored"
            elif stored.seq != seq:
                yield f"{send.client_id} was acked with seq {seq} and is stored with {stored.seq}"
            elif (stored.user, stored.client_id, stored.first_content) != (send.user, send.client_id, send.content):
                yield f"{send.client_id} is stored as {stored}"


def doubled(history: History, truth: DatabaseState) -> Iterator[str]:
    """One row for each client_id of a sender. `lost` checks that every acknowledgement named it."""
    for conversation, messages in truth.messages.items():
        times = Counter((one.user, one.client_id) for one in messages.values() if one.client_id is not None)
        for (user, client_id), count in times.items():
            if count > 1:
                yield f"{client_id} of {user} is stored {count} times in {conversation}"


def unasked(history: History, truth: DatabaseState) -> Iterator[str]:
    """Stored messages were sent and not rejected: they are acknowledged, or of unknown outcome."""
    sent = {(send.conversation, send.user, send.client_id): send for send in history.sends}
    surplus = 0
    for conversation, messages in truth.messages.items():
        for message_id, stored in messages.items():
            if stored.user is None:
                continue
            send = sent.get((conversation, stored.user, stored.client_id or ""))
            if send is None:
                yield f"{message_id} of {stored.user} is stored and was never sent"
            elif send.outcome == REFUSED:
                yield f"{send.client_id} was refused and is stored with seq {stored.seq}"
            surplus += send is not None and send.outcome != ACKED
    unknown = sum(send.outcome == UNKNOWN for send in history.sends)
    if surplus > unknown:
        yield f"{surplus} are stored beyond the acked, and only {unknown} are unknown"


def conflicting(history: History, truth: DatabaseState) -> Iterator[str]:
    """A client_id that is repeated with other content is rejected."""
    for conflict in history.conflicts:
        if conflict.outcome == ACKED:
            yield f"{conflict.client_id} of {conflict.user} was taken again with other content"


def gaps(history: History, truth: DatabaseState) -> Iterator[str]:
    """A log is 1..N without a gap; its messages are numbered 1..M, and are those of its events."""
    for conversation, log in truth.log.items():
        seqs = [event.seq for event in log]
        if seqs != list(range(1, len(log) + 1)) or truth.heads[conversation] != len(log):
            yield f"the log of {conversation} is not 1..{truth.heads[conversation]}: {_first_jump(seqs)}"
        messages = truth.messages.get(conversation, {})
        told = {(event.message_id, event.seq) for event in log if event.type == "new_message"}
        if told != {(message_id, stored.seq) for message_id, stored in messages.items()}:
            yield f"log and messages of {conversation} differ"
        by_seq = sorted(messages.values(), key=lambda stored: stored.seq)
        if [stored.number for stored in by_seq] != list(range(1, len(by_seq) + 1)):
            yield f"the messages of {conversation} are not numbered 1..{len(by_seq)} in the order of the log"


def reordered(history: History, truth: DatabaseState) -> Iterator[str]:
    """The sends of one client to one conversation are stored in the order in which it sent them."""
    last: dict[tuple[str, str], tuple[int, str]] = {}
    for send in history.sends:
        if not send.acks:
            continue
        before, other = last.get((send.client, send.conversation), (0, ""))
        seq = send.acks[0][1]
        if seq < before:
            yield f"{send.client_id} has seq {seq}, and {other}, sent before it, has {before}"
        last[send.client, send.conversation] = seq, send.client_id


def unseen(history: History, truth: DatabaseState) -> Iterator[str]:
    """Every receiver sees 1..N in order, without a gap or duplicate, across all reconnects, and the same as the log."""
    stand: dict[tuple[str, str], int] = defaultdict(int)
    ids = {key: [short(event.message_id) for event in log] for key, log in truth.log.items()}
    for session in history.sessions:
        key = session.client, session.conversation
        if session.after_seq != stand[key]:
            yield f"{_describe(session)} began at {session.after_seq} and stood at {stand[key]}"
        expected = range(session.after_seq + 1, session.after_seq + 1 + len(session.seqs))
        if list(session.seqs) != list(expected):
            yield f"{_describe(session)} after {session.after_seq}: {_first_jump([session.after_seq, *session.seqs])}"
        elif list(session.ids) != ids.get(session.conversation, [])[expected.start - 1 : expected.stop - 1]:
            yield f"{_describe(session)} saw other messages than the log has after {session.after_seq}"
        stand[key] = session.last()
    for client, conversation in history.caught_up:
        if stand[client, conversation] != truth.heads[conversation]:
            yield f"{client} stands at {stand[client, conversation]} of {truth.heads[conversation]} in {conversation}"


def after_removal(history: History, truth: DatabaseState) -> Iterator[str]:
    """A user removed at R sees nothing above R: their sockets end there, and none opens until they are added again."""
    comings = {key: _membership_changes(log) for key, log in truth.log.items()}
    for session in history.sessions:
        moves = comings.get(session.conversation, {}).get(session.user, [])
        before = [event for event in moves if event.seq <= session.head]
        if before and before[-1].type == "participant_removed":
            yield f"{_describe(session)} was let in at {session.head}, removed at {before[-1].seq}"
        removals = [one.seq for one in moves if one.type == "participant_removed" and one.seq > session.head]
        if not removals:
            if session.close == 4403:
                yield f"{_describe(session)} was closed as removed, and was not"
        elif session.last() > removals[0]:
            yield f"{_describe(session)} was removed at {removals[0]} and saw {session.last()}"


def regressed(history: History, truth: DatabaseState) -> Iterator[str]:
    """Read stays read: last_read_seq never decreases, and all marked messages are read at the end."""
    by_place: dict[tuple[str, str], list[ObservedLastRead]] = defaultdict(list)
    for read in history.last_reads:
        by_place[read.conversation, read.user].append(read)
    for (conversation, user), reads in by_place.items():
        reads.sort(key=lambda read: read.answered_at)
        answered = [read.answered_at for read in reads]
        greatest = [0]
        for read in reads:
            greatest.append(max(greatest[-1], read.seq))
        for read in reads:
            known = greatest[bisect_left(answered, read.asked_at)]
            if read.seq < known:
                yield f"{user} had read up to {known} of {conversation}, and later up to {read.seq}"
    for marked in history.marked:
        place = truth.participants[marked.conversation, marked.user]
        for message_id in marked.message_ids:
            stored = truth.messages[marked.conversation][message_id]
            if stored.user not in (None, marked.user) and not place.has_read(stored.number):
                yield f"{marked.user} marked {message_id} and it is not read"


def miscounted(history: History, truth: DatabaseState) -> Iterator[str]:
    """`unread_count` equals a recount."""
    for (conversation, user), count in history.unread.items():
        place = truth.participants[conversation, user]
        recount = sum(is_unread(stored, user, place.joined_number, place.has_read(stored.number))
                      for stored in truth.messages.get(conversation, {}).values())  # fmt: skip
        if count != recount:
            yield f"{user} has {recount} unread in {conversation}, and is told {count}"


def is_unread(stored: StoredMessage, user: str, joined_number: int, is_read: bool) -> bool:
    """What others sent after one joined, not deleted, not system, not read."""
    return stored.user not in (None, user) and stored.number > joined_number and not stored.is_deleted and not is_read


def undone(history: History, truth: DatabaseState) -> Iterator[str]:
    """Deletion wins: a message that was deleted is blank, and no edit follows; an acked edit has its revision."""
    for conversation, log in truth.log.items():
        deleted: set[str] = set()
        for event in log:
            if event.type == "message_deleted" and event.message_id is not None:
                if event.message_id in deleted:
                    yield f"{event.message_id} was deleted twice"
                deleted.add(event.message_id)
            elif event.type in ("message_edited", "reaction_update") and event.message_id in deleted:
                yield f"{event.message_id} has a {event.type} at {event.seq}, after its deletion"
        for message_id, stored in truth.messages.get(conversation, {}).items():
            if stored.is_deleted != (message_id in deleted) or (stored.is_deleted and stored.content is not None):
                yield f"{message_id} is {stored}, and its log says otherwise"
    for change in history.changes:
        stored = truth.messages[change.conversation][change.message_id]
        if change.outcome == ACKED and change.content is None and not stored.is_deleted:
            yield f"{change.message_id} was deleted and is there"
        if change.revision is not None and change.revision > stored.revision:
            yield f"{change.message_id} was acked at revision {change.revision} and is at {stored.revision}"
        if change.revision == stored.revision and change.content is not None and change.content != stored.content:
            yield f"{change.message_id} has at revision {stored.revision} other words than were acked"


def diverged(history: History, truth: DatabaseState) -> Iterator[str]:
    """Clients that apply events as docs/protocol.md specifies end with the state of the database."""
    stored = {message_id: one for messages in truth.messages.values() for message_id, one in messages.items()}
    for client, copies in history.copies.items():
        for message_id, copy in copies.items():
            now = stored[message_id]
            present = now.revision, now.is_deleted, now.content, truth.reactions.get(message_id, frozenset())
            if copy != present:
                yield f"{client} has {message_id} as {copy}; it is {present}"


def unexpected(history: History, truth: DatabaseState) -> Iterator[str]:
    """Nothing happened that must never happen."""
    yield from history.unexpected


RULES: tuple[Rule, ...] = (
    lost, doubled, unasked, conflicting, gaps, reordered, unseen, after_removal, regressed, miscounted, undone,
    diverged, unexpected,
)  # fmt: skip


def _membership_changes(log: list[StoredEvent]) -> dict[str, list[StoredEvent]]:
    found: dict[str, list[StoredEvent]] = defaultdict(list)
    for event in log:
        if event.type in ("participant_added", "participant_removed") and event.user is not None:
            found[event.user].append(event)
    return found


def _first_jump(seqs: list[int]) -> str:
    for before, after in pairwise([0, *seqs] if not seqs or seqs[0] == 1 else seqs):
        if after != before + 1:
            return f"{after} follows {before}"
    return "the end is missing"


def _describe(session: Session) -> str:
    return f"{session.client} at {session.conversation}"
