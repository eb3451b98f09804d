"""How far the log's readers are behind: what waits, and since when."""

from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from wasgo_chat.core.db import Tx
from wasgo_chat.events.readers import READERS

COUNTED = 10_000
"""Waiting conversations that are looked at, at most: behind more than that, one is behind."""

# The first event after a cursor is looked up by the log's primary key.
_LAG = """
SELECT r.reader, count(w.conversation_id) AS conversations, COALESCE(sum(w.behind), 0)::bigint AS events,
    min(w.since) AS oldest_at
FROM unnest(:readers) AS r(reader)
LEFT JOIN LATERAL (
    SELECT p.conversation_id, p.head - COALESCE(c.seq, 0) AS behind, e.created_at AS since
    FROM pending p
    LEFT JOIN reader_cursors c ON c.reader = r.reader AND c.conversation_id = p.conversation_id
    LEFT JOIN events e ON e.conversation_id = p.conversation_id AND e.seq = COALESCE(c.seq, 0) + 1
    WHERE p.head > COALESCE(c.seq, 0)
    LIMIT :counted
) AS w ON true
GROUP BY r.reader ORDER BY r.reader
"""


async def lag(tx: Tx) -> list[dict[str, Any]]:
    """By reader: conversations and events that it has not handled, and when the oldest of them was made."""
    statement = text(_LAG).bindparams(bindparam("readers", type_=ARRAY(Text)))
    rows = await tx.execute(statement, {"readers": list(READERS), "counted": COUNTED})
    return [dict(row._mapping) for row in rows]
