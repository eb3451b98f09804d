"""Numbers that no part of a worker counts by itself: messages by type, gauges, and what only the database knows."""

import asyncio
import time
from collections.abc import Sequence

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.session import Database
from wasgo_chat.events.lag import lags
from wasgo_chat.messages.sending.group_commit import MessageStored
from wasgo_chat.messages.verbs import MessageCounted
from wasgo_chat.notifications.delivery import queue
from wasgo_chat.observability.context import ObservabilityContext
from wasgo_chat.telemetry.aggregation import Values
from wasgo_chat.telemetry.counters import WorkerCounters

FRESH_S = 2.0
"""However often somebody asks, the database is asked once in this time."""


def count_messages(counts: WorkerCounters, announcements: Sequence[object]) -> None:
    """Count the messages of a commit by their type."""
    counts.messages.update(
        [
            one.rendered["message_type"] if isinstance(one, MessageStored) else one.message_type
            for one in announcements
            if isinstance(one, MessageStored | MessageCounted)
        ]
    )


class DatabaseGauges:
    """How far readers of the log are behind, and dead letters: of the whole deployment, read when somebody looks.

    Args:
        db: where they are read.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._read_at = float("-inf")
        self._found: dict[str, Values] = {}
        self._reading = asyncio.Lock()

    async def read(self) -> dict[str, Values]:
        """The gauges by name; none where the database does not answer."""
        async with self._reading:
            if time.monotonic() - self._read_at > FRESH_S:
                self._found = await self._look()
                self._read_at = time.monotonic()
        return self._found

    async def _look(self) -> dict[str, Values]:
        try:
            async with self._db.snapshot() as tx:
                found = await lags(tx)
            dead = await queue.count_dead(self._db)
        except Unavailable:
            return {}
        return {
            "reader_lag_events": {one.reader: one.events for one in found},
            "reader_lag_seconds": {one.reader: one.age_s for one in found},
            "dead_letters": {"": dead},
        }


def register_gauges(worker: ObservabilityContext) -> None:
    """Register the gauges that are read from the parts of a worker, once a second."""
    metrics = worker.metrics
    pools: tuple[Database, ...] = (worker.db, worker.background_db, worker.keyed_db)
    metrics.register_gauge("draining", lambda: int(worker.is_draining))
    metrics.register_gauge("sockets", lambda: worker.hub.sockets)
    metrics.register_gauge("channels", lambda: len(worker.hub.channels))
    metrics.register_gauge("waiting_sends", lambda: worker.group_commit.waiting)
    metrics.register_gauge("lanes", lambda: worker.group_commit.blocked_lanes)
    metrics.register_gauge("pool_connections", lambda: {db.name: db.pool.checkedout() for db in pools})
    metrics.register_gauge("pool_size", lambda: {db.name: db.pool.size() for db in pools})
    metrics.register_gauge("database_up", lambda: int(not worker.db.breaker.is_open))
    if worker.settings.redis_url:
        metrics.register_gauge("redis_up", lambda: int(worker.broker.is_up))
    if worker.replicas.enabled:
        metrics.register_gauge("replica_lag_seconds", worker.replicas.lags)
    metrics.register_database_gauges(DatabaseGauges(worker.background_db).read)
