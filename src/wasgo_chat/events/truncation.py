"""Truncation of a log at its old end. `messages.retention` deletes the messages.

The head event always stays: a log is never empty, and clients can tell where it begins.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from wasgo_chat.database.session import Tx

_TRUNCATION_POINT = """
WITH page AS (
    SELECT seq, created_at FROM events WHERE conversation_id = :conversation_id AND seq > :after
    ORDER BY seq LIMIT :page
)
SELECT max(seq) FROM page
WHERE seq < :head AND seq < COALESCE((SELECT min(seq) FROM page WHERE created_at >= :before), seq + 1)
"""

_DELETE = """
DELETE FROM events WHERE conversation_id = :conversation_id AND seq > :after AND seq <= :cut RETURNING message_id
"""

_REFERENCED = """
SELECT DISTINCT message_id FROM events
WHERE conversation_id = :conversation_id AND message_id = ANY(:ids) AND type <> 'new_message'
"""


async def next_truncation_point(
    tx: Tx, conversation_id: UUID, *, after: int, head: int, before: datetime, page: int
) -> int | None:
    """The last seq of the next page of events that are older than a moment; None if there are none except the head."""
    params = {"conversation_id": conversation_id, "after": after, "head": head, "before": before, "page": page}
    seq: int | None = (await tx.execute(text(_TRUNCATION_POINT), params)).scalar_one()
    return seq


async def truncate(tx: Tx, conversation_id: UUID, *, after: int, upto: int) -> set[UUID]:
    """Delete the events after one seq, up to and including another. Returns the ids of their messages."""
    params = {"conversation_id": conversation_id, "after": after, "cut": upto}
    message_ids = (await tx.execute(text(_DELETE), params)).scalars()
    return {message_id for message_id in message_ids if message_id is not None}


async def still_referenced(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these messages that are referenced by an event other than their `new_message`."""
    statement = text(_REFERENCED).bindparams(bindparam("ids", type_=ARRAY(Uuid())))
    return set((await tx.execute(statement, {"conversation_id": conversation_id, "ids": list(message_ids)})).scalars())
