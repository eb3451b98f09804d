"""Whom a user may know: whose presence they see, and whose name in a direct conversation that they opened themselves.

A user needs no consent to open a conversation, so this must not reveal whether an id exists, what the user is called,
or when they are online. Two users are acquainted once they share a conversation that the platform or the other one
created, or in which the other one has written.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from wasgo_chat.conversation_types import CONVERSATION_TYPES
from wasgo_chat.database.session import Tx
from wasgo_chat.membership.models import Conversation

# The last condition is a subquery with LIMIT rather than EXISTS: for that, PostgreSQL may hash all messages.
_ACQUAINTED = """
SELECT k.viewer, k.other FROM unnest(:viewers, :others) AS k(viewer, other)
WHERE EXISTS (
    SELECT FROM participants own
    JOIN participants p ON p.conversation_id = own.conversation_id AND p.user_id = k.other AND p.left_seq IS NULL
    JOIN conversations c ON c.id = own.conversation_id
    WHERE own.user_id = k.viewer AND own.left_seq IS NULL AND (
        c.created_by IS NULL OR c.created_by = k.other
        OR (SELECT true FROM messages m WHERE m.conversation_id = c.id AND m.sender_id = k.other LIMIT 1)
    )
)
"""


async def acquaintances(tx: Tx, viewer_id: str, user_ids: Collection[str]) -> set[str]:
    """Those of these users whom a user may know. Every user knows themselves."""
    others = [user_id for user_id in user_ids if user_id != viewer_id]
    found = await _acquainted(tx, [viewer_id] * len(others), others)
    return {other for _, other in found} | ({viewer_id} & set(user_ids))


async def acquainted_viewers(tx: Tx, user_id: str, viewer_ids: Collection[str]) -> set[str]:
    """Those of these users who may know a user."""
    viewers = [viewer_id for viewer_id in viewer_ids if viewer_id != user_id]
    found = await _acquainted(tx, viewers, [user_id] * len(viewers))
    return {viewer for viewer, _ in found} | ({user_id} & set(viewer_ids))


def is_opened_by(conversation: Conversation, user_id: str | None) -> bool:
    """Whether a conversation belongs to a pair of which this user opened it."""
    type_ = CONVERSATION_TYPES[conversation.conversation_type]
    return type_.has_pair and user_id is not None and conversation.created_by == user_id


async def strangers_among(tx: Tx, conversation_id: UUID, user_ids: Collection[str]) -> set[str]:
    """Those members of a conversation who are strangers to who opened it: their names and typing are not shown."""
    pairs = [type_.name for type_ in CONVERSATION_TYPES.values() if type_.has_pair]
    statement = select(Conversation.created_by).where(
        Conversation.id == conversation_id, Conversation.conversation_type.in_(pairs)
    )
    opener: str | None = (await tx.execute(statement)).scalar_one_or_none()
    return set() if opener is None else set(user_ids) - await acquaintances(tx, opener, user_ids)


async def _acquainted(tx: Tx, viewers: Sequence[str], others: Sequence[str]) -> list[tuple[str, str]]:
    if not viewers:
        return []
    names = ARRAY(Text)
    statement = text(_ACQUAINTED).bindparams(bindparam("viewers", type_=names), bindparam("others", type_=names))
    rows = await tx.execute(statement, {"viewers": list(viewers), "others": list(others)})
    return [(row.viewer, row.other) for row in rows]
