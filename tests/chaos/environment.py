"""The servers of a chaos run, all subject to faults: PostgreSQL, Valkey, and `wasgo-chat serve` twice."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import asyncpg

from tests.support.processes import ServeProcess, start_serve
from tests.support.workers import SECRET
from wasgo_chat.database import migrations
from wasgo_chat.development.embedded import Postgres, Valkey, free_port
from wasgo_chat.settings.config import Settings

DATABASE = "postgres"
WORKERS = 2
TIMEOUT_S = 300.0

# As in production: what was acked must survive an immediate stop.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "max_wal_size": "512MB"}
QUICK = {"fsync": "off", "full_page_writes": "off"}

UNREACHABLE = (
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)

Result = TypeVar("Result")


class Environment:
    """The servers of a chaos run.

    Args:
        folder: for data and logs.
        serves: the number of `serve` processes, each with two workers on its own port.
        durable: whether PostgreSQL waits for its disk.
        service: further settings of the service, by their names.
    """

    def __init__(self, folder: Path, *, serves: int, durable: bool, service: dict[str, str]) -> None:
        self.folder = folder
        self.settings = Settings(jwt_secret=SECRET)
        self.postgres = Postgres(folder / "postgres", DURABLE if durable else QUICK)
        self.valkey = Valkey(port=free_port())
        self.services: list[ServeProcess] = []
        self.logs: list[Path] = []
        self._count = serves
        self._service = service
        self._is_durable = durable
        # A child dies with the thread that started it (PR_SET_PDEATHSIG): one thread for all, alive to the end.
        self._thread = ThreadPoolExecutor(1)

    @property
    def database_url(self) -> str:
        """The URL of the database, for direct access."""
        return self.postgres.url(DATABASE)

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        """Run a blocking function in the one thread that owns the servers."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def start(self) -> None:
        """Start all servers; returns when they are ready."""
        await self.in_thread(self.postgres.start)
        await self.in_thread(self.valkey.start)
        await self.in_thread(lambda: migrations.upgrade(Settings(database_url=self.database_url).database_url))
        for _ in range(self._count):
            self.services.append(self._start_service(free_port()))
            await self.services[-1].wait_ready(TIMEOUT_S)

    async def stop(self) -> None:
        """Stop all servers, whatever their state."""
        for one in self.services:
            for pid in one.workers():
                os.kill(pid, signal.SIGKILL)
            one.process.kill()
            one.process.wait()
        await self.in_thread(self.valkey.stop)
        await self.in_thread(lambda: self.postgres.stop(immediately=True))
        self._thread.shutdown()

    def workers(self) -> list[int]:
        """Process ids of all running workers."""
        return [pid for one in self.services for pid in one.workers()]

    async def restart_service(self, at: int, how: signal.Signals) -> None:
        """End one `serve` with a signal, and start another one on its port."""
        one = self.services[at]
        one.process.send_signal(how)
        await asyncio.to_thread(one.process.wait)
        await one.wait_port_closed()
        self.services[at] = self._start_service(one.port)
        await self.services[at].wait_ready(TIMEOUT_S)

    async def sql(self, statement: str) -> list[asyncpg.Record]:
        """Run a statement as the owner of the database, on a separate connection; retried if a fault interrupts it."""

        async def run() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.database_url)
            try:
                return list(await connection.fetch(statement))
            finally:
                await connection.close()

        return await _retry(run, (OSError, asyncpg.InterfaceError, *UNREACHABLE))

    async def redis(self, *command: str) -> bytes:
        """Run a command on Valkey; returns the first part of its reply (RESP)."""

        async def run() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.valkey.port)
            try:
                parts = [part.encode() for part in command]
                writer.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
                return await reader.read(65536)
            finally:
                writer.close()

        return await _retry(run, (OSError,))

    def _start_service(self, port: int) -> ServeProcess:
        given = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.valkey.url,
            "JWT_SECRET": SECRET,
            "MESSAGE_RATE": "0",
            "RATE_CONNECTS_PER_MINUTE": "0",
            "ALLOW_UNSAFE_DATABASE": str(not self._is_durable).lower(),
            "LOG_LEVEL": "WARNING",
            "STORAGE_DIR": str(self.folder / "attachments"),
            **self._service,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WASGO_CHAT_")}
        log = self.folder / f"serve-{len(self.logs)}.log"
        self.logs.append(log)
        env = {**kept, **{f"WASGO_CHAT_{name}": value for name, value in given.items()}}
        process: subprocess.Popen[bytes] = start_serve(port, WORKERS, env, log)
        return ServeProcess(process, port, self.settings)


async def _retry(run: Callable[[], Awaitable[Result]], errors: tuple[type[Exception], ...]) -> Result:
    """Repeat until it succeeds: the server may be down because of another fault."""
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            with contextlib.suppress(*errors):
                return await run()
            await asyncio.sleep(0.2)
