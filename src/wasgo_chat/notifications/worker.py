"""The background of notifications in one worker: the reader that makes them and the dispatcher that sends them."""

import asyncio
from collections.abc import Sequence

from wasgo_chat.core.config import Settings
from wasgo_chat.database.session import Database
from wasgo_chat.events.consumers import Reader
from wasgo_chat.notifications.delivery.dispatcher import Dispatcher, Online, nobody
from wasgo_chat.notifications.fanout import Telling
from wasgo_chat.telemetry.counters import Counts

READER = "notifications"


class Notifier:
    """Both, as one thing to start and stop.

    Args:
        settings: which channels are set up, and how.
        db: where everything is.
        lines: see `Reader`.
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
        online: Online = nobody,
        counts: Counts | None = None,
    ) -> None:
        self.reader = Reader(db, lines, READER, Telling(settings), counts=counts)
        self.dispatcher = Dispatcher(settings, db, online=online, counts=counts)

    def announce(self, announcements: Sequence[object]) -> None:
        """Take what a commit of this worker announced."""
        self.reader.announce(announcements)

    async def run(self) -> None:
        """Read and dispatch for ever."""
        await asyncio.gather(self.reader.run(), self.dispatcher.run())

    async def close(self) -> None:
        """Close the connections of both."""
        await self.reader.close()
        await self.dispatcher.close()
