"""Database access: connection pools, transactions, and notices published after a commit.

Routes, socket commands and background tasks open `Database.transaction()`; operations run inside it and never commit.
FastAPI runs the code after a dependency's `yield` once the response has been sent. Therefore the endpoint opens the
transaction, not a dependency: a response is sent only after the commit.
"""

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, MetaData, TableValuedAlias, any_, column, event, func, literal, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import TypeEngine

from wasgo_chat.core.encoding import encode_str
from wasgo_chat.core.errors import Unavailable, UserErased
from wasgo_chat.database.after_commit import CommitListeners
from wasgo_chat.database.circuit_breaker import DatabaseCircuitBreaker, MonitoredConnection, PooledConnection
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.errors import DRIVER_ERRORS, is_busy, is_missing_user, is_unavailable
from wasgo_chat.database.failover import ENGINE, HostFailover
from wasgo_chat.database.pooling import begin_suffix, driver_options, unprepared
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters

CONNECT_S = 3.0
COMMAND_GRACE_S = 2.0
"""Client-side timeout of a statement, in addition to the server's `statement_timeout`."""
KEEPALIVE_S = 15
USER_TIMEOUT_MS = 10_000


_STATE = text("SELECT pg_is_in_recovery(), CAST(current_setting('default_transaction_read_only') AS boolean)")


class DatabaseReadOnly(Unavailable):
    """The database responds, but takes no writes: a standby, or `default_transaction_read_only` is on."""


class Base(DeclarativeBase):
    """Base of all tables. Constraint names are fixed, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    # Every table declares how the personal data in it is exported, erased and kept.
    __data_policy__: ClassVar[tuple[DataPolicy, ...]]


def one_of(column: str, values: Iterable[str]) -> str:
    """The SQL condition that a column has one of these values, for CHECK constraints and partial indexes."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Tx(AsyncSession):
    """A transaction, with the settings that operations need and the notices that its commit publishes."""

    settings: Settings

    def after_commit(self, notice: object) -> None:
        """Publish a notice to the listeners after the commit, and only then."""
        self._notices.append(notice)

    @property
    def _notices(self) -> list[object]:
        notices: list[object] = self.info.setdefault("notices", [])
        return notices


class Database:
    """A pool of connections.

    Args:
        settings: the URL, limits and timeouts.
        pool_size: maximum number of connections; `database_pool_size` of the settings by default.
        breaker: the circuit breaker, shared by the pools to one database; a new one by default.
        name: the name of the pool in metrics.
        generic_plans: for statements that find every row by its key, and for nothing else.
        counts: the counters of the worker.
        listeners: receive the notices of each commit.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        pool_size: int | None = None,
        breaker: DatabaseCircuitBreaker | None = None,
        name: str = "request",
        generic_plans: bool = False,
        counts: WorkerCounters | None = None,
        listeners: CommitListeners | None = None,
    ) -> None:
        self.name = name
        self._counts = counts or WorkerCounters()
        self.settings = settings
        self.listeners = listeners or CommitListeners()
        self.breaker = breaker or DatabaseCircuitBreaker(HostFailover(settings.database_url, **unprepared(settings)))
        self._begin_suffix = begin_suffix(settings, generic_plans=generic_plans)
        self.engine: AsyncEngine = create_async_engine(
            ENGINE,
            pool_size=pool_size or settings.database_pool_size,
            max_overflow=0,
            pool_timeout=settings.database_pool_timeout_s,
            pool_pre_ping=False,
            pool_use_lifo=True,
            json_serializer=encode_str,
            hide_parameters=True,
            connect_args={
                "timeout": CONNECT_S,
                "command_timeout": settings.statement_timeout_s + COMMAND_GRACE_S,
                "connection_class": PooledConnection if settings.database_pooler else MonitoredConnection,
                "async_creator_fn": self.breaker.hosts.connect,
                **driver_options(settings, generic_plans=generic_plans),
            },
        )
        event.listen(self.engine.sync_engine, "connect", self._connected)
        event.listen(self.engine.sync_engine, "checkout", self._check_out)
        # Operations bypass the identity map when writing, so every read must take its values from the row.
        self._sessions = async_sessionmaker(
            self.engine,
            class_=Tx,
            expire_on_commit=False,
            autoflush=False,
            execution_options={"populate_existing": True},
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """A read-write transaction. Commits at the end of the block, then publishes its notices.

        Raises:
            Unavailable: no connection is available, or the database aborted the transaction. If this happened during
                the commit, its outcome is unknown.
            UserErased: a user that the transaction refers to was erased concurrently.
        """
        async with self._open() as tx:
            async with tx.begin():
                yield tx
            notices = tx._notices
        if notices:
            self.listeners.publish(notices)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Tx]:
        """A read-only transaction in which all statements see the same snapshot.

        Raises:
            Unavailable: as in `transaction`.
        """
        async with self._open() as tx, tx.begin():
            await tx.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
            yield tx

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Tx]:
        self.count_pool_wait()
        try:
            async with self.breaker.guard(), self._sessions() as tx:
                tx.settings = self.settings
                yield tx
        except (PoolTimeout, *DRIVER_ERRORS) as error:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                # The driver's complaint of being cut off must not stand in for the cancellation: a loop would go on.
                raise asyncio.CancelledError from error
            if is_unavailable(error):
                self.report_failure(error)
                raise Unavailable from error
            if is_missing_user(error):
                raise UserErased from error
            raise

    @property
    def pool(self) -> QueuePool:
        """The connections of the engine."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101  the default pool of an engine
        return pool

    def count_pool_wait(self) -> None:
        """Count a wait if all connections are in use. Call before requesting a connection."""
        if self.pool.checkedout() >= self.pool.size():
            self._counts.pool_waits[self.name] += 1

    def report_failure(self, error: BaseException) -> None:
        """Count a pool timeout, and probe the database if the error indicates that it is down."""
        if isinstance(error, PoolTimeout):
            self._counts.pool_timeouts[self.name] += 1
        if is_unavailable(error) and not is_busy(error):
            self.breaker.probe_soon()

    async def ping(self) -> None:
        """Make one round trip within two seconds.

        Raises:
            Unavailable: the database does not respond or is read-only.
        """
        try:
            async with asyncio.timeout(2), self.snapshot() as tx:
                is_standby, is_read_only = (await tx.execute(_STATE)).one()
        except TimeoutError as error:
            raise Unavailable("The database does not respond") from error
        if is_standby or is_read_only:
            self.breaker.probe_soon()
            raise DatabaseReadOnly("The database is a standby" if is_standby else "The database refuses writes")

    async def close(self) -> None:
        """Close all connections."""
        await self.breaker.close()
        await self.engine.dispose()

    def _connected(self, connection: Any, record: object) -> None:
        """Make the kernel detect a peer that stopped acknowledging; the driver has no option for it."""
        driver: Any = connection.driver_connection
        driver.breaker, driver.made_at = self.breaker, time.monotonic()
        if isinstance(driver, PooledConnection):
            driver.begin_suffix = self._begin_suffix
        sock = driver._transport.get_extra_info("socket")  # asyncpg has no public API for the socket
        if sys.platform == "linux" and sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)

    def _check_out(self, connection: Any, record: object, proxy: object) -> None:
        """Replace a connection that was closed while idle in the pool, without a round trip."""
        driver: MonitoredConnection = connection.driver_connection
        if driver.is_closed() or self.breaker.is_stale(driver):
            raise DisconnectionError


def any_of(column: InstrumentedAttribute[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """`column = ANY(array)`: a single parameter for any number of values. `IN` needs one each, and at most 32,767."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def values_table(**columns: tuple[TypeEngine[Any], Iterable[Any]]) -> TableValuedAlias:
    """Composite keys as a table for joins, with one array parameter per column. For a single column see `any_of`.

    Args:
        columns: type and values of each column, by name.
    """
    arrays = [literal(list(values), ARRAY(column_type)) for column_type, values in columns.values()]
    named = [column(name, column_type) for name, (column_type, _) in columns.items()]
    return func.unnest(*arrays).table_valued(*named, name="keys").render_derived()
