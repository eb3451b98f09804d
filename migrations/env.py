"""Alembic's entry: every table of the program, over asyncpg. One migrator at a time, each migration a transaction."""

import asyncio
import time

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from wasgo_chat.core.config import Settings
from wasgo_chat.database.hosts import ENGINE, HostFailover
from wasgo_chat.database.migrations import LOCK_TIMEOUT_MS, WAIT_FOR_OTHERS_S, MigrationInProgress
from wasgo_chat.database.session import CONNECT_S
from wasgo_chat.tables import METADATA

_LOCK_KEY = 0x77617367_6F63686D  # "wasgochm"
_ASK_EVERY_S = 0.2


def run(connection: Connection) -> None:
    # What failed half-way goes on where it stopped, and what cannot be in a transaction has a way out of it.
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_async() -> None:
    given = context.config.attributes
    url = given.get("database_url") or Settings().database_url
    if not url:
        raise SystemExit("WASGO_CHAT_DATABASE_URL is not set: set it to postgresql://user:password@host/name.")
    # A migration waits for a lock for seconds at most: behind a waiting ALTER TABLE every query queues up.
    lock_timeout = str(given.get("lock_timeout_ms", LOCK_TIMEOUT_MS))
    how = {
        "timeout": CONNECT_S,
        "async_creator_fn": HostFailover(url).connect,
        "server_settings": {"lock_timeout": lock_timeout, "statement_timeout": "0"},
    }
    engine = create_async_engine(ENGINE, poolclass=pool.NullPool, connect_args=how)
    try:
        async with engine.connect() as guard, engine.connect() as connection:
            await be_alone(guard, given.get("wait_for_others_s", WAIT_FOR_OTHERS_S))
            await connection.run_sync(run)
    finally:
        await engine.dispose()


async def be_alone(guard: AsyncConnection, patience_s: float) -> None:
    """Hold the migrators' lock for as long as the connection lives.

    Asks again and again, each time in a transaction of its own: who waited in one would be waited for by the other's
    CREATE INDEX CONCURRENTLY.
    """
    deadline = time.monotonic() + patience_s
    await guard.execution_options(isolation_level="AUTOCOMMIT")
    statement = text("SELECT pg_try_advisory_lock(:key)")
    while not (await guard.execute(statement, {"key": _LOCK_KEY})).scalar_one():
        if time.monotonic() > deadline:
            raise MigrationInProgress
        await asyncio.sleep(_ASK_EVERY_S)


if given := context.config.attributes.get("connection"):
    run(given)
else:
    asyncio.run(run_async())
