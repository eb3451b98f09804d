"""The lag of the log's consumers: how many events wait, and since when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from wasgo_chat.database.session import Tx
from wasgo_chat.events.consumer_registry import CONSUMERS

MAX_COUNTED = 10_000
"""The most conversations that are counted for a consumer."""

# The first event after an offset is looked up by the primary key of the log.
_LAG = """
SELECT r.reader, count(w.conversation_id) AS conversations, COALESCE(sum(w.behind), 0)::bigint AS events,
    min(w.since) AS oldest_at, greatest(extract(epoch FROM now() - min(w.since)), 0)::float8 AS age_s
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


@dataclass(frozen=True, slots=True)
class Lag:
    """The events that a consumer has not handled.

    Attributes:
        reader: the name of the consumer.
        conversations: number of conversations with such events.
        events: number of such events.
        oldest_at: time of the oldest one; None if there is none.
        age_s: its age in seconds, by the database's clock; 0 if there is none.
    """

    reader: str
    conversations: int
    events: int
    oldest_at: datetime | None
    age_s: float


async def lags(tx: Tx) -> list[Lag]:
    """The lag of every consumer, ordered by name."""
    statement = text(_LAG).bindparams(bindparam("readers", type_=ARRAY(Text)))
    rows = await tx.execute(statement, {"readers": list(CONSUMERS), "counted": MAX_COUNTED})
    return [Lag(row.reader, row.conversations, row.events, row.oldest_at, row.age_s or 0.0) for row in rows]
