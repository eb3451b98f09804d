"""Controls a generator process."""

import json
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.load.client import SocketSpec

ROOT = Path(__file__).parents[2]
ANSWER_TIMEOUT_S = 300.0


class LoadFailed(Exception):
    """A command of the generator failed; the message says why."""


class Generator:
    """A generator process, as a context manager."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "benchmarks.load"]
        self._process = subprocess.Popen(  # noqa: S603  our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def do(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Run a command and return its answer.

        Raises:
            LoadFailed: the command failed or timed out.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, arguments]) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWER_TIMEOUT_S)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            raise LoadFailed(f"the generator did not answer to {command!r}")
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise LoadFailed(f"{command}: {answer['failed']}")
        return answer

    def open(self, port: int, specs: list[SocketSpec], *, fan: int, concurrency: int = 10) -> dict[str, Any]:
        """Open sockets, see `Clients.open`."""
        plain = [{"path": spec.path, "headers": spec.headers, "sends": spec.sends} for spec in specs]
        return self.do("open", port=port, specs=plain, fan=fan, concurrency=concurrency)
