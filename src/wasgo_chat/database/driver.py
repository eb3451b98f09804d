"""A driver connection of one's own, for statements too hot for SQLAlchemy's layers. Beside `db`, all that commits.

It comes from a pool like any other, so it has the same settings and time-outs, and is kept. After any error it is
thrown away, which rolls back what was under way; the next transaction opens another. Statements here are by key: the
pool is one of `by_key`, which keeps one plan for each of them. A plan is made anew now and then, as one that was made
for a table of a few rows may well read all of it.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.errors import DRIVER_ERRORS, is_unavailable
from wasgo_chat.database.session import Database

FIRST_PLANS_S = 0.25
PLANS_S = 10.0
"""How long plans are kept at most: on a new connection the first for a moment, and each time twice as long."""


class CommitOutcomeUnknown(Unavailable):
    """The connection was lost while a commit was under way: it may have taken effect, or may yet."""


async def fetch(db: Database, query: str, *given: Any) -> list[asyncpg.Record]:
    """Run one reading statement on any connection of a pool.

    Raises:
        Unavailable: the database does not answer or gave up.
    """
    db.count_pool_wait()
    try:
        async with db.breaker.guard(), db.engine.connect() as held:
            driver: Any = (await held.get_raw_connection()).driver_connection
            found: list[asyncpg.Record] = await driver.fetch(query, *given)
            return found
    except (PoolTimeout, *DRIVER_ERRORS) as error:
        if not is_unavailable(error):
            raise
        db.report_failure(error)
        raise Unavailable from error


class PinnedConnection:
    """One connection out of `db`, for one task at a time."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._longest_s = db.settings.statement_timeout_s + 1  # the server gives up first, if it is there
        self._pinned: AsyncConnection | None = None
        self._driver: Any = None
        self._kept_s = FIRST_PLANS_S
        self._planned_at = 0.0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """Read and write; commits at the end of the block. What it announces is the caller's to say.

        Raises:
            UnknownOutcome: the connection was lost, or timed out, while the commit was under way.
            Unavailable: the database does not answer or gave up; nothing was committed.
        """
        is_committing = False
        try:
            async with asyncio.timeout(self._longest_s), self._db.breaker.guard():
                driver = await self._connection()
                await driver.execute("BEGIN")
                yield driver
                is_committing = True
                await driver.execute("COMMIT")
        except (TimeoutError, *DRIVER_ERRORS) as error:
            await self._drop()
            self._db.report_failure(error)
            if is_committing:
                raise CommitOutcomeUnknown from error
            if isinstance(error, TimeoutError) or is_unavailable(error):
                raise Unavailable from error
            raise
        except BaseException:
            await self._drop()
            raise

    async def fetch(self, query: str, *given: Any) -> list[asyncpg.Record]:
        """Run one reading statement, without the round trips of a transaction; once more where it found a dead end.

        Raises:
            Unavailable: the database does not answer or gave up.
        """
        try:
            return await self._fetch(query, *given)
        except Unavailable:
            return await self._fetch(query, *given)

    async def close(self) -> None:
        """Give the connection back."""
        held, self._pinned, self._driver = self._pinned, None, None
        if held is not None:
            await held.close()

    async def _fetch(self, query: str, *given: Any) -> list[asyncpg.Record]:
        try:
            async with asyncio.timeout(self._longest_s), self._db.breaker.guard():
                found: list[asyncpg.Record] = await (await self._connection()).fetch(query, *given)
                return found
        except (TimeoutError, *DRIVER_ERRORS) as error:
            await self._drop()
            self._db.report_failure(error)
            if isinstance(error, TimeoutError) or is_unavailable(error):
                raise Unavailable from error
            raise
        except BaseException:
            await self._drop()
            raise

    async def _connection(self) -> Any:
        if self._driver is None or self._driver.is_closed() or self._db.breaker.is_stale(self._driver):
            await self._drop()
            self._pinned = await self._db.engine.connect()
            self._driver = (await self._pinned.get_raw_connection()).driver_connection
            self._kept_s, self._planned_at = FIRST_PLANS_S, time.monotonic()
        elif (now := time.monotonic()) - self._planned_at > self._kept_s:
            # The next plans are for tables as long as they are then: that is looked up, not taken from statistics.
            await self._driver.execute("DISCARD PLANS")
            self._kept_s, self._planned_at = min(2 * self._kept_s, PLANS_S), now
        return self._driver

    async def _drop(self) -> None:
        """Throw the connection away: whatever state it is in, nobody else may get it."""
        driver, held, self._driver, self._pinned = self._driver, self._pinned, None, None
        if driver is not None:
            driver.terminate()
        if held is not None:
            await held.invalidate()
            await held.close()


class PinnedPool:
    """Some connections out of `db`, each for whoever comes next; a pool's own way in and out costs more.

    Args:
        db: see `PinnedConnection`.
        count: connections; who finds none free waits.
    """

    def __init__(self, db: Database, count: int) -> None:
        self._all = [PinnedConnection(db) for _ in range(count)]
        self._free = list(self._all)
        self._slots = asyncio.Semaphore(count)

    async def fetch(self, query: str, *given: Any) -> list[asyncpg.Record]:
        """See `PinnedConnection.fetch`."""
        async with self._slots:
            direct = self._free.pop()
            try:
                return await direct.fetch(query, *given)
            finally:
                self._free.append(direct)

    async def close(self) -> None:
        """Give the connections back."""
        for direct in self._all:
            await direct.close()
