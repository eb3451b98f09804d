"""The service as in production: `wasgo-chat serve` in separate processes that tests can kill."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.support.servers import database_url, valkey_url
from tests.support.workers import SECRET
from tests.support.world import Json
from wasgo_chat.core.encoding import new_id
from wasgo_chat.development.embedded import free_port
from wasgo_chat.identity.tokens import SCOPES, mint_service
from wasgo_chat.settings.config import Settings

COMMAND = Path(sys.executable).with_name("wasgo-chat")
START_S = 60.0


class ServeProcess:
    """A supervisor and its workers on one port."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, settings: Settings) -> None:
        self.process = process
        self.port = port
        self.settings = settings
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}"

    def workers(self) -> list[int]:
        """Process ids of the workers; empty after the exit."""
        try:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        except FileNotFoundError:
            return []
        return [int(pid) for pid in children]

    def busiest_worker(self) -> int:
        """The worker with the most client connections. An idle worker accepts the next one, so one may have all."""
        return max(self.workers(), key=lambda pid: len(_sockets_of(pid) & self._clients()))

    def _clients(self) -> set[str]:
        """Inodes of the established connections at the port, see proc_pid_net(5)."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return {row[9] for row in rows if row[1].endswith(f":{self.port:04X}") and row[3] == "01"}

    async def wait_ready(self, patience_s: float = START_S) -> None:
        """Wait until `/readyz` returns 200."""
        async with httpx.AsyncClient(base_url=self.url) as client, asyncio.timeout(patience_s):
            while True:
                if self.process.poll() is not None:
                    raise AssertionError("serve exited at startup")
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get("/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)

    async def wait_started(self, log: Path) -> None:
        """Wait until the log reports the first worker, for a socket that another service may answer at."""
        async with asyncio.timeout(START_S):
            while '"worker_ready"' not in _end_of(log):  # noqa: ASYNC110  polling is the point
                await asyncio.sleep(0.05)

    async def wait_exited(self) -> int:
        """Wait for the exit; returns the exit code."""
        return await asyncio.to_thread(self.process.wait, START_S)

    async def wait_port_closed(self) -> None:
        """Wait until no process accepts connections at the port."""
        async with asyncio.timeout(START_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except ConnectionRefusedError:
                    return
                except ConnectionResetError:  # the last one exited just now
                    continue
                writer.close()
                await asyncio.sleep(0.05)


def environment(database: str, **changes: str) -> dict[str, str]:
    """The environment of a `serve`, without settings of the test process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WASGO_CHAT_")}
    given = {
        "DATABASE_URL": database_url(database),
        "REDIS_URL": valkey_url(),
        "JWT_SECRET": SECRET,
        "MESSAGE_RATE": "0",
        "ALLOW_UNSAFE_DATABASE": "true",  # the test server has fsync off
        "LOG_LEVEL": "WARNING",
        **changes,
    }
    return {**kept, **{f"WASGO_CHAT_{name}": value for name, value in given.items()}}


@asynccontextmanager
async def serving(
    database: str, log: Path, sock: socket.socket | None = None, /, *, workers: int, **changes: str
) -> AsyncIterator[ServeProcess]:
    """`wasgo-chat serve --workers N`, ready; on a free port, or on an inherited socket."""
    port = free_port() if sock is None else sock.getsockname()[1]
    process = start_serve(port, workers, environment(database, **changes), log, sock)
    settings = Settings(jwt_secret=SECRET)
    running = ServeProcess(process, port, settings)
    try:
        await (running.wait_ready() if sock is None else running.wait_started(log))
        yield running
        process.send_signal(signal.SIGTERM)
        await running.wait_exited()
    except BaseException:
        sys.stderr.write(_end_of(log))
        raise
    finally:
        process.kill()
        process.wait()


def start_serve(
    port: int, workers: int, env: dict[str, str], log: Path, sock: socket.socket | None = None
) -> "subprocess.Popen[bytes]":
    """Start `wasgo-chat serve` without waiting for it."""
    command = [str(COMMAND), "serve", "--workers", str(workers)]
    command += ["--port", str(port)] if sock is None else ["--fd", str(sock.fileno())]
    fds = [] if sock is None else [sock.fileno()]
    with log.open("wb") as out:
        return subprocess.Popen(command, env=env, stdout=out, stderr=out, pass_fds=fds)


def _sockets_of(pid: int) -> set[str]:
    found = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in the meantime
            found.add(fd.readlink().name.removeprefix("socket:[").removesuffix("]"))
    return found


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-4000:]


async def create_job_conversation(served: ServeProcess, users: list[str]) -> Json:
    """Create a job conversation of these users, all with the role `participant`."""
    bearer = mint_service(served.settings, "platform", list(SCOPES), ttl_s=600)
    async with httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {bearer}"}) as client:
        people = [{"user_id": user, "role": "participant"} for user in users]
        response = await client.put(f"/jobs/{new_id()}/conversation/", json={"participants": people})
        assert response.status_code in (200, 201), response.text
        made: Json = response.json()
        return made
