"""The tail of the feed: which conversations have changed, for the sockets of this worker.

One query finds every conversation that has changed since the last one, however many sockets there are. It runs when the
feed has advanced on any worker, and once a second in any case, so that nothing depends on Redis.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import structlog

from wasgo_chat.core.tasks import forever
from wasgo_chat.database.pinned import fetch
from wasgo_chat.database.session import Database
from wasgo_chat.feed.models import SHARD

log = structlog.get_logger(__name__)

POLL_S = 1.0
PAUSE_S = 0.05
"""The shortest time between two queries."""
EVENTS = 10_000

# The end of the feed is read in the same snapshot, to distinguish a feed that went back from one without news.
_CHANGED = """
WITH page AS MATERIALIZED (
    SELECT position, sequenced_at, conversation_id, seq FROM feed
    WHERE position > $2 AND sequenced_at >= $3 ORDER BY position LIMIT $4
)
SELECT f.position AS end, f.sequenced_at AS ended_at, (SELECT max(position) FROM page) AS position,
       (SELECT max(sequenced_at) FROM page) AS sequenced_at, (SELECT count(*) FROM page) AS events,
       ARRAY(SELECT conversation_id FROM page GROUP BY 1 ORDER BY 1) AS conversations,
       ARRAY(SELECT max(seq) FROM page GROUP BY conversation_id ORDER BY conversation_id) AS heads
FROM feed_end f WHERE f.shard = $1
"""
_END = "SELECT position, sequenced_at FROM feed_end WHERE shard = $1"

Changes = Mapping[UUID, int]
"""The highest new seq in the feed, by conversation."""


class FeedTail:
    """Follows the feed for one worker.

    Args:
        db: the pool of background work.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._on_change: list[Callable[[Changes], None]] = []
        self._on_reset: list[Callable[[], None]] = []
        self._place: tuple[int, object] | None = None
        self._woken = asyncio.Event()

    @property
    def position(self) -> int | None:
        """The position up to which listeners were told of changes; None before the first query."""
        return None if self._place is None else self._place[0]

    def add_listener(
        self, on_change: Callable[[Changes], None], *, on_reset: Callable[[], None] = lambda: None
    ) -> None:
        """Call `on_change` with the conversations that have changed, and `on_reset` if any of them may have: the feed
        went back, as after a failover that lost commits. Neither may block.
        """
        self._on_change.append(on_change)
        self._on_reset.append(on_reset)

    def wake(self, _: Sequence[object] = ()) -> None:
        """Query now: the feed has advanced, on this worker or another."""
        self._woken.set()

    async def start(self) -> None:
        """Begin at the present end of the feed, unless it has begun. What listeners load afterwards is not older.

        Raises:
            Unavailable: the database does not respond.
        """
        if self._place is None:
            records = await fetch(self._db, _END, SHARD)
            if records:
                self._place = (records[0]["position"], records[0]["sequenced_at"])

    async def run(self) -> None:
        """Follow the feed until cancelled. After an outage of the database it continues from the same position."""
        await forever(self._follow, failure="feed_tail_failed", every_s=POLL_S, wake=self._woken)

    async def _follow(self) -> None:
        await self.start()
        while self._place is not None and await self._query() == EVENTS:
            pass
        await asyncio.sleep(PAUSE_S)

    async def _query(self) -> int:
        assert self._place is not None  # noqa: S101  `start` has set it
        records = await fetch(self._db, _CHANGED, SHARD, *self._place, EVENTS)
        if not records:
            return 0
        (found,) = records
        if found["end"] < self._place[0]:
            log.error("feed_went_back", position=self._place[0], end=found["end"])
            self._place = (found["end"], found["ended_at"])
            self._tell_reset()
            return 0
        if not found["events"]:
            return 0
        self._place = (found["position"], found["sequenced_at"])
        changes = dict(zip(found["conversations"], found["heads"], strict=True))
        for listener in self._on_change:
            try:
                listener(changes)
            except Exception:
                log.exception("feed_listener_failed")
        events: int = found["events"]
        return events

    def _tell_reset(self) -> None:
        for listener in self._on_reset:
            try:
                listener()
            except Exception:
                log.exception("feed_listener_failed")
