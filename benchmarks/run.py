"""A benchmark run: options, shared servers and results. Scenarios add results, `report` formats them."""

import re
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.cluster import Cluster
from benchmarks.load.client import SocketSpec
from benchmarks.load.controller import Generator
from benchmarks.systems.base import Running, SystemUnderTest

MILLI = 1000.0
CPU_PARTS = r"(server|postgres|redis)_cpu_ms(_\w+)?"
"""The names of the CPU times of a result, which all have the same unit."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The results of a system in one case of a scenario. Names of values end in their units."""

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
        rounds: number of repetitions of a measurement; the median is reported.
    """

    cluster: Cluster
    load: Generator
    quick: bool
    rounds: int
    entries: list[Entry] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def add(self, scenario: str, case: str, who: str, workers: int, **values: Any) -> None:
        """Add a result, with the CPU time of all processes and its ratio to that of `plain`, and print it."""
        values = self._with_totals(scenario, case, who, values)
        self.entries.append(Entry(scenario, case, who, workers, values))
        shown = "  ".join(f"{name} {_short(value)}" for name, value in values.items() if value is not None)
        print(f"{scenario:9} {case:26} {who:16} {workers} worker{'s' * (workers > 1):1} {shown}", flush=True)

    def _with_totals(self, scenario: str, case: str, who: str, values: dict[str, Any]) -> dict[str, Any]:
        """Insert the sum and the ratio after the last CPU time. `plain` is measured first."""
        parts = [name for name in values if re.fullmatch(CPU_PARTS, name)]
        if not parts or who == "asyncpg":
            return values
        total = sum(values[name] for name in parts)
        plain = next((entry.values["all_cpu_ms"] for entry in self.entries
                      if (entry.scenario, entry.case, entry.who) == (scenario, case, "plain")), None)  # fmt: skip
        added = {"all_cpu_ms": round(total, 3), "of_plain": round(total / plain, 3) if plain else None}
        position = list(values).index(parts[-1]) + 1
        items = list(values.items())
        return dict([*items[:position], *added.items(), *items[position:]])

    def log(self, text: str) -> None:
        """Print progress to standard error."""
        print(f"[{time.monotonic() - self.started:4.0f} s] {text}", file=sys.stderr, flush=True)

    @contextmanager
    def serving(self, system: SystemUnderTest, workers: int) -> Iterator[Running]:
        """Run the server of a system; sockets are closed at the end."""
        with Running(system, self.cluster, workers) as running:
            try:
                yield running
            finally:
                self.load.do("close")

    def worker_counts(self) -> Sequence[int]:
        """The numbers of workers to measure with."""
        return (1,) if self.quick else (1, 2)

    def takes_part(self, who: str, system: SystemUnderTest, workers: int) -> bool:
        """Whether a system is measured with this number of workers.

        More than one worker requires that messages reach other workers. Variants (other layers or members), whose names
        differ from their system's, are measured with one worker only.
        """
        return workers == 1 or (system.reaches_other_workers and who == system.name)

    def measured(
        self, running: Running, command: str, *, is_done: bool = True, **arguments: Any
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """Run a generator command. Returns its answer and the CPU seconds until all work is done (`Running.settle`)."""
        before = running.cpu()
        answer = self.load.do(command, **arguments)
        running.settle(is_done=is_done)
        after = running.cpu()
        return answer, {name: after[name] - before[name] for name in before}

    def as_json(self) -> list[dict[str, Any]]:
        """The results as JSON data."""
        return [asdict(entry) for entry in self.entries]


def median(rows: Sequence[dict[str, Any]], name: str) -> float:
    """The median of a value over rounds, ignoring missing values; 0 if there are none."""
    values = [row[name] for row in rows if row.get(name) is not None]
    return statistics.median(values) if values else 0.0


def per_thousand(cpu: dict[str, float], count: int) -> dict[str, float]:
    """CPU milliseconds per thousand units, for the server, PostgreSQL and Redis."""
    each = {f"{name}_cpu_ms": MILLI * MILLI * seconds / max(count, 1) for name, seconds in cpu.items()}
    return {name: round(value, 2) for name, value in each.items()}


def senders_last(specs: list[SocketSpec]) -> list[SocketSpec]:
    """Sort senders last, so that none sends before all sockets are open."""
    return sorted(specs, key=lambda spec: spec.sends)


def _short(value: Any) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
