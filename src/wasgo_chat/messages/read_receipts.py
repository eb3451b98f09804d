"""Read receipts: mark messages as read, count unread messages, list who read a message.

Unread counts are derived, not stored: a message is unread if another user sent it after the participant joined, it is
not deleted and its number is not in the participant's `read` ranges. System messages have no sender and are never
unread. The statements are SQL text, because multiranges and lateral joins are harder to read in Python.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from wasgo_chat.core.encoding import distinct_ids
from wasgo_chat.core.errors import Invalid, NotFound
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.database.session import Tx
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.users import stranger_shape, user_shape
from wasgo_chat.membership import access
from wasgo_chat.membership.access import Membership
from wasgo_chat.membership.acquaintance import acquaintances, is_opened_by
from wasgo_chat.membership.models import Participant
from wasgo_chat.membership.roles import Action
from wasgo_chat.messages.models import Message

MAX_IDS_IN_SIGNAL = 100
_IDS = bindparam("ids", type_=ARRAY(Uuid()))

# Nothing is unread up to the end of the leading `read` range; _MARK keeps that range contiguous with `joined_number`.
_FIRST_POSSIBLY_UNREAD = """GREATEST(p.joined_number, COALESCE(
    CASE WHEN lower(p.read) <= p.joined_number + 1 THEN (SELECT upper(r) - 1 FROM unnest(p.read) AS r LIMIT 1) END,
    0))"""

UNREAD = f"""m.conversation_id = p.conversation_id AND m.number > {_FIRST_POSSIBLY_UNREAD}
    AND m.sender_id <> p.user_id AND m.deleted_at IS NULL AND NOT p.read @> m.number"""

_COUNTS = f"""
SELECT p.conversation_id, count(m.id) AS unread
FROM participants p JOIN messages m ON {UNREAD}
WHERE p.user_id = :user_id AND p.left_seq IS NULL AND (:has_ids = false OR p.conversation_id = ANY(:ids))
GROUP BY p.conversation_id
"""

UNREAD_COUNT = f"(SELECT count(*) FROM messages m WHERE {UNREAD})"
"""SQL expression: how many messages are unread for the participant `p` of the query."""

LAST_READ_SEQ = f"""COALESCE(
    (SELECT m.seq FROM messages m WHERE {UNREAD} ORDER BY m.number LIMIT 1) - 1,
    (SELECT c.last_seq FROM conversations c WHERE c.id = p.conversation_id))"""
"""SQL expression: the greatest seq up to which the participant `p` of the query has read everything that others sent.
"""

_LAST_READ = f"""
SELECT p.conversation_id, p.user_id, {LAST_READ_SEQ} AS last_read_seq
FROM participants p WHERE p.conversation_id = ANY(:ids) AND p.left_seq IS NULL
"""

_READ_STATES = f"""
SELECT c.id, c.last_seq, c.reads_version, p.user_id, {LAST_READ_SEQ} AS last_read_seq
FROM conversations c LEFT JOIN participants p ON p.conversation_id = c.id AND p.left_seq IS NULL
WHERE c.id = ANY($1::uuid[])
"""

# Adds the numbers, and finds the first unread message. _COMPACT then fills the gaps that own and system messages leave
# below it, so the ranges stay compact.
_MARK = f"""
WITH marked AS (
    UPDATE participants p SET read = p.read + CAST(CAST(:numbers AS text) AS int8multirange)
    WHERE p.conversation_id = :conversation_id AND p.user_id = :user_id
    RETURNING p.*
), first AS (
    SELECT (SELECT m.number FROM messages m WHERE {UNREAD} ORDER BY m.number LIMIT 1) AS number
    FROM marked p
)
SELECT COALESCE(first.number, c.message_count + 1) AS first_unread
FROM first, conversations c WHERE c.id = :conversation_id
"""

_COMPACT = """
UPDATE participants p SET read = p.read + int8multirange(int8range(p.joined_number + 1, :first_unread))
WHERE p.conversation_id = :conversation_id AND p.user_id = :user_id AND :first_unread > p.joined_number + 1
"""

_RECORD = """
WITH advanced AS (
    UPDATE conversations SET reads_version = reads_version + 1 WHERE id = :conversation_id
    RETURNING reads_version
) INSERT INTO reads (conversation_id, version, user_id, numbers, up_to_seq) SELECT :conversation_id, reads_version,
:user_id, CAST(CAST(:numbers AS text) AS int8multirange), :up_to_seq FROM advanced RETURNING version
"""

_RECEIPTS = """
SELECT r.user_id, u.username, u.display_name, u.avatar_url, min(r.read_at) AS read_at
FROM reads r JOIN users u ON u.id = r.user_id
WHERE r.conversation_id = :conversation_id AND r.numbers @> CAST(:number AS bigint)
  AND r.user_id IS DISTINCT FROM :sender_id
GROUP BY r.user_id, u.username, u.display_name, u.avatar_url
ORDER BY min(r.read_at), r.user_id
"""


@dataclass(frozen=True, slots=True)
class MessagesMarkedRead:
    """Sent after the commit of a read receipt: a signal, not an event. `version` counts the receipts of the
    conversation.
    """

    conversation_id: UUID
    version: int
    user_id: str
    message_ids: tuple[UUID, ...]
    up_to_seq: int | None = None


async def mark_messages(
    tx: Tx, actor: Actor, message_ids: Sequence[UUID], *, within: UUID | None = None
) -> dict[str, int]:
    """Mark exactly these messages as read; returns a `ReadResult`.

    Args:
        tx: the transaction.
        actor: the reader.
        message_ids: the messages, of any conversations.
        within: the only conversation that they may be of.

    Raises:
        NotFound: the caller cannot see one of them, or it is not in `within`; then none is marked.
        Invalid: too many at once.
    """
    requested = distinct_ids(message_ids)
    if len(requested) > tx.settings.max_batch_read:
        raise Invalid.field(["message_ids"], "too_long", f"has more than {tx.settings.max_batch_read} messages")
    user_id = actor.require_user()
    statement = (
        select(Message.id, Message.conversation_id, Message.number, Message.sender_id, Message.message_type)
        .join(Participant, Participant.conversation_id == Message.conversation_id)
        .where(Message.id.in_(requested), Participant.user_id == user_id, Participant.left_seq.is_(None))
    )
    rows = (await tx.execute(statement)).all()
    if len(rows) != len(requested):
        raise NotFound
    conversation_ids = sorted({row.conversation_id for row in rows})
    if within is not None and conversation_ids != [within]:
        raise NotFound
    await access.authorize_and_lock_many(tx, actor, conversation_ids)
    by_conversation: dict[UUID, dict[int, UUID]] = defaultdict(dict)
    for row in rows:
        if row.sender_id not in (None, user_id):
            by_conversation[row.conversation_id][row.number] = row.id
    marked = 0
    for conversation_id in conversation_ids:
        newly_read = await _mark(tx, user_id, conversation_id, by_conversation[conversation_id])
        if newly_read:
            target = newly_read[0] if len(newly_read) == 1 else None
            await audit.record_if_service(tx, actor, "messages_read", conversation_id=conversation_id, target=target)
        marked += len(newly_read)
    counts = await unread_counts(tx, user_id, conversation_ids)
    return {"marked": marked, "unread_count": sum(counts.values())}


async def mark_conversation(tx: Tx, actor: Actor, conversation_id: UUID) -> dict[str, int]:
    """Mark everything up to the head as read; returns a `ReadResult`.

    Raises:
        NotFound: no such conversation for the caller.
    """
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    membership.require(Action.READ)
    user_id = actor.require_user()
    statement = text(
        f"SELECT m.id, count(*) OVER () AS unread FROM participants p JOIN messages m ON {UNREAD} "
        "WHERE p.conversation_id = :conversation_id AND p.user_id = :user_id ORDER BY m.number DESC LIMIT :ids"
    )
    params = {"conversation_id": conversation_id, "user_id": user_id, "ids": MAX_IDS_IN_SIGNAL}
    newest = (await tx.execute(statement, params)).all()
    if newest:
        conversation = membership.conversation
        numbers = f"{{[1,{conversation.message_count + 1})}}"
        message_ids = tuple(row.id for row in reversed(newest))
        await _store(tx, user_id, conversation_id, numbers, message_ids, up_to_seq=conversation.last_seq)
        await audit.record_if_service(tx, actor, "messages_read", conversation_id=conversation_id)
    return {"marked": newest[0].unread if newest else 0, "unread_count": 0}


async def unread_counts(tx: Tx, user_id: str, conversation_ids: Sequence[UUID] | None = None) -> dict[UUID, int]:
    """A user's unread messages by conversation, without conversations that have none."""
    statement = text(_COUNTS).bindparams(_IDS)
    params = {
        "user_id": user_id,
        "has_ids": conversation_ids is not None,
        "ids": list(conversation_ids or []),
    }
    return {row.conversation_id: row.unread for row in await tx.execute(statement, params)}


async def last_read_seqs(tx: Tx, conversation_ids: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
    """By conversation and participant: the greatest seq up to which they have read everything that others sent."""
    rows = await tx.execute(text(_LAST_READ).bindparams(_IDS), {"ids": list(conversation_ids)})
    return {(conversation_id, user_id): seq for conversation_id, user_id, seq in rows}


@dataclass(frozen=True, slots=True)
class ConversationReadState:
    """A conversation's head, the version of its read receipts, and the `last_read_seq` of each member."""

    last_seq: int
    version: int
    by: dict[str, int]


async def fetch_read_states(
    direct: PinnedConnection, conversation_ids: Sequence[UUID]
) -> dict[UUID, ConversationReadState]:
    """Read states by conversation, for `BatchLoader`."""
    states: dict[UUID, ConversationReadState] = {}
    for conversation_id, last_seq, version, user_id, seq in await direct.fetch(_READ_STATES, conversation_ids):
        state = states.setdefault(conversation_id, ConversationReadState(last_seq, version, {}))
        if user_id is not None:
            state.by[user_id] = seq
    return states


async def read_states_since(tx: Tx, conversation_id: UUID, version: int, *, limit: int) -> list[MessagesMarkedRead]:
    """The read receipts after a version, for workers that missed their signals."""
    statement = text(
        """SELECT r.version, r.user_id, r.up_to_seq, ARRAY(
               SELECT m.id FROM messages m
               WHERE m.conversation_id = r.conversation_id AND r.numbers @> m.number AND m.sender_id <> r.user_id
                 AND m.number >= lower(r.numbers) AND m.number < upper(r.numbers)
               ORDER BY m.number DESC LIMIT CASE WHEN r.up_to_seq IS NOT NULL THEN CAST(:ids AS bigint) END
           ) AS message_ids
           FROM reads r WHERE r.conversation_id = :conversation_id AND r.version > :version
           ORDER BY r.version LIMIT :limit"""
    )
    params = {"conversation_id": conversation_id, "version": version, "limit": limit, "ids": MAX_IDS_IN_SIGNAL}
    return [
        MessagesMarkedRead(conversation_id, row.version, row.user_id, tuple(reversed(row.message_ids)), row.up_to_seq)
        for row in await tx.execute(statement, params)
    ]


async def receipts_shown_to(tx: Tx, membership: Membership, message_id: UUID) -> list[dict[str, Any]]:
    """The receipts of a message as a member sees them: without the names of users they are not acquainted with."""
    viewer_id, conversation = membership.actor.require_user(), membership.conversation
    receipts = await list_receipts(tx, conversation.id, message_id)
    if is_opened_by(conversation, viewer_id):
        known = await acquaintances(tx, viewer_id, {receipt["user"]["id"] for receipt in receipts})
        for receipt in receipts:
            if receipt["user"]["id"] not in known:
                receipt["user"] = stranger_shape(receipt["user"]["id"])
    return receipts


async def list_receipts(tx: Tx, conversation_id: UUID, message_id: UUID) -> list[dict[str, Any]]:
    """The users who marked a message as read, and when, earliest first; without the sender."""
    statement = select(Message.number, Message.sender_id).where(
        Message.conversation_id == conversation_id, Message.id == message_id
    )
    number, sender_id = (await tx.execute(statement)).one()
    params = {"conversation_id": conversation_id, "number": number, "sender_id": sender_id}
    rows = await tx.execute(text(_RECEIPTS).bindparams(bindparam("sender_id", type_=Text())), params)
    return [
        {
            "user": user_shape(row.user_id, row.username, row.display_name, row.avatar_url),
            "read_at": row.read_at,
        }
        for row in rows
    ]


async def _mark(tx: Tx, user_id: str, conversation_id: UUID, by_number: dict[int, UUID]) -> tuple[UUID, ...]:
    """Mark messages as read in a locked conversation. Returns those that were not marked before."""
    statement = text(
        """SELECT n FROM unnest(CAST(:numbers AS bigint[])) AS n, participants p
           WHERE p.conversation_id = :conversation_id AND p.user_id = :user_id AND NOT p.read @> n ORDER BY n"""
    )
    params = {"numbers": list(by_number), "conversation_id": conversation_id, "user_id": user_id}
    unmarked = list((await tx.execute(statement, params)).scalars()) if by_number else []
    message_ids = tuple(by_number[number] for number in unmarked)
    if unmarked:
        ranges = "{" + ",".join(f"[{number},{number + 1})" for number in unmarked) + "}"
        await _store(tx, user_id, conversation_id, ranges, message_ids)
    return message_ids


async def _store(
    tx: Tx,
    user_id: str,
    conversation_id: UUID,
    numbers: str,
    message_ids: tuple[UUID, ...],
    *,
    up_to_seq: int | None = None,
) -> None:
    key = {"conversation_id": conversation_id, "user_id": user_id}
    first_unread = (await tx.execute(text(_MARK), {**key, "numbers": numbers})).scalar_one()
    await tx.execute(text(_COMPACT), {**key, "first_unread": first_unread})
    version = (await tx.execute(text(_RECORD), {**key, "numbers": numbers, "up_to_seq": up_to_seq})).scalar_one()
    tx.after_commit(MessagesMarkedRead(conversation_id, version, user_id, message_ids, up_to_seq))
