"""Aggregation of the metrics of all workers of a machine.

Once a second each worker writes a snapshot of its counters to a separate file; a worker that is scraped adds up the
files. When a worker exits, the supervisor adds its counters to the file of exited workers and drops its gauges.
`observability/prometheus.py` renders the result.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict

import msgspec
import structlog

from wasgo_chat.telemetry.counters import GAUGES, SECONDS, WorkerCounters

log = structlog.get_logger(__name__)

TICK_S = 1.0
EXITED = "ended"
"""Name of the file with the counters of exited workers."""
MAX_EXITED_NAMES = 256
_STATM = Path("/proc/self/statm")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SEPARATOR = "\n"

Values = dict[str, float]
"""Values by label values, joined with `SEPARATOR`; the key is empty for a metric without labels."""


class HistogramSnapshot(msgspec.Struct, array_like=True):
    """A histogram as it is exchanged between workers: counts per bucket (not cumulative) and the sum of all values."""

    counts: list[int]
    total: float

    def add(self, other: "HistogramSnapshot") -> None:
        """Add another worker's histogram to this one."""
        self.counts = [count + other_count for count, other_count in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


class MetricsSnapshot(msgspec.Struct):
    """All metrics of one worker, or of several. `names` lists the workers that are included."""

    names: list[str]
    counters: dict[str, Values] = msgspec.field(default_factory=dict)
    histograms: dict[str, HistogramSnapshot] = msgspec.field(default_factory=dict)
    gauges: dict[str, Values] = msgspec.field(default_factory=dict)

    def add(self, other: "MetricsSnapshot") -> None:
        """Add another worker's metrics to these."""
        for name, values in other.counters.items():
            totals = self.counters.setdefault(name, {})
            for labels, value in values.items():
                totals[labels] = totals.get(labels, 0) + value
        for name, histogram in other.histograms.items():
            empty = HistogramSnapshot([0] * len(histogram.counts), 0.0)
            self.histograms.setdefault(name, empty).add(histogram)
        for name, values in other.gauges.items():
            _combine(self.gauges.setdefault(name, {}), values, GAUGES[name].aggregation)


class HistogramSummary(TypedDict):
    """`counts[n]` values were at most `bounds[n]` and above the previous bound; the last count is above all bounds."""

    bounds: list[float]
    counts: list[int]
    sum: float
    count: int


class MetricsSummary(TypedDict):
    """The key figures of all workers of this machine, for the operator page.

    `messages`, `deliveries` and `commit_to_write` (seconds) are totals since the service was started; the others are
    current values. Values from the database are None while it does not respond.
    """

    workers: int
    sockets: int
    messages: dict[str, int]
    deliveries: int
    commit_to_write: HistogramSummary
    consumer_lag_s: float | None
    consumer_lag_events: int | None
    dead_deliveries: int | None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(MetricsSnapshot).decode


class Metrics:
    """The metrics of one worker, and its view of those of the other workers.

    Args:
        worker: unique name of this worker process.
        folder: where the workers of this machine exchange snapshots; None for a single worker.
        workers: how many workers report to the folder if all are running.
    """

    def __init__(self, worker: str, folder: Path | None = None, *, workers: int = 1) -> None:
        self.counts = WorkerCounters()
        self._worker = worker
        self._folder = folder
        self._loop_delay_s = 0.0
        self._gauges: dict[str, Callable[[], float | Mapping[str, float]]] = {
            "workers": lambda: 1,
            "workers_expected": lambda: workers,
            "loop_delay_seconds": lambda: self._loop_delay_s,
            "resident_bytes": _resident_bytes,
        }
        self._read_database_gauges: Callable[[], Awaitable[dict[str, Values]]] | None = None
        self._write_failed = False

    def register_gauge(self, name: str, read: Callable[[], float | Mapping[str, float]]) -> None:
        """Register the function that reads a gauge of `GAUGES`: it returns a number, or numbers by label value."""
        if name not in GAUGES:
            raise KeyError(name)
        self._gauges[name] = read

    def register_database_gauges(self, read: Callable[[], Awaitable[dict[str, Values]]]) -> None:
        """Register the function that reads gauges from the database. It is called per scrape only."""
        self._read_database_gauges = read

    async def run(self) -> None:
        """Write a snapshot for the other workers once a second, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self.write()
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self._loop_delay_s = loop.time() - due

    def write(self) -> None:
        """Write a snapshot for the other workers now."""
        if self._folder is not None:
            self._write_snapshot(self._folder, self.collect())

    def collect(self) -> MetricsSnapshot:
        """A snapshot of this worker's metrics."""
        self.counts.cpu_seconds = time.process_time()
        return MetricsSnapshot(
            [self._worker],
            counters={name: _by_label(value) for name, value in self.counts.counters().items()},
            histograms={
                name: HistogramSnapshot(list(histogram.counts), histogram.total)
                for name, histogram in self.counts.histograms().items()
            },
            gauges={name: _by_label(read()) for name, read in self._gauges.items()},
        )

    async def aggregate(self) -> MetricsSnapshot:
        """The metrics of all workers of this machine; those of other workers are up to one second old."""
        total = self.collect()
        if self._folder is not None:
            # Written before it is reported: if a later scrape saw less, Prometheus would take it for a counter reset.
            self._write_snapshot(self._folder, total)
            await asyncio.to_thread(self._add_others, self._folder, total)
        if self._read_database_gauges is not None:
            total.gauges.update(await self._read_database_gauges())
        return total

    def _add_others(self, folder: Path, total: MetricsSnapshot) -> None:
        for other in _other_workers(folder, self._worker):
            total.add(other)

    def _write_snapshot(self, folder: Path, snapshot: MetricsSnapshot) -> None:
        """Write the snapshot; on a full disk only the metrics are lost."""
        try:
            _write(folder / f"{os.getpid()}.json", snapshot)
        except OSError as error:
            if not self._write_failed:
                log.warning("metrics_write_failed", error=type(error).__name__)
            self._write_failed = True
        else:
            self._write_failed = False

    async def summary(self) -> MetricsSummary:
        """The current key figures of this machine."""
        total = await self.aggregate()
        latency = total.histograms["commit_to_write_seconds"]
        latency.add(total.histograms["commit_to_write_elsewhere_seconds"])
        lag_s = total.gauges.get("consumer_lag_seconds")
        lag_events = total.gauges.get("consumer_lag_events")
        dead = total.gauges.get("dead_deliveries")
        return {
            "workers": int(total.gauges["workers"][""]),
            "sockets": int(total.gauges.get("sockets", {}).get("", 0)),
            "messages": {key: int(value) for key, value in total.counters["messages"].items()},
            "deliveries": int(total.counters["deliveries"][""]),
            "commit_to_write": {
                "bounds": list(SECONDS),
                "counts": latency.counts,
                "sum": latency.total,
                "count": sum(latency.counts),
            },
            "consumer_lag_s": None if lag_s is None else max(lag_s.values(), default=0.0),
            "consumer_lag_events": None if lag_events is None else int(max(lag_events.values(), default=0)),
            "dead_deliveries": None if dead is None else int(dead.get("", 0)),
        }


def merge_exited_worker(folder: Path, pid: int) -> None:
    """Add the counters of a worker that exited to those of all exited workers; its gauges are dropped.

    Called by the supervisor only. The file of exited workers lists whom it includes and is written before the worker's
    own file is removed, so a concurrent reader that finds the worker in both counts it once.
    """
    path = folder / f"{pid}.json"
    worker = _read(path)
    if worker is not None:
        exited = _read(folder / f"{EXITED}.json") or MetricsSnapshot([])
        worker.gauges.clear()
        exited.add(worker)
        exited.names = [*exited.names, *worker.names][-MAX_EXITED_NAMES:]
        _write(folder / f"{EXITED}.json", exited)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def _other_workers(folder: Path, worker: str) -> Iterable[MetricsSnapshot]:
    """The file of exited workers is read last: a worker that exits meanwhile is in at least one of the files."""
    running = [_read(path) for path in folder.glob("*.json") if path.stem != EXITED]
    exited = _read(folder / f"{EXITED}.json") or MetricsSnapshot([])
    yield exited
    for snapshot in running:
        if snapshot is not None and snapshot.names != [worker] and snapshot.names[0] not in exited.names:
            yield snapshot


def _read(path: Path) -> MetricsSnapshot | None:
    try:
        return _decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None


def _write(path: Path, snapshot: MetricsSnapshot) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_bytes(_encode(snapshot))
    temporary.replace(path)


def _by_label(value: Any) -> Values:
    """Convert a number, or numbers by label value or tuple of values, to `Values`."""
    if not isinstance(value, Mapping):
        return {"": value}
    return {key if isinstance(key, str) else SEPARATOR.join(key): number for key, number in value.items()}


def _combine(totals: Values, others: Values, aggregation: Literal["sum", "min", "max"]) -> None:
    for labels, value in others.items():
        if labels not in totals:
            totals[labels] = value
        elif aggregation == "sum":
            totals[labels] += value
        else:
            totals[labels] = min(totals[labels], value) if aggregation == "min" else max(totals[labels], value)


def _resident_bytes() -> int:
    """Resident set size, see proc_pid_statm(5); 0 on systems without /proc."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0
