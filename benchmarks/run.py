"""One run: its options, the shared servers, and what was measured so far. Scenarios add to it; `report` shows it."""

import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.cluster import Cluster
from benchmarks.contestants.base import Contestant, Running
from benchmarks.load.peer import Place
from benchmarks.load.steer import Generator

MILLI = 1000.0


@dataclass(frozen=True, slots=True)
class Entry:
    """What one contestant reached in one case of a scenario. Names of values end in their units."""

    scenario: str
    case: str
    who: str
    workers: int
    values: dict[str, Any]


@dataclass(slots=True)
class Run:
    """Options and results.

    Attributes:
        quick: one worker, without Channels, short rounds.
        rounds: how often a short measurement is repeated; its median counts.
    """

    cluster: Cluster
    load: Generator
    quick: bool
    rounds: int
    entries: list[Entry] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def add(self, scenario: str, case: str, who: str, workers: int, **values: Any) -> None:
        """Keep a result and say it at once."""
        self.entries.append(Entry(scenario, case, who, workers, values))
        shown = "  ".join(f"{name} {_short(value)}" for name, value in values.items() if value is not None)
        print(f"{scenario:9} {case:26} {who:16} {workers} worker{'s' * (workers > 1):1} {shown}", flush=True)

    def say(self, text: str) -> None:
        """A word on standard error."""
        print(f"[{time.monotonic() - self.started:4.0f} s] {text}", file=sys.stderr, flush=True)

    @contextmanager
    def serving(self, contestant: Contestant, workers: int) -> Iterator[Running]:
        """A contestant's server; its sockets are closed at the end."""
        with Running(contestant, self.cluster, workers) as running:
            try:
                yield running
            finally:
                self.load.do("close")

    def worker_counts(self) -> Sequence[int]:
        """How many workers the contestants that can are measured with."""
        return (1,) if self.quick else (1, 2)

    def takes_part(self, who: str, contestant: Contestant, workers: int) -> bool:
        """Whether it is measured with so many workers: more than one only where they hear each other, and without
        variants (another layer, other members), which are named otherwise than their contestant.
        """
        return workers == 1 or (contestant.hears_others and who == contestant.name)

    def measured(
        self, running: Running, command: str, *, is_done: bool = True, **arguments: Any
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """A command of the generator; its answer, and the CPU seconds it cost until all was done (`Running.settle`)."""
        before = running.cpu()
        answer = self.load.do(command, **arguments)
        running.settle(is_done=is_done)
        after = running.cpu()
        return answer, {name: after[name] - before[name] for name in before}

    def as_json(self) -> list[dict[str, Any]]:
        """The results for a file."""
        return [asdict(entry) for entry in self.entries]


def median(rows: Sequence[dict[str, Any]], name: str) -> float:
    """The median of a value over rounds; what is missing counts as nothing."""
    found = [row[name] for row in rows if row.get(name) is not None]
    return statistics.median(found) if found else 0.0


def per_thousand(cpu: dict[str, float], count: int) -> dict[str, float]:
    """CPU milliseconds for a thousand of something: server, PostgreSQL, Redis."""
    each = {f"{name}_cpu_ms": MILLI * MILLI * seconds / max(count, 1) for name, seconds in cpu.items()}
    return {name: round(value, 2) for name, value in each.items()}


def senders_last(places: list[Place]) -> list[Place]:
    """Senders open last, so that none speaks to a half-open crowd."""
    return sorted(places, key=lambda place: place.sends)


def _short(value: Any) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
