"""The service as it runs in production: `wasgo-chat serve` in processes of its own, to be killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.support.running import SECRET
from tests.support.servers import database_url, valkey_url
from wasgo_chat.core.config import Settings
from wasgo_chat.core.embedded import free_port

COMMAND = Path(sys.executable).with_name("wasgo-chat")
START_S = 60.0


class Processes:
    """A supervisor and its workers on one port."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, settings: Settings) -> None:
        self.process = process
        self.port = port
        self.settings = settings
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}"

    def workers(self) -> list[int]:
        """Process ids of the workers that are running."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"spawn_main" in _command_line(pid)]

    async def ready(self) -> None:
        """Wait until it answers that it can serve."""
        async with httpx.AsyncClient(base_url=self.url) as client, asyncio.timeout(START_S):
            while True:
                if self.process.poll() is not None:
                    raise AssertionError("serve ended at its start")
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)

    async def gone(self) -> None:
        """Wait until nobody takes connections at the port."""
        async with asyncio.timeout(START_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except ConnectionRefusedError:
                    return
                writer.close()
                await asyncio.sleep(0.05)


def environment(database: str, **changes: str) -> dict[str, str]:
    """The variables of a `serve`, and nothing else of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WASGO_CHAT_")}
    given = {
        "DATABASE_URL": database_url(database),
        "REDIS_URL": valkey_url(),
        "JWT_SECRET": SECRET,
        "MESSAGE_RATE": "0",
        "LOG_LEVEL": "WARNING",
        **changes,
    }
    return {**kept, **{f"WASGO_CHAT_{name}": value for name, value in given.items()}}


@asynccontextmanager
async def serving(database: str, log: Path, *, workers: int, **changes: str) -> AsyncIterator[Processes]:
    """`wasgo-chat serve --workers N`, ready; killed at the end if it still runs."""
    port = free_port()
    process = _start(port, workers, environment(database, **changes), log)
    settings = Settings(jwt_secret=SECRET)
    running = Processes(process, port, settings)
    try:
        await running.ready()
        yield running
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, START_S)
    except BaseException:
        sys.stderr.write(_end_of(log))
        raise
    finally:
        process.kill()
        process.wait()


def _start(port: int, workers: int, env: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    command = [str(COMMAND), "serve", "--port", str(port), "--workers", str(workers)]
    with log.open("wb") as out:
        return subprocess.Popen(command, env=env, stdout=out, stderr=out)


def _command_line(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-4000:]
