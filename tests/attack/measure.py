"""What an attack costs the service: memory and CPU time of its processes, and lines of its log."""

import asyncio
import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.processes import ServeProcess

SAMPLE_S = 0.1
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def memory_mb(pid: int) -> float:
    """The resident set of a process; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / 1e6
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def cpu_s(pid: int, *, with_children: bool = False) -> float:
    """CPU time of a process since its start, and of its children that have ended; 0 if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(value) for value in fields[11 : 15 if with_children else 13]) / TICKS_PER_S


def tree_cpu_s(pid: int) -> float:
    """CPU time of a process and its children, running or ended."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        children = []
    return cpu_s(pid, with_children=True) + sum(cpu_s(int(child)) for child in children)


def machine_cpu_s() -> float:
    """CPU time that the machine has spent, on all cores and for all programs."""
    user, nice, system, _idle, _iowait, irq, softirq = Path("/proc/stat").read_text().split()[1:8]
    return sum(int(value) for value in (user, nice, system, irq, softirq)) / TICKS_PER_S


def family_cpu_s(roots: Iterable[int]) -> float:
    """CPU time of processes and all their descendants, running or ended."""
    parents: dict[int, tuple[int, float]] = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdecimal():
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(fields[1]), sum(int(value) for value in fields[11:15]) / TICKS_PER_S
    family = set(roots)
    while found := {pid for pid, (parent, _) in parents.items() if parent in family} - family:
        family |= found
    return sum(parents[pid][1] for pid in family if pid in parents)


class OtherPrograms:
    """How many cores the programs that have nothing to do with a run keep busy.

    Args:
        roots: the processes of the run; their descendants count, too.
    """

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = tuple(roots)
        self._began = time.monotonic()
        self._before = self._read()

    def cores(self) -> float:
        return max(0.0, (self._read() - self._before) / (time.monotonic() - self._began))

    def _read(self) -> float:
        return machine_cpu_s() - family_cpu_s(self._roots)


@dataclass
class Cost:
    """The cost of one attack."""

    workers_cpu_s: float = 0.0
    database_cpu_s: float = 0.0
    memory_before_mb: float = 0.0
    growth_mb: float = 0.0
    killed: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)


class Meter:
    """Measures a running service between `start` and `stop`."""

    def __init__(self, served: ServeProcess, database: int, log: Path) -> None:
        self._served = served
        self._database = database
        self._log = log
        self._cost = Cost()
        self._before: dict[int, float] = {}
        self._offset = 0
        self._cpu: dict[int, float] = {}
        self._cpu_last: dict[int, float] = {}
        self._database_cpu = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        workers = self._served.workers()
        self._before = {pid: memory_mb(pid) for pid in workers}
        self._cpu = {pid: cpu_s(pid) for pid in workers}
        self._cpu_last = {**self._cpu}
        self._database_cpu = tree_cpu_s(self._database)
        self._offset = self._log.stat().st_size
        self._cost = Cost(memory_before_mb=max(self._before.values(), default=0.0))
        self._task = asyncio.create_task(self._sample())

    def stop_cpu(self) -> None:
        """The attack is over; memory and log are watched further."""
        self._read_cpu()
        self._cost.workers_cpu_s = sum(value - self._cpu.get(pid, 0.0) for pid, value in self._cpu_last.items())
        self._cost.database_cpu_s = tree_cpu_s(self._database) - self._database_cpu

    def stop(self) -> Cost:
        assert self._task is not None
        self._task.cancel()
        self._read_log()
        return self._cost

    async def _sample(self) -> None:
        while True:
            for pid in self._served.workers():
                before = self._before.get(pid, self._cost.memory_before_mb)
                self._cost.growth_mb = max(self._cost.growth_mb, memory_mb(pid) - before)
            self._read_cpu()
            await asyncio.sleep(SAMPLE_S)

    def _read_cpu(self) -> None:
        for pid in self._served.workers():
            self._cpu_last[pid] = max(self._cpu_last.get(pid, 0.0), cpu_s(pid))

    def _read_log(self) -> None:
        with self._log.open("rb") as log:
            log.seek(self._offset)
            for line in log:
                if b'"level":"info"' in line or b'"level":"debug"' in line:
                    continue
                try:
                    entry = json.loads(line)
                except ValueError:
                    self._cost.errors["not JSON"] += 1
                    continue
                event = str(entry.get("event"))[:60]
                if event in ("worker_killed", "worker_died"):
                    self._cost.killed += event == "worker_killed"
                    self._cost.errors[event] += 1
                elif entry.get("level") == "warning":
                    self._cost.warnings[event] += 1
                else:
                    self._cost.errors[event] += 1
