"""Circuit breaker for the database: one probe detects an outage, so that requests do not each wait for a timeout.

A transaction that gets no connection, or stays open for long, triggers a probe over a new connection. While the probe
fails, the breaker is open: new work is rejected immediately and pending work is interrupted. Once the probe succeeds,
the breaker closes.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import structlog

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.failover import HostFailover

log = structlog.get_logger(__name__)

SLOW_S = 1.0
PROBE_S = 3.0
PROBE_EVERY_S = 0.5
TOO_MANY_CONNECTIONS = "53300"
_PROBE = {"application_name": "wasgo-chat probe"}
_IS_READ_ONLY = "SELECT current_setting('transaction_read_only') = 'on'"


class MonitoredConnection(asyncpg.Connection):
    """A connection that is terminated rather than closed gracefully if the server cannot respond."""

    breaker: "DatabaseCircuitBreaker | None" = None
    made_at = 0.0

    async def close(self, *, timeout: float | None = None) -> None:
        if self.breaker is not None and (self.breaker.is_open or self.breaker.is_stale(self)):
            self.terminate()
        else:
            await super().close(timeout=timeout)


class PooledConnection(MonitoredConnection):
    """A connection to a pooler in transaction mode: each transaction sets its parameters as it begins."""

    begin_suffix = ""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        if query.startswith("BEGIN"):
            query = query.rstrip(";") + self.begin_suffix
        return await super().execute(query, *args, timeout=timeout)


class DatabaseCircuitBreaker:
    """The circuit breaker of a database, shared by all pools of a worker.

    Args:
        hosts: the hosts of the database.
        takes_writes: whether a read-only server counts as an outage.
    """

    def __init__(self, hosts: HostFailover, *, takes_writes: bool = True) -> None:
        self.hosts = hosts
        self._takes_writes = takes_writes
        self.is_open = False
        self._opened_at = self._closed_at = 0.0
        self._guards: set[asyncio.Timeout] = set()
        self._probing: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def guard(self) -> AsyncIterator[None]:
        """Wrap everything that waits for the database.

        Raises:
            Unavailable: the breaker is open.
            TimeoutError: the breaker opened during the block.
        """
        if self.is_open:
            raise Unavailable("The database does not respond")
        slow = asyncio.get_running_loop().call_later(SLOW_S, self.probe_soon)
        try:
            async with asyncio.timeout(None) as guard:
                self._guards.add(guard)
                try:
                    yield
                finally:
                    self._guards.discard(guard)
        finally:
            slow.cancel()

    def probe_soon(self) -> None:
        """Start a probe, unless one is running."""
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._probe_until_known(), name="database-probe")

    def is_stale(self, connection: MonitoredConnection) -> bool:
        """Whether a connection predates the last outage; its server side may be gone."""
        return connection.made_at < self._closed_at

    async def close(self) -> None:
        """Stop probing."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)

    async def _probe_until_known(self) -> None:
        while True:
            try:
                has_moved = await self._probe()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                if getattr(error, "sqlstate", None) == TOO_MANY_CONNECTIONS:
                    return  # the database responds
                self._open(error)
            else:
                if has_moved:  # interrupt what waits for the previous host
                    self._open(asyncpg.ReadOnlySQLTransactionError("another host has taken over"))
                self._close()
                return
            await asyncio.sleep(PROBE_EVERY_S)

    async def _probe(self) -> bool:
        """Connect; returns whether a different host responds than before."""
        async with asyncio.timeout(PROBE_S):
            connection, has_moved = await self.hosts.probe(timeout=PROBE_S, server_settings=_PROBE)
            try:
                if await connection.fetchval(_IS_READ_ONLY) and self._takes_writes:
                    raise asyncpg.ReadOnlySQLTransactionError("a standby")
            finally:
                connection.terminate()
            return has_moved

    def _open(self, error: Exception) -> None:
        if self.is_open:
            return
        self.is_open = True
        self._opened_at = time.monotonic()
        log.error("database_down", error=type(error).__name__)
        now = asyncio.get_running_loop().time()
        for guard in tuple(self._guards):
            guard.reschedule(now)

    def _close(self) -> None:
        if self.is_open:
            self.is_open = False
            self._closed_at = time.monotonic()
            log.warning("database_recovered", after_s=round(self._closed_at - self._opened_at, 1))
