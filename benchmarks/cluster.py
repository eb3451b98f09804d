"""The PostgreSQL and the Valkey that all contestants share: durable, in a folder that goes when they stop."""

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
    """Both servers; a context manager. Databases are made by `fresh`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="wasgo-chat-benchmark-")
        self.folder = Path(self._folder.name)
        self.postgres = Postgres(self.folder / "postgres", DURABLE)
        self.valkey = Valkey()

    def __enter__(self) -> Self:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that blocks are left and folders removed
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
        """An empty database of that name; its URL."""
        admin = self.postgres.url()
        run_sql(admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        run_sql(admin, f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.postgres.url(name)

    def pids(self) -> list[int]:
        """Both servers."""
        assert self.postgres.pid is not None
        assert self.valkey.pid is not None
        return [self.postgres.pid, self.valkey.pid]

    def cpu(self) -> dict[str, float]:
        """CPU seconds of each so far."""
        postgres, valkey = self.pids()
        return {"postgres": machine.cpu_s(postgres), "redis": machine.cpu_s(valkey)}


def run_sql(url: str, statement: str, *arguments: Any) -> None:
    """One statement on a connection of its own."""
    run_all(url, [(statement, arguments)])


def run_all(url: str, statements: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Statements on one connection."""

    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement, arguments in statements:
                await connection.execute(statement, *arguments)
        finally:
            await connection.close()

    asyncio.run(run())


def fetch_value(url: str, statement: str) -> Any:
    """One value of one statement."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())
