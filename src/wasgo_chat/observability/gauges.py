"""Metrics collected from outside: messages by type from commits, gauges of a worker, and gauges from the database."""

import asyncio
import time
from collections.abc import Sequence

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.session import Database
from wasgo_chat.feed.lag import feed_lag
from wasgo_chat.messages.operations import MessageCounted
from wasgo_chat.messages.sending.group_commit import MessageStored
from wasgo_chat.notifications.delivery import queue
from wasgo_chat.observability.context import ObservabilityContext
from wasgo_chat.telemetry.aggregation import Values
from wasgo_chat.telemetry.counters import WorkerCounters

MAX_AGE_S = 2.0
"""Database gauges are cached for this long, however often `/metrics` is scraped."""


def count_messages(counts: WorkerCounters, notices: Sequence[object]) -> None:
    """Count the messages of a commit by type."""
    counts.messages.update(
        [
            notice.rendered["message_type"] if isinstance(notice, MessageStored) else notice.message_type
            for notice in notices
            if isinstance(notice, MessageStored | MessageCounted)
        ]
    )


class DatabaseGauges:
    """The lag of the feed and its consumers, and dead deliveries: of the whole deployment, read from the database."""

    def __init__(self, db: Database, consumers: Sequence[str]) -> None:
        self._db = db
        self._consumers = consumers
        self._read_at = float("-inf")
        self._values: dict[str, Values] = {}
        self._lock = asyncio.Lock()

    async def read(self) -> dict[str, Values]:
        """The gauges by name; empty if the database does not respond."""
        async with self._lock:
            if time.monotonic() - self._read_at > MAX_AGE_S:
                self._values = await self._query()
                self._read_at = time.monotonic()
        return self._values

    async def _query(self) -> dict[str, Values]:
        try:
            async with self._db.snapshot() as tx:
                lag = await feed_lag(tx, self._consumers)
            dead = await queue.count_dead(self._db)
        except Unavailable:
            return {}
        return {
            "feed_lag_events": {"": lag.feed.events},
            "feed_lag_seconds": {"": lag.feed.age_s},
            "consumer_lag_events": {one.consumer: one.lag.events for one in lag.consumers},
            "consumer_lag_seconds": {one.consumer: one.lag.age_s for one in lag.consumers},
            "consumer_rebuilding": {one.consumer: int(one.is_rebuilding) for one in lag.consumers},
            "parked_events": {one.consumer: one.parked_events for one in lag.consumers},
            "dead_deliveries": {"": dead},
        }


def register_gauges(worker: ObservabilityContext) -> None:
    """Register the gauges that are read from the parts of a worker, once a second."""
    metrics = worker.metrics
    pools: tuple[Database, ...] = (worker.db, worker.background_db, worker.keyed_db)
    metrics.register_gauge("draining", lambda: int(worker.is_draining))
    metrics.register_gauge("sockets", lambda: worker.hub.sockets)
    metrics.register_gauge("channels", lambda: len(worker.hub.channels))
    metrics.register_gauge("waiting_sends", lambda: worker.group_commit.waiting)
    metrics.register_gauge("blocked_conversations", lambda: worker.group_commit.blocked_lanes)
    metrics.register_gauge("pool_connections", lambda: {db.name: db.pool.checkedout() for db in pools})
    metrics.register_gauge("pool_size", lambda: {db.name: db.pool.size() for db in pools})
    metrics.register_gauge("database_up", lambda: int(not worker.db.breaker.is_open))
    if worker.settings.redis_url:
        metrics.register_gauge("redis_up", lambda: int(worker.broker.is_up))
    if worker.replicas.enabled:
        metrics.register_gauge("replica_lag_seconds", worker.replicas.lags)
    metrics.register_database_gauges(DatabaseGauges(worker.background_db, worker.consumer_names).read)
