"""A PostgreSQL and a synchronous standby, for failover tests."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from tests.support.standalone import NAME, own_postgres
from tests.support.world import PATIENCE_S
from wasgo_chat.development.embedded import Postgres

NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}
_SYNCHRONOUS_STANDBYS = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


class Pair:
    """A primary that acknowledges a commit only after its standby has it."""

    def __init__(self, primary: Postgres, standby: Postgres) -> None:
        self.primary = primary
        self.standby = standby

    async def lose_primary(self) -> None:
        """Stop the primary as a crash would."""
        await asyncio.to_thread(self.primary.stop, immediately=True)

    async def promote(self) -> None:
        """Promote the standby; returns when it accepts writes."""
        await run(self.standby, "SELECT pg_promote()")


@asynccontextmanager
async def replicated_postgres(folder: Path, **settings: str) -> AsyncIterator[Pair]:
    """Both servers running, with a migrated database `chat`; the settings are for the standby."""
    async with own_postgres(folder) as primary, standby_of(primary, folder / "standby", **settings) as standby:
        await run(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        await run(primary, "SELECT pg_reload_conf()")
        async with asyncio.timeout(PATIENCE_S):
            while not await run(primary, _SYNCHRONOUS_STANDBYS):  # noqa: ASYNC110  polling is the point
                await asyncio.sleep(0.02)
        yield Pair(primary, standby)


@asynccontextmanager
async def standby_of(primary: Postgres, data: Path, **settings: str) -> AsyncIterator[Postgres]:
    """A running standby of a primary."""
    source = f"host={primary.run_folder} user=postgres"
    standby = Postgres(data, {**NOT_DURABLE, "primary_conninfo": source, **settings})
    await asyncio.to_thread(_copy, primary, standby)
    await asyncio.to_thread(standby.start)
    try:
        yield standby
    finally:
        await asyncio.to_thread(standby.stop, immediately=True)


def _copy(primary: Postgres, standby: Postgres) -> None:
    standby.make_accessible(standby.data)
    command = [str(primary.binaries / "pg_basebackup"), "-D", str(standby.data), "-h", str(primary.run_folder)]
    command += ["-U", "postgres", "-c", "fast", "--no-sync", "-R"]
    copying = primary.spawn(command, subprocess.PIPE)
    output, _ = copying.communicate(timeout=60)
    assert copying.returncode == 0, output.decode(errors="replace")


async def run(postgres: Postgres, statement: str) -> object:
    """The first value that a statement returns, on a separate connection."""
    connection = await asyncpg.connect(postgres.url(NAME))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
