"""The stage of the conformance kit, shared by all tests."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[3]


class Stage:
    """The stage's addresses, and its door."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.url = addresses["url"]
        self.direct = addresses["direct"]
        self.door = addresses["door"]
        self.http = httpx.Client(base_url=self.door, timeout=60)

    def call(self, path: str, body: Any = None) -> Any:
        """One call at the door, for code that is not async."""
        response = self.http.get(path) if body is None else self.http.post(path, json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def token(self, **asked: Any) -> str:
        """A token of a `user`, or of a `service`."""
        found: str = self.call("/token", asked)["token"]
        return found


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """A running stage."""
    command = [str(ROOT / ".venv/bin/python"), "-m", "sdk.conformance.stage"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        started = Stage(json.loads(process.stdout.readline()))
        yield started
        started.http.close()
        process.stdin.close()
        process.wait(60)
