"""How many sockets are opened at a time: a crowd that comes back at once is let in one after the other.

Opening a socket costs queries, which many abreast share, a socket that is open next to nothing. So some are opened
abreast, some wait in the order in which they came, and whoever finds the queue full is told when to try again.
"""

import asyncio
import random

from wasgo_chat.core.errors import RateLimited

MAX_CONCURRENT_OPENS = 16
SPREAD_S = 4.0


class ConnectionAdmission:
    """The queue of a worker.

    Args:
        limit: sockets that are being opened or wait for it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._here = 0
        self._abreast = asyncio.Semaphore(MAX_CONCURRENT_OPENS)

    async def acquire(self) -> "Slot":
        """Wait for one's turn; `Slot.release` must follow.

        Raises:
            RateLimited: too many wait already; says when to come back, not all at once.
        """
        if self._here >= self._limit:
            raise RateLimited("Too many sockets are being opened", retry_after_s=1 + random.uniform(0, SPREAD_S))  # noqa: S311  no secret
        self._here += 1
        try:
            await self._abreast.acquire()
        except BaseException:
            self._here -= 1
            raise
        return Slot(self)

    def release(self) -> None:
        """One is done: the next, please."""
        self._here -= 1
        self._abreast.release()


class Slot:
    """Somebody's turn; `over` may be said more than once."""

    def __init__(self, admission: ConnectionAdmission) -> None:
        self._admission: ConnectionAdmission | None = admission

    def release(self) -> None:
        """Opened, or given up."""
        if self._admission is not None:
            self._admission.release()
            self._admission = None
