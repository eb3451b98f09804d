"""The background tasks of notifications: the log consumer that creates them, the dispatcher that sends them."""

import asyncio

from wasgo_chat.database.session import Database
from wasgo_chat.events.consumers import LogConsumer
from wasgo_chat.notifications.delivery.dispatcher import Dispatcher, OnlineLookup, everyone_offline
from wasgo_chat.notifications.fanout import NotificationFanout
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters

CONSUMER = "notifications"


class NotificationTask:
    """Runs the consumer and the dispatcher of one worker.

    Args:
        settings: which channels are enabled, and their settings.
        db: the database.
        lines: see `LogConsumer`.
        online: see `Dispatcher`.
        counts: the worker's counters.

    Raises:
        UnsafeSettings: an enabled channel is incomplete.
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
        """Consume and dispatch until cancelled."""
        await asyncio.gather(self.consumer.run(), self.dispatcher.run())

    async def close(self) -> None:
        await self.consumer.close()
        await self.dispatcher.close()
