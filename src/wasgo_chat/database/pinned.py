"""Pinned driver connections, for statements too frequent for SQLAlchemy's layers. Besides `session`, only this commits.

A pinned connection comes from a regular pool, so it has the same settings and timeouts, and is kept. After an error of
the database it is discarded, which rolls back its transaction; the next one opens a new connection. All statements find
rows by key and use a pool with `generic_plans`. Plans are discarded periodically: a plan made for a nearly empty table
may be a full scan.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.errors import DRIVER_ERRORS, is_statement_error, is_unavailable
from wasgo_chat.database.session import Database

ROLLBACK_S = 1.0
FIRST_PLANS_S = 0.25
PLANS_S = 10.0
"""Maximum age of plans. On a new connection it starts at FIRST_PLANS_S and doubles each time."""


_SESSION = "SELECT pid, backend_start FROM pg_stat_get_activity(pg_backend_pid())"
# A process id may be used again; together with the time it names one session.
_END_SESSION = """
SELECT pg_terminate_backend(pid, $3) FROM pg_stat_get_activity($1) WHERE backend_start = $2
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session on the server: its process, and when it began."""

    pid: int
    began_at: datetime


class CommitOutcomeUnknown(Unavailable):
    """The connection was lost during a commit, which may have taken effect or may still do so.

    If `session` is given, the server may not even have received the statement: the session has to be ended
    (`end_session`) before the outcome can be read. Otherwise the transaction holds its row locks until it ends.
    """

    def __init__(self, session: Session | None = None) -> None:
        super().__init__()
        self.session = session


async def end_session(connection: "asyncpg.Connection[asyncpg.Record]", session: Session, timeout_s: float) -> None:
    """End a session whose connection was lost, and wait for its end. Nothing of it can be committed afterwards.

    The server may not notice for long that the connection was lost, and may have yet to read what was sent.

    Raises:
        Unavailable: it has not ended in time.
    """
    is_ended = await connection.fetchval(_END_SESSION, session.pid, session.began_at, int(timeout_s * 1000))
    if is_ended is False:  # None: there is no such session any more
        raise Unavailable


async def fetch(db: Database, query: str, *args: Any) -> list[asyncpg.Record]:
    """Run a read-only statement on any connection of a pool.

    Raises:
        Unavailable: the database does not respond or cancelled the statement.
    """
    db.count_pool_wait()
    try:
        async with db.breaker.guard(), db.engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            return await _run(db, driver, query, args)
    except (PoolTimeout, *DRIVER_ERRORS) as error:
        if not is_unavailable(error):
            raise
        db.report_failure(error)
        raise Unavailable from error


async def _run(
    db: Database, driver: Any, query: str, args: Sequence[Any], *, begin: str = "BEGIN READ ONLY"
) -> list[asyncpg.Record]:
    """Run a statement. Behind a pooler in a transaction, which has the limits of statements."""
    records: list[asyncpg.Record]
    if not db.settings.database_pooler:
        records = await driver.fetch(query, *args)
        return records
    await driver.execute(begin)
    try:
        records = await driver.fetch(query, *args)
    except BaseException:
        driver.terminate()  # a rollback could hang
        raise
    await driver.execute("COMMIT")
    return records


class PinnedConnection:
    """A connection of `db` for exclusive use, by one task at a time.

    Args:
        db: the pool.
        on_connect: called with each new connection before its first statement.
    """

    def __init__(
        self,
        db: Database,
        *,
        on_connect: Callable[["asyncpg.Connection[asyncpg.Record]"], Awaitable[None]] | None = None,
    ) -> None:
        self._db = db
        self._on_connect = on_connect
        self._timeout_s = db.settings.statement_timeout_s + 1  # the server times out first, if it responds
        self._pinned: AsyncConnection | None = None
        self._driver: Any = None
        self._session: Session | None = None
        self._plans_max_age_s = FIRST_PLANS_S
        self._planned_at = 0.0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A read-write transaction that commits at the end of the block. The caller publishes its own notices.

        Raises:
            CommitOutcomeUnknown: the connection was lost, or timed out, during the commit.
            Unavailable: the database does not respond or aborted the transaction; nothing was committed.
        """
        is_committing = False
        try:
            async with asyncio.timeout(self._timeout_s), self._db.breaker.guard():
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
        except Unavailable:
            await self._drop()
            raise
        except Exception:  # an error of the block, not of the connection
            await self._roll_back()
            raise
        except BaseException:
            await self._drop()
            raise

    async def commit(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Run a statement that writes, as a transaction of its own, in one round trip.

        Raises:
            CommitOutcomeUnknown: the connection was lost, or timed out, before the server had responded.
            Unavailable: the database does not respond or aborted the transaction; nothing was committed.
        """
        if self._db.settings.database_pooler:  # there, a statement needs a transaction, and a client has no session
            async with self.transaction() as transaction:
                return await transaction.fetch(query, *args)
        session = None
        try:
            async with asyncio.timeout(self._timeout_s), self._db.breaker.guard():
                driver = await self._connection()
                if self._session is None:
                    self._session = Session(*await driver.fetchrow(_SESSION))
                session = self._session
                records: list[asyncpg.Record] = await driver.fetch(query, *args)
                return records
        except (TimeoutError, *DRIVER_ERRORS) as error:
            await self._drop()
            self._db.report_failure(error)
            if session is not None and not is_statement_error(error):
                raise CommitOutcomeUnknown(session) from error
            if isinstance(error, TimeoutError) or is_unavailable(error):
                raise Unavailable from error
            raise
        except BaseException:
            await self._drop()
            raise

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Run a read-only statement, without an explicit transaction. Retries once, on a new connection.

        Raises:
            Unavailable: the database does not respond or cancelled the statement.
        """
        try:
            return await self._run(query, args)
        except Unavailable:
            return await self._run(query, args)

    async def run(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Run a statement once, without an explicit transaction. It may write, and is a transaction of its own.

        Raises:
            Unavailable: the database does not respond or cancelled the statement. Whether it took effect is unknown.
        """
        return await self._run(query, args, begin="BEGIN")

    async def _run(self, query: str, args: Sequence[Any], *, begin: str = "BEGIN READ ONLY") -> list[asyncpg.Record]:
        try:
            async with asyncio.timeout(self._timeout_s), self._db.breaker.guard():
                return await _run(self._db, await self._connection(), query, args, begin=begin)
        except (TimeoutError, *DRIVER_ERRORS) as error:
            await self._drop()
            self._db.report_failure(error)
            if isinstance(error, TimeoutError) or is_unavailable(error):
                raise Unavailable from error
            raise
        except BaseException:
            await self._drop()
            raise

    async def close(self) -> None:
        """Return the connection to its pool."""
        connection, self._pinned, self._driver, self._session = self._pinned, None, None, None
        if connection is not None:
            await connection.close()

    async def discard(self) -> None:
        """Close the connection, which ends its session and releases the locks of the session."""
        await self._drop()

    async def _connection(self) -> Any:
        if self._driver is None or self._driver.is_closed() or self._db.breaker.is_stale(self._driver):
            await self._drop()
            self._pinned = await self._db.engine.connect()
            self._driver = (await self._pinned.get_raw_connection()).driver_connection
            self._plans_max_age_s, self._planned_at = FIRST_PLANS_S, time.monotonic()
            if self._on_connect is not None:
                await self._on_connect(self._driver)
        elif not self._db.settings.database_pooler and (
            (now := time.monotonic()) - self._planned_at > self._plans_max_age_s
        ):
            # New plans consider the current table sizes: PostgreSQL reads them from the files, not from statistics.
            await self._driver.execute("DISCARD PLANS")
            self._plans_max_age_s, self._planned_at = min(2 * self._plans_max_age_s, PLANS_S), now
        return self._driver

    async def _roll_back(self) -> None:
        """End the transaction before the caller goes on. The server notices later that a connection is closed, and the
        row locks would be held until then.
        """
        if self._driver is None:
            return
        try:
            async with asyncio.timeout(ROLLBACK_S):
                await self._driver.execute("ROLLBACK")
        except (TimeoutError, *DRIVER_ERRORS):
            await self._drop()

    async def _drop(self) -> None:
        """Discard the connection; its state is unknown, so it must not be reused."""
        driver, connection, self._driver, self._pinned = self._driver, self._pinned, None, None
        self._session = None
        if driver is not None:
            driver.terminate()
        if connection is not None:
            await connection.invalidate()
            await connection.close()


class PinnedPool:
    """A small pool of pinned connections. Checking one out is cheaper than with SQLAlchemy's pool.

    Args:
        db: the pool that the connections come from.
        count: number of connections. If all are in use, callers wait.
    """

    def __init__(self, db: Database, count: int) -> None:
        self._all = [PinnedConnection(db) for _ in range(count)]
        self._free = list(self._all)
        self._slots = asyncio.Semaphore(count)

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        async with self._slots:
            direct = self._free.pop()
            try:
                return await direct.fetch(query, *args)
            finally:
                self._free.append(direct)

    async def close(self) -> None:
        """Return all connections to their pool."""
        for direct in self._all:
            await direct.close()
