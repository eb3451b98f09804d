"""The background task of notifications: the dispatcher that sends deliveries."""

from wasgo_chat.database.session import Database
from wasgo_chat.notifications.delivery.dispatcher import Dispatcher, OnlineLookup, everyone_offline
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters


class NotificationTask:
    """Runs the dispatcher of one worker.

    Args:
        settings: which channels are enabled, and their settings.
        db: the database.
        online: see `Dispatcher`.
        counts: the worker's counters.

    Raises:
        UnsafeSettings: an enabled channel is incomplete.
    """

    def __init__(
        self,
        settings: Settings,
        db: Database,
        *,
        online: OnlineLookup = everyone_offline,
        counts: WorkerCounters | None = None,
    ) -> None:
        self.dispatcher = Dispatcher(settings, db, online=online, counts=counts)

    async def run(self) -> None:
        """Dispatch until cancelled."""
        await self.dispatcher.run()

    async def close(self) -> None:
        await self.dispatcher.close()
