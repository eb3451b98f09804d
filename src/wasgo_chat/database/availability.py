"""Whether the database answers: found out by one probe for all, so that nobody else has to wait for it.

A transaction that fails for want of a connection, or stays open for long, raises the suspicion; then one fresh
connection asks. While the answer fails to come everything is refused at once and what hangs is cut off; with the
answer all goes on. What a transaction is, and what its errors mean, is `database/session.py`'s business.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.hosts import HostFailover

log = structlog.get_logger(__name__)

SUSPECT_S = 1.0
PROBE_S = 3.0
PROBE_EVERY_S = 0.5
TOO_MANY_CONNECTIONS = "53300"
_PROBE = {"application_name": "wasgo-chat probe"}
_IS_READ_ONLY = "SELECT current_setting('transaction_read_only') = 'on'"


class MonitoredConnection(asyncpg.Connection):
    """A connection that is not closed politely where nobody would answer."""

    breaker: "DatabaseCircuitBreaker | None" = None
    made_at = 0.0

    async def close(self, *, timeout: float | None = None) -> None:
        """See asyncpg."""
        if self.breaker is not None and (self.breaker.is_open or self.breaker.is_stale(self)):
            self.terminate()
        else:
            await super().close(timeout=timeout)


class DatabaseCircuitBreaker:
    """One for all pools of a worker.

    Args:
        hosts: where the database is.
        takes_writes: whether one that does not counts as away.
    """

    def __init__(self, hosts: HostFailover, *, takes_writes: bool = True) -> None:
        self.hosts = hosts
        self._takes_writes = takes_writes
        self.is_open = False
        self._began_at = self._ended_at = 0.0
        self._guards: set[asyncio.Timeout] = set()
        self._finding_out: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def guard(self) -> AsyncIterator[None]:
        """Around everything that waits for the database.

        Raises:
            Unavailable: it is known to be away.
            TimeoutError: it was found to be away meanwhile.
        """
        if self.is_open:
            raise Unavailable("The database does not answer")
        suspicion = asyncio.get_running_loop().call_later(SUSPECT_S, self.probe_soon)
        try:
            async with asyncio.timeout(None) as guard:
                self._guards.add(guard)
                try:
                    yield
                finally:
                    self._guards.discard(guard)
        finally:
            suspicion.cancel()

    def probe_soon(self) -> None:
        """Find out, unless somebody is at it."""
        if self._finding_out is None or self._finding_out.done():
            self._finding_out = asyncio.create_task(self._probe_until_known(), name="database-probe")

    def is_stale(self, link: MonitoredConnection) -> bool:
        """Whether a connection is from before an outage: who knows what became of its other end."""
        return link.made_at < self._ended_at

    async def close(self) -> None:
        """Stop looking."""
        if self._finding_out is not None:
            self._finding_out.cancel()
            await asyncio.gather(self._finding_out, return_exceptions=True)

    async def _probe_until_known(self) -> None:
        while True:
            try:
                has_moved = await self._probe()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                if getattr(error, "sqlstate", None) == TOO_MANY_CONNECTIONS:
                    return  # it answers
                self._begin(error)
            else:
                if has_moved:  # what hangs at the host before would not be told
                    self._begin(asyncpg.ReadOnlySQLTransactionError("another host has taken over"))
                self._end()
                return
            await asyncio.sleep(PROBE_EVERY_S)

    async def _probe(self) -> bool:
        """Whether another host answers than before."""
        async with asyncio.timeout(PROBE_S):
            connection, has_moved = await self.hosts.probe(timeout=PROBE_S, server_settings=_PROBE)
            try:
                if await connection.fetchval(_IS_READ_ONLY) and self._takes_writes:
                    raise asyncpg.ReadOnlySQLTransactionError("a standby")
            finally:
                connection.terminate()
            return has_moved

    def _begin(self, error: Exception) -> None:
        if self.is_open:
            return
        self.is_open = True
        self._began_at = time.monotonic()
        log.error("database_away", error=type(error).__name__)
        now = asyncio.get_running_loop().time()
        for guard in tuple(self._guards):
            guard.reschedule(now)

    def _end(self) -> None:
        if self.is_open:
            self.is_open = False
            self._ended_at = time.monotonic()
            log.warning("database_back", after_s=round(self._ended_at - self._began_at, 1))
