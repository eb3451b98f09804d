"""The floors: a plain FastAPI broadcast and a raw transport. Neither stores anything, so there is nothing to fill."""

import sys
from pathlib import Path

from benchmarks.cluster import Cluster
from benchmarks.contestants.base import Page, clean_environment, uvicorn_command
from benchmarks.load.peer import Place


class Plain:
    """FastAPI and uvicorn, `send_text` to each of a set of sockets."""

    name = "plain"
    hears_others = False

    def prepare(self, cluster: Cluster) -> None:
        """Nothing to prepare."""

    def command(self, port: int, workers: int) -> list[str]:
        """See `Contestant.command`."""
        return uvicorn_command(Path(sys.executable), "benchmarks.peers.plain:app", port, workers)

    def environment(self) -> dict[str, str]:
        """See `Contestant.environment`."""
        return clean_environment()

    def group(self, members: int, senders: int) -> list[Place]:
        """See `Contestant.group`."""
        return [Place("/ws/chat/c1/", {}, n < senders) for n in range(members)]

    def pairs(self, count: int) -> list[Place]:
        """See `Contestant.pairs`."""
        return [Place(f"/ws/chat/p{n // 2}/", {}, n % 2 == 0) for n in range(2 * count)]

    def history(self, messages: int) -> Page:
        """Fifty messages from memory, however many there should be."""
        return Page("/chat/messages/")

    def stored(self) -> int | None:
        """Nothing is stored."""
        return None

    def is_behind(self) -> bool:
        """Nothing is left for later."""
        return False


class Raw(Plain):
    """asyncio transports and bytes: the ceiling of the load generator."""

    name = "raw"

    def command(self, port: int, workers: int) -> list[str]:
        """See `Contestant.command`."""
        return [sys.executable, "-m", "benchmarks.peers.raw", str(port)]
