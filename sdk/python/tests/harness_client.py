"""The harness of the conformance kit, as a fixture that all tests share."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[3]


class Harness:
    """The URLs of the harness, and a client for its control API."""

    def __init__(self, urls: dict[str, str]) -> None:
        self.url = urls["url"]
        self.direct = urls["direct"]
        self.control = urls["control"]
        self.http = httpx.Client(base_url=self.control, timeout=60)

    def call(self, path: str, body: Any = None) -> Any:
        """Call the control API, for synchronous code."""
        response = self.http.get(path) if body is None else self.http.post(path, json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def token(self, **body: Any) -> str:
        """Issue a token for a `user`, or for a `service`."""
        token: str = self.call("/token", body)["token"]
        return token


@pytest.fixture(scope="session")
def harness() -> Iterator[Harness]:
    """A running harness."""
    command = [str(ROOT / ".venv/bin/python"), "-m", "sdk.conformance.harness"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        client = Harness(json.loads(process.stdout.readline()))
        yield client
        client.http.close()
        process.stdin.close()
        process.wait(60)
