"""Alembic environment: runs migrations over asyncpg, serialized by a lock, each migration in a transaction."""

import asyncio
import re
import time

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from wasgo_chat.database.failover import ENGINE, HostFailover
from wasgo_chat.database.migrations import LOCK_TIMEOUT_MS, WAIT_FOR_OTHERS_S, MigrationInProgress
from wasgo_chat.database.session import CONNECT_S
from wasgo_chat.settings.config import Settings
from wasgo_chat.tables import METADATA

_LOCK_KEY = 0x77617367_6F63686D  # "wasgochm"
_RETRY_S = 0.2


def is_compared(name: str | None, kind: str, parents: object) -> bool:
    """Whether models and database are compared for it: not for the partitions of the feed, which come and go."""
    return kind != "table" or re.fullmatch(r"feed_[0-9]{8}", name or "") is None


def run(connection: Connection) -> None:
    # With a transaction per migration, a failed upgrade continues where it stopped, and a migration can use an
    # autocommit block for statements that cannot run in a transaction.
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        compare_server_default=True,
        transaction_per_migration=True,
        include_name=is_compared,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_async() -> None:
    attributes = context.config.attributes
    url = attributes.get("database_url") or Settings().require_session_database()
    # A short lock timeout, because all queries of a table queue behind a waiting ALTER TABLE.
    lock_timeout = str(attributes.get("lock_timeout_ms", LOCK_TIMEOUT_MS))
    connect_args = {
        "timeout": CONNECT_S,
        "async_creator_fn": HostFailover(url).connect,
        "server_settings": {"lock_timeout": lock_timeout, "statement_timeout": "0"},
    }
    engine = create_async_engine(ENGINE, poolclass=pool.NullPool, connect_args=connect_args)
    try:
        async with engine.connect() as guard, engine.connect() as connection:
            await acquire_migration_lock(guard, attributes.get("wait_for_others_s", WAIT_FOR_OTHERS_S))
            await connection.run_sync(run)
    finally:
        await engine.dispose()


async def acquire_migration_lock(guard: AsyncConnection, patience_s: float) -> None:
    """Acquire the advisory lock of migrations, which is held until the connection is closed.

    Polls, with a new transaction for each attempt: CREATE INDEX CONCURRENTLY in the running migration would wait for a
    transaction that waits for the lock.

    Raises:
        MigrationInProgress: the lock was not released in time.
    """
    deadline = time.monotonic() + patience_s
    await guard.execution_options(isolation_level="AUTOCOMMIT")
    statement = text("SELECT pg_try_advisory_lock(:key)")
    while not (await guard.execute(statement, {"key": _LOCK_KEY})).scalar_one():
        if time.monotonic() > deadline:
            raise MigrationInProgress
        await asyncio.sleep(_RETRY_S)


if connection := context.config.attributes.get("connection"):
    run(connection)
else:
    asyncio.run(run_async())
