"""The history checker can fail: a good history passes, and each rule has a history that breaks only that rule."""

import copy
from array import array
from collections.abc import Callable
from uuid import UUID

import pytest

from tests.chaos.history import (
    ACKED,
    REFUSED,
    UNKNOWN,
    Change,
    Conflict,
    DatabaseState,
    History,
    MarkedRead,
    ObservedLastRead,
    Send,
    Session,
    StoredEvent,
    StoredMessage,
    StoredParticipant,
    short,
)
from tests.chaos.rules import RULES, check

CHAT = "chat"
M1, M2, M3 = (str(UUID(int=number)) for number in (1, 2, 3))


def good() -> tuple[History, DatabaseState]:
    """Ana sends three messages, the second is edited, the third deleted; bo reads, is removed at 8 and added at 9."""
    truth = DatabaseState(
        heads={CHAT: 9},
        messages={
            CHAT: {
                M1: StoredMessage(1, 1, "ana", "a-1", "one", "one", 1, False),
                M2: StoredMessage(2, 2, "ana", "a-2", "two", "2", 2, False),
                M3: StoredMessage(4, 3, "ana", "a-3", "three", None, 2, True),
            }
        },
        log={
            CHAT: [
                StoredEvent(1, "new_message", M1, None),
                StoredEvent(2, "new_message", M2, None),
                StoredEvent(3, "message_edited", M2, None),
                StoredEvent(4, "new_message", M3, None),
                StoredEvent(5, "reaction_update", M1, "bo"),
                StoredEvent(6, "message_deleted", M3, None),
                StoredEvent(7, "conversation_updated", None, None),
                StoredEvent(8, "participant_removed", None, "bo"),
                StoredEvent(9, "participant_added", None, "bo"),
            ]
        },
        participants={
            (CHAT, "ana"): StoredParticipant(0, True, []),
            (CHAT, "bo"): StoredParticipant(0, True, [(1, 2)]),
        },
        reactions={M1: frozenset({("bo", "👍")})},
    )
    history = History(
        sends=[
            Send("a", "ana", CHAT, "a-1", "one", 0.0, ACKED, [(M1, 1), (M1, 1)]),
            Send("a", "ana", CHAT, "a-2", "two", 0.0, ACKED, [(M2, 2)]),
            Send("a", "ana", CHAT, "a-3", "three", 0.0, ACKED, [(M3, 4)]),
            Send("a", "ana", CHAT, "a-4", "four", 0.0, UNKNOWN),
            Send("b", "bo", CHAT, "b-1", "no", 0.0, REFUSED),
        ],
        conflicts=[Conflict("ana", CHAT, "a-1", REFUSED)],
        sessions=[
            _session("a", "ana", 0, 0, [1, 2, 3, 4], truth),
            _session("b", "bo", 0, 2, [1, 2, 3, 4, 5, 6, 7, 8], truth, close=4403),
            _session("a", "ana", 4, 5, [5, 6, 7, 8, 9], truth),
            _session("b", "bo", 8, 9, [9], truth),
        ],
        changes=[Change(CHAT, M2, "2", ACKED, 2), Change(CHAT, M3, None, ACKED), Change(CHAT, M3, "3", REFUSED)],
        last_reads=[
            ObservedLastRead(CHAT, "bo", 0, 1.0, 3.0),
            ObservedLastRead(CHAT, "bo", 1, 2.0, 4.0),
            ObservedLastRead(CHAT, "bo", 1, 5, 6),
        ],
        marked=[MarkedRead(CHAT, "bo", [M1])],
        unread={(CHAT, "bo"): 1, (CHAT, "ana"): 0},
        copies={"a": {M1: (1, False, "one", frozenset({("bo", "👍")})), M3: (2, True, None, frozenset())}},
        caught_up={("a", CHAT), ("b", CHAT)},
    )
    return history, truth


def _session(
    client: str, user: str, after_seq: int, head: int, seqs: list[int], truth: DatabaseState, close: int | None = None
) -> Session:
    ids = [short(truth.log[CHAT][seq - 1].message_id) for seq in seqs]
    return Session(client, user, CHAT, after_seq, head, array("q", seqs), array("Q", ids), close)


def test_a_good_history_breaks_no_rule() -> None:
    assert check(*good()) == {}


Break = Callable[[History, DatabaseState], object]


def _stored_twice(history: History, truth: DatabaseState) -> None:
    truth.messages[CHAT][str(UUID(int=9))] = StoredMessage(7, 4, "ana", "a-1", "one", "one", 1, False)
    truth.log[CHAT][6] = StoredEvent(7, "new_message", str(UUID(int=9)), None)
    for session in history.sessions:
        for at, seq in enumerate(session.seqs):
            session.ids[at] = 9 if seq == 7 else session.ids[at]
    history.unread[CHAT, "bo"] += 1


def _stored_unasked(history: History, truth: DatabaseState) -> None:
    _stored_twice(history, truth)
    truth.messages[CHAT][str(UUID(int=9))].client_id = "x-1"


def _refused_and_stored(history: History, truth: DatabaseState) -> None:
    _stored_twice(history, truth)
    stored = truth.messages[CHAT][str(UUID(int=9))]
    stored.user, stored.client_id = "bo", "b-1"
    history.unread = {(CHAT, "bo"): 1, (CHAT, "ana"): 1}


def _see(number: int, seqs: list[int]) -> Break:
    def change(history: History, truth: DatabaseState) -> None:
        session = history.sessions[number]
        history.sessions[number] = _session(
            session.client, session.user, session.after_seq, session.head, seqs, truth, session.close
        )

    return change


def _swap(history: History, truth: DatabaseState) -> None:
    history.sends[0], history.sends[1] = history.sends[1], history.sends[0]


def _undelete(history: History, truth: DatabaseState) -> None:
    truth.messages[CHAT][M3] = StoredMessage(4, 3, "ana", "a-3", "three", "three", 2, False)
    history.unread[CHAT, "bo"] += 1
    history.copies.clear()


def _edit_after_delete(history: History, truth: DatabaseState) -> None:
    truth.log[CHAT][6] = StoredEvent(7, "message_edited", M3, None)
    for session in history.sessions:
        for at, seq in enumerate(session.seqs):
            session.ids[at] = 3 if seq == 7 else session.ids[at]


def _log_gap(history: History, truth: DatabaseState) -> None:
    truth.log[CHAT][8].seq = 10
    truth.heads[CHAT] = 10
    history.sessions = history.sessions[:1]
    history.caught_up.clear()


def _log_too_short(history: History, truth: DatabaseState) -> None:
    truth.heads[CHAT] = 10
    history.caught_up.clear()


def _words_left(history: History, truth: DatabaseState) -> None:
    truth.messages[CHAT][M3].content = "three"
    history.copies.clear()


def _seen_past_removal(history: History, truth: DatabaseState) -> None:
    _see(1, [1, 2, 3, 4, 5, 6, 7, 8, 9])(history, truth)
    history.sessions.pop()


BREAKS: list[tuple[str, Break]] = [
    ("lost", lambda history, truth: setattr(history.sends[2], "acks", [(M3, 5)])),
    ("lost", lambda history, truth: history.sends[2].acks.append((M2, 4))),
    ("lost", lambda history, truth: setattr(history.sends[1], "acks", [(str(UUID(int=8)), 2)])),
    ("lost", lambda history, truth: setattr(history.sends[1], "content", "other words")),
    ("doubled", _stored_twice),
    ("unasked", _stored_unasked),
    ("unasked", _refused_and_stored),
    ("conflicting", lambda history, truth: setattr(history.conflicts[0], "outcome", ACKED)),
    ("gaps", _log_gap),
    ("gaps", _log_too_short),
    ("gaps", lambda history, truth: setattr(truth.messages[CHAT][M3], "number", 4)),
    ("gaps", lambda history, truth: setattr(truth.log[CHAT][0], "type", "message_edited")),
    ("reordered", _swap),
    ("unseen", _see(0, [1, 2, 4])),
    ("unseen", _see(0, [1, 2, 2, 3, 4])),
    ("unseen", _see(0, [1, 3, 2, 4])),
    ("unseen", _see(2, [5, 6, 7, 8])),
    ("unseen", lambda history, truth: history.sessions.pop(0)),
    ("unseen", lambda history, truth: setattr(history.sessions[2], "ids", array("Q", [7, 7, 7, 7, 7]))),
    ("after_removal", _seen_past_removal),
    ("after_removal", lambda history, truth: setattr(history.sessions[3], "head", 8)),
    ("after_removal", lambda history, truth: setattr(history.sessions[0], "close", 4403)),
    ("regressed", lambda history, truth: setattr(history.last_reads[2], "seq", 0)),
    ("regressed", lambda history, truth: history.marked.append(MarkedRead(CHAT, "bo", [M2]))),
    ("miscounted", lambda history, truth: history.unread.update({(CHAT, "bo"): 2})),
    ("undone", _undelete),
    ("undone", _edit_after_delete),
    ("undone", lambda history, truth: setattr(history.changes[0], "revision", 3)),
    ("undone", lambda history, truth: setattr(history.changes[0], "content", "II")),
    ("undone", _words_left),
    ("diverged", lambda history, truth: history.copies["a"].update({M2: (1, False, "two", frozenset())})),
    ("unexpected", lambda history, truth: history.unexpected.append("HTTP 500")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "break_it"), BREAKS)
def test_a_bad_history_breaks_its_rule(rule: str, break_it: Break) -> None:
    history, truth = copy.deepcopy(good())
    break_it(history, truth)
    assert list(check(history, truth)) == [rule]


def test_every_rule_has_a_history_that_breaks_it() -> None:
    assert {rule for rule, _ in BREAKS} == {rule.__name__ for rule in RULES}
