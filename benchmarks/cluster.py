"""The PostgreSQL and Valkey servers shared by all systems: durable, in a temporary directory."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg

from benchmarks import machine
from wasgo_chat.development.embedded import Postgres, Valkey

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "256MB",
           "max_wal_size": "4GB"}  # fmt: skip


class Cluster:
    """Both servers, as a context manager. `fresh` creates databases."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="wasgo-chat-benchmark-")
        self.folder = Path(self._folder.name)
        self.postgres = Postgres(self.folder / "postgres", DURABLE)
        self.valkey = Valkey()

    def __enter__(self) -> Self:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that context managers clean up
        self.postgres.start()
        self.valkey.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.valkey.stop()
        self.postgres.stop(immediately=True)
        self._folder.cleanup()

    def fresh(self, name: str) -> str:
        """Create an empty database, replacing an existing one, and return its URL."""
        admin = self.postgres.url()
        run_sql(admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        run_sql(admin, f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.postgres.url(name)

    def pids(self) -> list[int]:
        """The process ids of both servers."""
        assert self.postgres.pid is not None
        assert self.valkey.pid is not None
        return [self.postgres.pid, self.valkey.pid]

    def cpu(self) -> dict[str, float]:
        """CPU seconds used by each server so far."""
        postgres, valkey = self.pids()
        return {"postgres": machine.cpu_s(postgres), "redis": machine.cpu_s(valkey)}


def run_sql(url: str, statement: str, *arguments: Any) -> None:
    """Run a statement on a new connection."""
    run_all(url, [(statement, arguments)])


def run_all(url: str, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Run statements on one new connection."""

    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement, arguments in statements:
                await connection.execute(statement, *arguments)
        finally:
            await connection.close()

    asyncio.run(run())


def fetch_value(url: str, statement: str) -> Any:
    """Fetch a single value on a new connection."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())
