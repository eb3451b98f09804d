"""What every contestant offers a scenario: places for sockets, a page of history, processes to start and to watch."""

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
from benchmarks.load.peer import Place
from benchmarks.load.steer import ROOT
from wasgo_chat.development.embedded import free_port
from wasgo_chat.server.process import die_with_parent

SECRET = "a-secret-of-the-benchmark-that-is-long-enough"  # noqa: S105  of this run only
START_S = 60.0
DONE_S = 120.0


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page of history is."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)


class Contestant(Protocol):
    """One that is measured. `name` is its column in the tables."""

    name: str
    hears_others: bool  # whether a message reaches sockets of other workers

    def prepare(self, cluster: Cluster) -> None:
        """Make an empty database, and whatever else it starts from."""

    def command(self, port: int, workers: int) -> list[str]:
        """How it is started."""

    def environment(self) -> dict[str, str]:
        """The variables of its process."""

    def group(self, members: int, senders: int) -> list[Place]:
        """One conversation and the socket of each of its members, the first of whom send."""

    def pairs(self, count: int) -> list[Place]:
        """Conversations of two, and both their sockets; one of each sends."""

    def history(self, messages: int) -> Page:
        """A conversation with so many messages; its last page of 50."""

    def stored(self) -> int | None:
        """How many messages its database holds; None without one."""

    def is_behind(self) -> bool:
        """Whether work for what was sent is still to be done, even if nobody is at it right now."""


class Running:
    """A contestant's server while it runs; a context manager that ends it.

    Args:
        contestant: who.
        cluster: whose CPU time is reported beside.
        workers: processes that serve.
    """

    def __init__(self, contestant: Contestant, cluster: Cluster, workers: int = 1) -> None:
        self.cluster = cluster
        self._contestant = contestant
        self.port = free_port()
        self.ready_s = 0.0  # from its start to its first answer that it can serve
        self._log = cluster.folder / f"{contestant.name}.log"
        self._started = time.monotonic()
        command = contestant.command(self.port, workers)
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603  our own contestants
                command, env=contestant.environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=ROOT,
                preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509  before any thread is started
            )  # fmt: skip

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_S
        while not self._answers():
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
        """The process that was started; workers are below it."""
        return self._process.pid

    def workers(self) -> list[int]:
        """The processes that take connections: those below, or itself."""
        own = _command_line(self.pid)  # which forked workers share
        below = [(pid, _command_line(pid)) for pid in machine.family(self.pid)[1:]]
        return [pid for pid, line in below if line == own or b"spawn_main" in line] or [self.pid]

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far of this server, PostgreSQL and Redis."""
        return {"server": machine.cpu_s(self.pid), **self.cluster.cpu()}

    def settle(self, *, is_done: bool = True) -> None:
        """Wait until nothing of what was asked is still being worked on, and by default until all of it is done."""
        deadline = time.monotonic() + DONE_S
        machine.wait_for_quiet([self.pid, *self.cluster.pids()])
        while is_done and self._contestant.is_behind():
            if time.monotonic() > deadline:
                raise AssertionError(f"work is left {DONE_S:.0f} s after the last message")
            machine.wait_for_quiet([self.pid, *self.cluster.pids()])

    def _answers(self) -> bool:
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
    """The header of a user, the same for all who check tokens."""
    now = int(time.time())
    claims = {"sub": user_id, "username": user_id, "staff": False, "iat": now - 5, "exp": now + 7200,
              "aud": "wasgo-chat", "iss": "wasgo"}  # fmt: skip
    return {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}


def uvicorn_command(python: Path, app: str, port: int, workers: int, *more: str) -> list[str]:
    """uvicorn as the service runs it: uvloop, httptools, the sans-io WebSocket, no deflate, no access log."""
    return [
        str(python), "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers),
        "--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio", "--ws-per-message-deflate", "false",
        "--no-access-log", "--log-level", "warning", *more,
    ]  # fmt: skip


def clean_environment() -> dict[str, str]:
    """Ours, without settings of the service that happen to be set, and with bytecode kept, as an installed package has
    it: Python would compile the service at every start.
    """
    left_out = "PYTHONDONTWRITEBYTECODE"
    return {n: value for n, value in os.environ.items() if not n.startswith("WASGO_CHAT_") and n != left_out}


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
