"""The interface of systems: sockets to open, a page of history, and processes to start and observe."""

import http.client
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import jwt

from benchmarks import machine
from benchmarks.cluster import Cluster
from benchmarks.load.client import SocketSpec
from benchmarks.load.controller import ROOT
from wasgo_chat.development.embedded import free_port
from wasgo_chat.server.process import die_with_parent

SECRET = "a-secret-of-the-benchmark-that-is-long-enough"  # noqa: S105  used in benchmarks only
START_TIMEOUT_S = 60.0
DONE_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Page:
    """The request for a page of history."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)


class SystemUnderTest(Protocol):
    """A program under test. `name` identifies it in the tables."""

    name: str
    reaches_other_workers: bool  # whether a message reaches sockets of other workers

    def prepare(self, cluster: Cluster) -> None:
        """Create an empty database and other prerequisites."""

    def command(self, port: int, workers: int) -> list[str]:
        """The command line of the server."""

    def environment(self) -> dict[str, str]:
        """The environment variables of the server."""

    def group(self, members: int, senders: int) -> list[SocketSpec]:
        """Create a conversation; returns one socket per member. The first `senders` of them send."""

    def pairs(self, count: int) -> list[SocketSpec]:
        """Create conversations of two; returns both sockets of each, one of which sends."""

    def history(self, messages: int) -> Page:
        """Create a conversation with messages; returns the request for its last 50."""

    def stored(self) -> int | None:
        """The number of stored messages; None without a database."""

    def has_pending_work(self) -> bool:
        """Whether background work for sent messages is still pending."""


class Running:
    """The running server of a system, as a context manager.

    Args:
        system: the program.
        cluster: the database servers, whose CPU time is reported too.
        workers: number of worker processes.
    """

    def __init__(self, system: SystemUnderTest, cluster: Cluster, workers: int = 1) -> None:
        self.cluster = cluster
        self._system = system
        self.port = free_port()
        self.ready_s = 0.0  # from its start until it is ready
        self._log = cluster.folder / f"{system.name}.log"
        self._started = time.monotonic()
        command = system.command(self.port, workers)
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603  fixed commands
                command, env=system.environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=ROOT,
                preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509  no thread is running yet
            )  # fmt: skip

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._end()
                sys.stderr.write(self._log.read_text(errors="replace")[-4000:])
                raise AssertionError("a server did not start")
            time.sleep(0.01)
        self.ready_s = time.monotonic() - self._started
        machine.wait_for_quiet([self._process.pid])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            sys.stderr.write(self._log.read_text(errors="replace")[-2000:])
        self._end()

    @property
    def pid(self) -> int:
        """Process id of the server; workers are its children."""
        return self._process.pid

    def workers(self) -> list[int]:
        """The process ids of the workers, or of the server itself."""
        own = _command_line(self.pid)  # forked workers have the same
        below = [(pid, _command_line(pid)) for pid in machine.family(self.pid)[1:]]
        return [pid for pid, line in below if line == own or b"spawn_main" in line] or [self.pid]

    def cpu(self) -> dict[str, float]:
        """CPU seconds used by this server, PostgreSQL and Redis so far."""
        return {"server": machine.cpu_s(self.pid), **self.cluster.cpu()}

    def settle(self, *, is_done: bool = True) -> None:
        """Wait until all processes are idle and, if `is_done`, until no background work is pending."""
        deadline = time.monotonic() + DONE_TIMEOUT_S
        machine.wait_for_quiet([self.pid, *self.cluster.pids()])
        while is_done and self._system.has_pending_work():
            if time.monotonic() > deadline:
                raise AssertionError(f"work is still pending {DONE_TIMEOUT_S:.0f} s after the last message")
            machine.wait_for_quiet([self.pid, *self.cluster.pids()])

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _end(self) -> None:
        below = machine.family(self.pid)[1:]
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in below:
            if b"spawn_main" in _command_line(pid):
                os.kill(pid, 9)


def bearer(user_id: str) -> dict[str, str]:
    """The authorization header of a user, valid for all systems."""
    now = int(time.time())
    claims = {"sub": user_id, "username": user_id, "staff": False, "iat": now - 5, "exp": now + 7200,
              "aud": "wasgo-chat", "iss": "wasgo"}  # fmt: skip
    return {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}


def uvicorn_command(python: Path, app: str, port: int, workers: int, *options: str) -> list[str]:
    """uvicorn with the options of the service: uvloop, httptools, sans-I/O WebSockets, no compression or access log."""
    return [
        str(python), "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers),
        "--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false",
        "--no-access-log", "--log-level", "warning", *options,
    ]  # fmt: skip


def clean_environment() -> dict[str, str]:
    """The environment without settings of the service, and with bytecode caching, as for an installed package."""
    excluded = "PYTHONDONTWRITEBYTECODE"
    return {n: value for n, value in os.environ.items() if not n.startswith("WASGO_CHAT_") and n != excluded}


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
