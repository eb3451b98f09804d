"""Where a consumer is: its offset in the feed, or its place in the logs during a rebuild.

All of it is in one row, which stays locked while events are handled, so that one worker at a time handles them.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from wasgo_chat.feed.handler import FeedEvent
from wasgo_chat.feed.models import SHARD

_FIRST = UUID(int=0)

_BEGIN = "INSERT INTO feed_end (shard, position, sequenced_at) VALUES ($1, 0, now()) ON CONFLICT DO NOTHING"

_REGISTER = """
INSERT INTO feed_offsets (consumer, shard, position, sequenced_at, rebuilt_conversation, rebuilt_seq)
SELECT $1, f.shard, f.position, f.sequenced_at, CASE WHEN $3 THEN $4::uuid END, CASE WHEN $3 THEN 0 END
FROM feed_end f WHERE f.shard = $2 ON CONFLICT (consumer, shard) DO NOTHING
"""

# SKIP LOCKED: another worker is handling the events.
_LOCK = """
SELECT o.position, o.sequenced_at, o.rebuilt_conversation, o.rebuilt_seq, f.position AS end
FROM feed_offsets o JOIN feed_end f ON f.shard = o.shard
WHERE o.consumer = $1 AND o.shard = $2 FOR UPDATE OF o SKIP LOCKED
"""

# The time selects the partitions: times do not decrease with the position.
_FEED_PAGE = """
SELECT position, conversation_id, seq, type, created_at, is_imported, sequenced_at FROM feed
WHERE position > $1 AND sequenced_at >= $2 ORDER BY position LIMIT $3
"""

# In the order of the primary key: conversation by conversation.
_LOG_PAGE = """
SELECT 0::bigint AS position, conversation_id, seq, type, created_at, data ? 'imported' AS is_imported FROM events
WHERE (conversation_id, seq) > ($1, $2) ORDER BY conversation_id, seq LIMIT $3
"""

_ADVANCE = "UPDATE feed_offsets SET position = $3, sequenced_at = $4 WHERE consumer = $1 AND shard = $2"
_ADVANCE_REBUILD = """
UPDATE feed_offsets SET rebuilt_conversation = $3, rebuilt_seq = $4 WHERE consumer = $1 AND shard = $2
"""

_BEGIN_REBUILD = """
UPDATE feed_offsets o
SET position = f.position, sequenced_at = f.sequenced_at, rebuilt_conversation = $3, rebuilt_seq = 0
FROM feed_end f WHERE f.shard = o.shard AND o.consumer = $1 AND o.shard = $2
"""
_FORGET_PARKED = "DELETE FROM parked_events WHERE consumer = $1"

# To the event before the oldest one in the feed, or to the end if the feed has none after the offset.
_SKIP_GAP = """
WITH oldest AS (SELECT position, sequenced_at FROM feed WHERE position > $3 ORDER BY position LIMIT 1)
UPDATE feed_offsets o
SET position = COALESCE((SELECT position FROM oldest) - 1, f.position),
    sequenced_at = COALESCE((SELECT sequenced_at FROM oldest), f.sequenced_at)
FROM feed_end f WHERE f.shard = o.shard AND o.consumer = $1 AND o.shard = $2 RETURNING o.position
"""


@dataclass(frozen=True, slots=True)
class Offset:
    """The row of a consumer, and the end of the feed."""

    position: int
    sequenced_at: datetime
    rebuilt: tuple[UUID, int] | None
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """The next events of a consumer, and the time of the last one in the feed."""

    events: list[FeedEvent]
    sequenced_at: datetime
    has_gap: bool = False
    """Events between the offset and the first event are no longer in the feed."""


async def register(connection: asyncpg.Connection, consumer: str, *, has_history: bool) -> bool:
    """Create the row of a new consumer; returns whether it is new.

    It begins at the end of the feed, or with a rebuild if it has to handle what happened before (`has_history`).
    """
    await connection.execute(_BEGIN, SHARD)
    return str(await connection.execute(_REGISTER, consumer, SHARD, has_history, _FIRST)).endswith(" 1")


async def lock(connection: asyncpg.Connection, consumer: str) -> Offset | None:
    """Lock the row of a consumer until the end of the transaction; None if another worker has locked it."""
    record = await connection.fetchrow(_LOCK, consumer, SHARD)
    if record is None:
        return None
    rebuilt = (
        None if record["rebuilt_conversation"] is None else (record["rebuilt_conversation"], record["rebuilt_seq"])
    )
    return Offset(record["position"], record["sequenced_at"], rebuilt, record["end"])


async def next_page(connection: asyncpg.Connection, offset: Offset, *, limit: int) -> Page:
    """The next events: of the logs during a rebuild, else of the feed."""
    if offset.rebuilt is not None:
        records = await connection.fetch(_LOG_PAGE, *offset.rebuilt, limit)
        return Page([FeedEvent(*record) for record in records], offset.sequenced_at)
    if offset.end == offset.position:
        return Page([], offset.sequenced_at)
    records = await connection.fetch(_FEED_PAGE, offset.position, offset.sequenced_at, limit)
    events = [FeedEvent(*tuple(record)[:-1]) for record in records]
    # Positions have no gaps, so a missing one was in a partition that has been dropped.
    has_gap = not events or events[0].position != offset.position + 1
    return Page(events, records[-1]["sequenced_at"] if records else offset.sequenced_at, has_gap)


async def advance(connection: asyncpg.Connection, consumer: str, offset: Offset, page: Page) -> None:
    """Commit the offset with the transaction: the events of the page are handled."""
    if offset.rebuilt is None:
        await connection.execute(_ADVANCE, consumer, SHARD, page.events[-1].position, page.sequenced_at)
    elif page.events:
        last = page.events[-1]
        await connection.execute(_ADVANCE_REBUILD, consumer, SHARD, last.conversation_id, last.seq)
    else:
        await connection.execute(_ADVANCE_REBUILD, consumer, SHARD, None, None)


async def begin_rebuild(connection: asyncpg.Connection, consumer: str) -> bool:
    """Handle all logs again, then continue at the present end of the feed. Returns False for an unknown consumer."""
    await connection.execute(_FORGET_PARKED, consumer)
    return str(await connection.execute(_BEGIN_REBUILD, consumer, SHARD, _FIRST)).endswith(" 1")


async def skip_gap(connection: asyncpg.Connection, consumer: str, offset: Offset) -> int:
    """Continue at the oldest event in the feed. Returns how many events are skipped."""
    position: int = await connection.fetchval(_SKIP_GAP, consumer, SHARD, offset.position)
    return position - offset.position
