"""Limits on connections that are being opened: how many at a time, and how many from one address.

Opening a connection costs queries, an open one costs almost nothing. When many clients reconnect at once, some are
opened concurrently, some wait in their order, and the rest are told when to retry. The hub limits the connections
of one user.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import Address

from wasgo_chat.core.errors import RateLimited
from wasgo_chat.core.ip_ranges import client_bucket
from wasgo_chat.settings.config import Settings

MAX_CONCURRENT_OPENS = 16
RETRY_SPREAD_S = 4.0


class ConnectionAdmission:
    """The queue of connections that are being opened on a worker.

    Args:
        limit: maximum number of connections that are being opened or wait for it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_OPENS)

    async def acquire(self) -> "Slot":
        """Wait for a slot. The caller releases it.

        Raises:
            RateLimited: too many are waiting. The retry delays are random, so that not all retry at once.
        """
        if self._count >= self._limit:
            delay_s = 1 + random.uniform(0, RETRY_SPREAD_S)  # noqa: S311  no secret
            raise RateLimited("Too many connections are being opened", retry_after_s=delay_s)
        self._count += 1
        try:
            await self._slots.acquire()
        except BaseException:
            self._count -= 1
            raise
        return Slot(self)

    def release(self) -> None:
        """Called by `Slot.release`."""
        self._count -= 1
        self._slots.release()


class Slot:
    """One slot of the queue. It may be released more than once."""

    def __init__(self, admission: ConnectionAdmission) -> None:
        self._admission: ConnectionAdmission | None = admission

    def release(self) -> None:
        """Let the next connection in: this one is open, or was given up."""
        if self._admission is not None:
            self._admission.release()
            self._admission = None


class AddressLimits:
    """Counts the open connections of a worker by client address; of IPv6, by the /64 that one subscriber gets.

    A private address is not counted: it belongs to a proxy that `TRUSTED_PROXIES` does not name, with many clients
    behind it, or to the local network. With `TRUSTED_PROXIES` set, every address is a client's and is counted.
    """

    def __init__(self, settings: Settings) -> None:
        self._limit = settings.max_sockets_per_address
        self._counts_private = bool(settings.trusted_proxies)
        self._open: Counter[str] = Counter()

    @contextmanager
    def count(self, client: Address | None) -> Iterator[bool]:
        """Count a connection while the block runs. Yields False if its address has too many already."""
        address = self._bucket(client)
        if address is None:
            yield True
            return
        self._open[address] += 1
        try:
            yield self._open[address] <= self._limit
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    def _bucket(self, client: Address | None) -> str | None:
        return None if client is None else client_bucket(client.host, include_private=self._counts_private)
