"""Alembic's entry: every table of the program, over asyncpg."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from wasgo_chat.core.config import Settings
from wasgo_chat.tables import METADATA


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=METADATA, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()


async def run_async() -> None:
    url = context.config.attributes.get("database_url") or Settings().database_url
    if not url:
        raise SystemExit("WASGO_CHAT_DATABASE_URL is not set: set it to postgresql://user:password@host/name.")
    # A migration waits for a lock for seconds at most: behind a waiting ALTER TABLE every query queues up.
    timeouts = {"server_settings": {"lock_timeout": "5000", "statement_timeout": "0"}}
    engine = create_async_engine(url, poolclass=pool.NullPool, connect_args=timeouts)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if given := context.config.attributes.get("connection"):
    run(given)
else:
    asyncio.run(run_async())
