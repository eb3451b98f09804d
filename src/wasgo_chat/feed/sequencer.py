"""The sequencer: it appends the events of all logs to the global feed, with consecutive positions.

A sequence, or transaction ids, would order events by when they began, not by when they were committed, so a reader that
continues after a position would miss some. Therefore one writer orders what is committed. It reads the pending markers
that `events.log.emit` leaves, and one statement, which is a transaction, appends the events after each conversation's
head in the feed, advances the head, and deletes the markers that are done. So an event gets its position after its own
commit, and positions become visible in their order, without gaps.

Events that are appended together are ordered by their time, and by `seq` within a conversation.

Any number of workers may run it at the same time: the statement appends only if the feed ends where the worker expects,
and it locks the row that says where. Normally only the one that has the role does (`leadership`). It locks nothing that
a sender waits for, and waits for no sender.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from wasgo_chat.core.tasks import forever
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.database.session import Database
from wasgo_chat.feed import markers, partitions
from wasgo_chat.feed.leadership import Leadership
from wasgo_chat.feed.models import SHARD
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

ROLE = "sequencer"
POLL_S = 0.5
"""How often it looks for events of other workers that it was not woken for: without Redis, and after a crash."""
PAUSE_S = 0.02
"""The pause between two batches, unless many conversations wait."""
CONVERSATIONS = 500
EVENTS = 2_000
EVENTS_PER_CONVERSATION = 500
MAINTENANCE_S = 600.0
_FIRST = UUID(int=0)

_END = "SELECT position FROM feed_end WHERE shard = $1"
_BEGIN = "INSERT INTO feed_end (shard, position, sequenced_at) VALUES ($1, 0, now()) ON CONFLICT DO NOTHING"

# One statement, so that it sees one snapshot and needs one round trip.
#
# `advanced` is the fence: if another worker has appended meanwhile, `position` is no longer $2, and nothing is written.
# If it is about to, this statement waits for the row and then finds that out, because PostgreSQL checks the condition
# again on the new row. Markers are read without a lock: a marker that a sender has locked still shows the head that was
# committed last. They are deleted only if no sender has locked or raised them since.
#
# The times of a conversation's events may decrease after a change of the clock; `max` over the earlier ones keeps the
# order of `seq`.
_APPEND = """
WITH marked AS MATERIALIZED (
    SELECT m.conversation_id, m.head, m.after, m.up_to FROM (
        SELECT k.*, sum(k.up_to - k.after) OVER (ORDER BY k.conversation_id) - (k.up_to - k.after) AS before
        FROM (
            SELECT p.conversation_id, p.head, COALESCE(h.seq, 0) AS after,
                   greatest(COALESCE(h.seq, 0), least(p.head, COALESCE(h.seq, 0) + $5)) AS up_to
            FROM pending p LEFT JOIN feed_heads h ON h.conversation_id = p.conversation_id
            WHERE p.conversation_id > $6 ORDER BY p.conversation_id LIMIT $3
        ) k
    ) m WHERE m.before < $4
), ordered AS MATERIALIZED (
    SELECT t.*, row_number() OVER (ORDER BY t.at, t.conversation_id, t.seq) AS n FROM (
        SELECT e.conversation_id, e.seq, e.type, e.created_at, e.data ? 'imported' AS is_imported,
               max(e.created_at) OVER (PARTITION BY e.conversation_id ORDER BY e.seq) AS at
        FROM marked m JOIN events e ON e.conversation_id = m.conversation_id AND e.seq > m.after AND e.seq <= m.up_to
    ) t
), advanced AS (
    UPDATE feed_end f SET position = f.position + (SELECT count(*) FROM ordered),
                          sequenced_at = greatest(f.sequenced_at, clock_timestamp())
    WHERE f.shard = $1 AND f.position = $2 AND EXISTS (SELECT FROM marked WHERE up_to > after)
    RETURNING f.position, f.sequenced_at
), appended AS (
    INSERT INTO feed (position, sequenced_at, conversation_id, seq, created_at, type, is_imported)
    SELECT $2 + o.n, a.sequenced_at, o.conversation_id, o.seq, o.created_at, o.type, o.is_imported
    FROM advanced a CROSS JOIN ordered o
), heads AS (
    INSERT INTO feed_heads AS h (conversation_id, seq)
    SELECT m.conversation_id, m.up_to FROM advanced CROSS JOIN marked m WHERE m.up_to > m.after
    ON CONFLICT (conversation_id) DO UPDATE SET seq = excluded.seq
), done AS MATERIALIZED (
    SELECT p.conversation_id FROM pending p JOIN marked m ON m.conversation_id = p.conversation_id
    WHERE p.head <= CASE WHEN EXISTS (SELECT FROM advanced) THEN m.up_to ELSE m.after END
    FOR UPDATE OF p SKIP LOCKED
), deleted AS (
    DELETE FROM pending p USING done d WHERE p.conversation_id = d.conversation_id
)
SELECT (SELECT count(*) FROM marked) AS conversations, (SELECT count(*) FROM marked WHERE up_to > after) AS behind,
       EXISTS (SELECT FROM marked WHERE head > up_to) AS is_cut,
       (SELECT count(*) FROM ordered) AS events, (SELECT position FROM advanced) AS position,
       (SELECT max(conversation_id::text)::uuid FROM marked) AS last
"""


@dataclass(frozen=True, slots=True)
class FeedAdvanced:
    """Published after a commit that appended events to the feed, up to this position."""

    position: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one statement has done: how many events it has appended, and whether more wait."""

    events: int
    has_more: bool = False


class Sequencer:
    """The sequencer of a worker; it works while the worker has the role.

    Args:
        db: its listeners are told that the feed has advanced.
        keyed_db: a pool with a connection for this alone.
        session_db: a pool without a pooler, for the maintenance of partitions.
        leadership: says whether this worker has the role.
        keep_days: how long events are kept (`FEED_DAYS`).
        counts: the counters of the worker.
    """

    def __init__(
        self,
        db: Database,
        keyed_db: Database,
        session_db: Database,
        leadership: Leadership,
        *,
        keep_days: int,
        counts: WorkerCounters | None = None,
    ) -> None:
        self._db = db
        self._connection = PinnedConnection(keyed_db)
        self._maintenance = PinnedConnection(session_db)
        self._leadership = leadership
        self._keep_days = keep_days
        self._counts = counts or WorkerCounters()
        self._position: int | None = None
        self._after = _FIRST
        self._unmarked_after: UUID | None = None  # the conversation to continue after; None: all were looked at
        self._woken = asyncio.Event()
        self._maintenance_due = asyncio.Event()
        leadership.when_taken(ROLE, self._lead)

    def wake(self, _: Sequence[object] = ()) -> None:
        """Look for events now: a worker has appended some to a log."""
        if self._leadership.holds(ROLE):
            self._woken.set()

    async def run(self) -> None:
        """Append events, while this worker has the role, until cancelled."""
        await forever(self._drain, failure="sequencer_failed", every_s=POLL_S, wake=self._woken)

    async def maintain(self) -> None:
        """Create and drop partitions at intervals, while this worker has the role, until cancelled."""
        await forever(
            self._maintain, failure="feed_maintenance_failed", every_s=MAINTENANCE_S, wake=self._maintenance_due
        )

    async def append_batch(self) -> Batch:
        """Append the next events, if there are any.

        Raises:
            Unavailable: the database does not respond. Whether events were appended is unknown, and does not matter.
        """
        position = await self._end() if self._position is None else self._position
        self._position = None  # unknown unless the statement succeeds
        arguments = (SHARD, position, CONVERSATIONS, EVENTS, EVENTS_PER_CONVERSATION, self._after)
        try:
            (found,) = await self._connection.run(_APPEND, *arguments)
        except asyncpg.CheckViolationError:  # no partition for this time
            await partitions.create_ahead(self._connection)
            (found,) = await self._connection.run(_APPEND, *arguments)
        if found["behind"] and found["position"] is None:
            log.warning("sequencer_superseded", expected=position)  # another worker has appended
            return Batch(0, has_more=True)
        self._position = position if found["position"] is None else found["position"]
        events = found["events"] if found["position"] is not None else 0
        # In turns, so that the first conversations of a backlog do not keep the others waiting.
        is_full = found["conversations"] >= CONVERSATIONS or events >= EVENTS
        self._after = found["last"] if is_full else _FIRST
        if events:
            self._counts.feed_events += events
            self._db.listeners.publish([FeedAdvanced(self._position)])
        return Batch(events, is_full or found["is_cut"])

    async def close(self) -> None:
        """Close the connections. Cancel `run` and `maintain` first."""
        await self._connection.close()
        await self._maintenance.close()

    async def _drain(self) -> None:
        while self._leadership.holds(ROLE):
            self._woken.clear()
            batch = await self.append_batch()
            if not batch.has_more:
                await asyncio.sleep(PAUSE_S)
                if not self._woken.is_set():
                    return

    async def _end(self) -> int:
        if not (records := await self._connection.run(_END, SHARD)):
            await self._connection.run(_BEGIN, SHARD)
            records = await self._connection.run(_END, SHARD)
        position: int = records[0]["position"]
        return position

    async def _maintain(self) -> None:
        if not self._leadership.holds(ROLE):
            return
        try:
            await partitions.create_ahead(self._maintenance)
            while self._unmarked_after is not None:
                self._unmarked_after = await markers.mark_missed(self._maintenance, self._unmarked_after)
            await partitions.drop_expired(self._maintenance, keep_days=self._keep_days)
        finally:
            await self._maintenance.discard()

    def _lead(self) -> None:
        self._position, self._after, self._unmarked_after = None, _FIRST, _FIRST
        self._woken.set()
        self._maintenance_due.set()
