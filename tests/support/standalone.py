"""A PostgreSQL for one test, which it may stop, freeze and disconnect."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from tests.support.servers import create_database
from wasgo_chat.database import migrations
from wasgo_chat.development.embedded import Postgres
from wasgo_chat.settings.config import Settings

NAME = "chat"


@asynccontextmanager
async def own_postgres(folder: Path, **settings: str) -> AsyncIterator[Postgres]:
    """A running server with a migrated database `chat`."""
    postgres = Postgres(folder / "postgres", {"fsync": "off", "full_page_writes": "off", **settings})
    await asyncio.to_thread(postgres.start)
    try:
        await create_database(postgres.url(), NAME)
        await asyncio.to_thread(migrations.upgrade, Settings(database_url=postgres.url(NAME)).database_url)
        yield postgres
    finally:
        await asyncio.to_thread(postgres.stop, immediately=True)


@contextmanager
def frozen(pid: int | None) -> Iterator[None]:
    """Stop a process and its children for the block: connections stay, and nothing answers."""
    assert pid is not None
    processes = [pid, *children_of(pid)]
    for one in processes:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in processes:
            os.kill(one, signal.SIGCONT)


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def terminate_backends(postgres: Postgres) -> int:
    """End every connection to the database `chat`; how many."""
    connection = await asyncpg.connect(postgres.url())
    try:
        statement = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1"
        return int(await connection.fetchval(statement, NAME))
    finally:
        await connection.close()
