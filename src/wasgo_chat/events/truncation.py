"""Truncation of a log: how far it may be truncated, and doing it. `messages.retention` handles the messages themselves.

The head always stays, so a log is never empty and whoever follows it finds where it begins now.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from wasgo_chat.database.session import Tx

_TRUNCATION_POINT = """
WITH following AS (
    SELECT seq, created_at FROM events WHERE conversation_id = :conversation_id AND seq > :after
    ORDER BY seq LIMIT :page
)
SELECT max(seq) FROM following
WHERE seq < :head AND seq < COALESCE((SELECT min(seq) FROM following WHERE created_at >= :before), seq + 1)
"""

_REMOVE = """
DELETE FROM events WHERE conversation_id = :conversation_id AND seq > :after AND seq <= :cut RETURNING message_id
"""

_REFERENCED = """
SELECT DISTINCT message_id FROM events
WHERE conversation_id = :conversation_id AND message_id = ANY(:ids) AND type <> 'new_message'
"""


async def next_truncation_point(
    tx: Tx, conversation_id: UUID, *, after: int, head: int, before: datetime, page: int
) -> int | None:
    """Up to which seq a page of the log is older than a moment; None where nothing is, beside the head."""
    given = {"conversation_id": conversation_id, "after": after, "head": head, "before": before, "page": page}
    found: int | None = (await tx.execute(text(_TRUNCATION_POINT), given)).scalar_one()
    return found


async def truncate(tx: Tx, conversation_id: UUID, *, after: int, upto: int) -> set[UUID]:
    """Remove the events after a seq up to another; the messages that they told of."""
    given = {"conversation_id": conversation_id, "after": after, "cut": upto}
    return {found for found in (await tx.execute(text(_REMOVE), given)).scalars() if found is not None}


async def still_referenced(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these messages that the log tells a change of."""
    statement = text(_REFERENCED).bindparams(bindparam("ids", type_=ARRAY(Uuid())))
    return set((await tx.execute(statement, {"conversation_id": conversation_id, "ids": list(message_ids)})).scalars())
