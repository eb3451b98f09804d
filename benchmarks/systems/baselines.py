"""Baselines without a database: a plain FastAPI broadcast and a raw transport."""

import sys
from pathlib import Path

from benchmarks.cluster import Cluster
from benchmarks.load.client import SocketSpec
from benchmarks.systems.base import Page, clean_environment, uvicorn_command


class Plain:
    """FastAPI and uvicorn; calls `send_text` for each of a set of sockets."""

    name = "plain"
    reaches_other_workers = False

    def prepare(self, cluster: Cluster) -> None:
        """Do nothing."""

    def command(self, port: int, workers: int) -> list[str]:
        return uvicorn_command(Path(sys.executable), "benchmarks.reference_apps.plain:app", port, workers)

    def environment(self) -> dict[str, str]:
        return clean_environment()

    def group(self, members: int, senders: int) -> list[SocketSpec]:
        return [SocketSpec("/ws/chat/c1/", {}, n < senders) for n in range(members)]

    def pairs(self, count: int) -> list[SocketSpec]:
        return [SocketSpec(f"/ws/chat/p{n // 2}/", {}, n % 2 == 0) for n in range(2 * count)]

    def history(self, messages: int) -> Page:
        """Returns a page of fifty messages from memory."""
        return Page("/chat/messages/")

    def stored(self) -> int | None:
        return None

    def has_pending_work(self) -> bool:
        return False


class Raw(Plain):
    """asyncio transports and bytes: measures the limit of the load generator."""

    name = "raw"

    def command(self, port: int, workers: int) -> list[str]:
        return [sys.executable, "-m", "benchmarks.reference_apps.raw", str(port)]
