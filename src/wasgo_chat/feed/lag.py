"""The lag of the feed behind the logs, and of the consumers behind the feed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from wasgo_chat.database.session import Tx
from wasgo_chat.feed.models import SHARD

MAX_COUNTED = 10_000
"""The most conversations, and events, that are looked at for the conversations and times of a lag."""

# The first event after a head is looked up by the primary key of the log. Imported events keep their original times,
# so they do not tell how long they have waited.
_UNSEQUENCED = """
SELECT count(*) AS conversations, COALESCE(sum(w.behind), 0)::bigint AS events, min(w.since) AS oldest_at,
    greatest(extract(epoch FROM now() - min(w.since)), 0)::float8 AS age_s
FROM (
    SELECT p.head - COALESCE(h.seq, 0) AS behind,
           CASE WHEN e.data ? 'imported' THEN NULL ELSE e.created_at END AS since
    FROM pending p
    LEFT JOIN feed_heads h ON h.conversation_id = p.conversation_id
    LEFT JOIN events e ON e.conversation_id = p.conversation_id AND e.seq = COALESCE(h.seq, 0) + 1
    WHERE p.head > COALESCE(h.seq, 0)
    LIMIT :counted
) AS w
"""

_CONSUMERS = """
SELECT o.consumer, f.position - o.position AS events, o.rebuilt_conversation IS NOT NULL AS is_rebuilding,
    w.conversations, w.oldest_at, greatest(extract(epoch FROM now() - w.oldest_at), 0)::float8 AS age_s,
    k.conversations AS parked_conversations, k.events AS parked_events
FROM feed_offsets o
JOIN feed_end f ON f.shard = o.shard
CROSS JOIN LATERAL (
    SELECT count(DISTINCT conversation_id) AS conversations,
           min(CASE WHEN is_imported THEN sequenced_at ELSE created_at END) AS oldest_at
    FROM (SELECT conversation_id, is_imported, sequenced_at, created_at FROM feed
          WHERE position > o.position AND sequenced_at >= o.sequenced_at ORDER BY position LIMIT :counted) AS page
) AS w
CROSS JOIN LATERAL (
    SELECT count(*) AS conversations, COALESCE(sum(up_to - seq + 1), 0)::bigint AS events
    FROM parked_events p WHERE p.consumer = o.consumer
) AS k
WHERE o.shard = :shard ORDER BY o.consumer
"""


@dataclass(frozen=True, slots=True)
class Lag:
    """Events that wait: in how many conversations, how many, since when, and for how long in seconds.

    `conversations` counts at most `MAX_COUNTED`. `oldest_at` is None and `age_s` 0 if none wait.
    """

    conversations: int
    events: int
    oldest_at: datetime | None
    age_s: float


@dataclass(frozen=True, slots=True)
class ConsumerLag:
    """The events that a consumer has not handled, those that are not in the feed yet among them, without parked ones.

    Attributes:
        consumer: its name.
        lag: how far it is behind. During a rebuild it does not count the logs.
        is_rebuilding: it is walking the logs.
        parked_conversations: number of conversations with parked events.
        parked_events: number of parked events.
    """

    consumer: str
    lag: Lag
    is_rebuilding: bool
    parked_conversations: int
    parked_events: int


@dataclass(frozen=True, slots=True)
class FeedLag:
    """The lag of the feed behind the logs, and of each consumer behind the logs."""

    feed: Lag
    consumers: list[ConsumerLag]


async def feed_lag(tx: Tx, names: Collection[str]) -> FeedLag:
    """The lag of the feed, and of these consumers in the order of their names. Two queries."""
    row = (await tx.execute(text(_UNSEQUENCED), {"counted": MAX_COUNTED})).one()
    feed = Lag(row.conversations, row.events, row.oldest_at, row.age_s or 0.0)
    rows = await tx.execute(text(_CONSUMERS), {"counted": MAX_COUNTED, "shard": SHARD})
    consumers = [
        ConsumerLag(
            row.consumer,
            Lag(
                row.conversations + feed.conversations,
                row.events + feed.events,
                min((at for at in (row.oldest_at, feed.oldest_at) if at is not None), default=None),
                max(row.age_s or 0.0, feed.age_s),
            ),
            row.is_rebuilding,
            row.parked_conversations,
            row.parked_events,
        )
        for row in rows
        if row.consumer in names
    ]
    return FeedLag(feed, consumers)
