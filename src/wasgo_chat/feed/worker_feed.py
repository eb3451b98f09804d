"""`WorkerFeed`: what one worker runs for the feed, and what wakes it."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from wasgo_chat.database.session import Database
from wasgo_chat.feed.consumer import FeedConsumer, role_of
from wasgo_chat.feed.handler import Handler
from wasgo_chat.feed.leadership import Leadership
from wasgo_chat.feed.sequencer import ROLE, Sequencer
from wasgo_chat.feed.tail import FeedTail
from wasgo_chat.telemetry.counters import WorkerCounters

CONNECTIONS = 1
"""Connections of the keyed pool for the sequencer. Each consumer needs one more."""
SESSIONS = 2
"""Connections that keep a session, without a pooler: for the roles, and for the maintenance of partitions."""


@dataclass(frozen=True, slots=True)
class ConsumerToRun:
    """A consumer with its handler; see `FeedConsumer`."""

    name: str
    handler: Handler
    has_history: bool


class WorkerFeed:
    """The roles, the sequencer, the consumers and the tail of one worker.

    Args:
        db: see `FeedConsumer` and `Sequencer`.
        keyed_db: a pool with `CONNECTIONS` and one for each consumer.
        background_db: for the tail.
        consumers: the consumers to run.
        keep_days: how long events are kept (`FEED_DAYS`).
        counts: the counters of the worker.
    """

    def __init__(
        self,
        db: Database,
        keyed_db: Database,
        background_db: Database,
        consumers: Sequence[ConsumerToRun],
        *,
        keep_days: int,
        counts: WorkerCounters,
    ) -> None:
        settings = db.settings
        self._breaker = None if settings.database_pooler else db.breaker
        self._sessions = Database(
            settings.without_pooler(), pool_size=SESSIONS, breaker=self._breaker, name="feed", counts=counts
        )
        self.leadership = Leadership(self._sessions, [ROLE, *(role_of(consumer.name) for consumer in consumers)])
        self.sequencer = Sequencer(db, keyed_db, self._sessions, self.leadership, keep_days=keep_days, counts=counts)
        self.consumers = [
            FeedConsumer(
                db,
                keyed_db,
                self.leadership,
                consumer.name,
                consumer.handler,
                has_history=consumer.has_history,
                counts=counts,
            )
            for consumer in consumers
        ]
        self.tail = FeedTail(background_db)

    def logs_advanced(self, _: Sequence[object] = ()) -> None:
        """This worker or another one has appended events to logs."""
        self.sequencer.wake()

    def feed_advanced(self, _: Sequence[object] = ()) -> None:
        """This worker or another one has appended events to the feed."""
        for consumer in self.consumers:
            consumer.wake()
        self.tail.wake()

    @property
    def loops(self) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """What runs until the worker stops."""
        return [
            self.leadership.run,
            self.sequencer.run,
            self.sequencer.maintain,
            self.tail.run,
            *(consumer.run for consumer in self.consumers),
        ]

    async def close(self) -> None:
        """Give up the roles and close the connections. Cancel the loops first."""
        await self.leadership.close()
        await self.sequencer.close()
        for consumer in self.consumers:
            await consumer.close()
        await (self._sessions.close() if self._breaker is None else self._sessions.engine.dispose())
