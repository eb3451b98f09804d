"""The background of notifications in one worker: the reader that makes them and the dispatcher that sends them."""

import asyncio

from wasgo_chat.core.config import Settings
from wasgo_chat.database.session import Database
from wasgo_chat.events.consumers import LogConsumer
from wasgo_chat.notifications.delivery.dispatcher import Dispatcher, OnlineLookup, everyone_offline
from wasgo_chat.notifications.fanout import NotificationFanout
from wasgo_chat.telemetry.counters import WorkerCounters

CONSUMER = "notifications"


class NotificationWorker:
    """Both, as one thing to start and stop.

    Args:
        settings: which channels are set up, and how.
        db: where everything is.
        lines: see `LogConsumer`.
        online: see `Dispatcher`.
        counts: of the worker.

    Raises:
        UnsafeSettings: a channel is set up by halves.
    """

    def __init__(
        self,
        settings: Settings,
        db: Database,
        lines: Database,
        *,
        online: OnlineLookup = everyone_offline,
        counts: WorkerCounters | None = None,
    ) -> None:
        self.consumer = LogConsumer(db, lines, CONSUMER, NotificationFanout(settings), counts=counts)
        self.dispatcher = Dispatcher(settings, db, online=online, counts=counts)

    async def run(self) -> None:
        """Read and dispatch for ever."""
        await asyncio.gather(self.consumer.run(), self.dispatcher.run())

    async def close(self) -> None:
        """Close the connections of both."""
        await self.consumer.close()
        await self.dispatcher.close()
