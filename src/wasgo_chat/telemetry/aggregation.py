"""How the numbers of all workers of a machine become one set.

Once a second a worker writes what it counted (`counts`) into a file of its own; who asks any worker gets the sum of the
files. The supervisor adds the counters of a worker that has ended to a file of the ended, and its gauges go. How the
numbers look to Prometheus is `observability/prometheus.py`'s business.
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

from wasgo_chat.telemetry.counters import COUNTERS, GAUGES, HISTOGRAMS, SECONDS, WorkerCounters

log = structlog.get_logger(__name__)

TICK_S = 1.0
EXITED = "ended"
KEPT_NAMES = 256
_STATM = Path("/proc/self/statm")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SEPARATOR = "\n"

Values = dict[str, float]
"""By the values of labels, `SEPARATOR` between several; without labels by the empty string."""


class HistogramSnapshot(msgspec.Struct, array_like=True):
    """A histogram on its way: counts, bucket by bucket and not added up, and the sum of all values."""

    counts: list[int]
    total: float

    def add(self, other: "HistogramSnapshot") -> None:
        """Make one of both."""
        self.counts = [mine + others for mine, others in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


class MetricsSnapshot(msgspec.Struct):
    """All numbers of a worker, or of several. `names` says of which, in the file of the ended."""

    names: list[str]
    counters: dict[str, Values] = msgspec.field(default_factory=dict)
    histograms: dict[str, HistogramSnapshot] = msgspec.field(default_factory=dict)
    gauges: dict[str, Values] = msgspec.field(default_factory=dict)

    def add(self, other: "MetricsSnapshot") -> None:
        """Make one of both."""
        for name, values in other.counters.items():
            mine = self.counters.setdefault(name, {})
            for labels, value in values.items():
                mine[labels] = mine.get(labels, 0) + value
        for name, heap in other.histograms.items():
            self.histograms.setdefault(name, HistogramSnapshot([0] * len(heap.counts), 0.0)).add(heap)
        for name, values in other.gauges.items():
            _combine(self.gauges.setdefault(name, {}), values, GAUGES[name].aggregation)


class HistogramSummary(TypedDict):
    """`counts[n]` values were at most `bounds[n]` and above the bound before; the last is beyond all of them."""

    bounds: list[float]
    counts: list[int]
    sum: float
    count: int


class MetricsSummary(TypedDict):
    """What an operator looks at, over all workers of this machine.

    `messages`, `deliveries` and `commit_to_write` (seconds) have grown since the service was started; the others are as
    of now. What only the database knows is None while it does not answer.
    """

    workers: int
    sockets: int
    messages: dict[str, int]
    deliveries: int
    commit_to_write: HistogramSummary
    reader_lag_s: float | None
    reader_lag_events: int | None
    dead_letters: int | None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(MetricsSnapshot).decode


class Metrics:
    """One worker's numbers, and its view of those of the others.

    Args:
        worker: its name, another one in each process.
        folder: where the workers of this machine leave their numbers; None where there is only this one.
    """

    def __init__(self, worker: str, folder: Path | None = None) -> None:
        self.counts = WorkerCounters()
        self._worker = worker
        self._folder = folder
        self._late_s = 0.0
        self._read: dict[str, Callable[[], float | Mapping[str, float]]] = {
            "workers": lambda: 1,
            "loop_delay_seconds": lambda: self._late_s,
            "resident_bytes": _resident_bytes,
        }
        self._stored: Callable[[], Awaitable[dict[str, Values]]] | None = None
        self._is_stuck = False

    def register_gauge(self, name: str, read: Callable[[], float | Mapping[str, float]]) -> None:
        """Have a gauge of `GAUGES` read once a second: a number, or numbers by label."""
        if name not in GAUGES:
            raise KeyError(name)
        self._read[name] = read

    def register_database_gauges(self, stored: Callable[[], Awaitable[dict[str, Values]]]) -> None:
        """Have gauges that only the database knows read when somebody looks."""
        self._stored = stored

    async def run(self) -> None:
        """Leave the numbers for the other workers, once a second, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            self.write()
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self._late_s = loop.time() - due

    def write(self) -> None:
        """Leave the numbers for the other workers now."""
        if self._folder is not None:
            self._write_snapshot(self._folder, self.collect())

    def collect(self) -> MetricsSnapshot:
        """This worker's numbers as of now."""
        self.counts.cpu_seconds = time.process_time()
        taken = MetricsSnapshot([self._worker])
        for name in COUNTERS:
            taken.counters[name] = _by_label(getattr(self.counts, name))
        for name in HISTOGRAMS:
            histogram = getattr(self.counts, name)
            taken.histograms[name] = HistogramSnapshot(list(histogram.counts), histogram.total)
        for name, read in self._read.items():
            taken.gauges[name] = _by_label(read())
        return taken

    async def aggregate(self) -> MetricsSnapshot:
        """The numbers of all workers of this machine; those of the others are up to a second old."""
        whole = self.collect()
        if self._folder is not None:
            self._write_snapshot(self._folder, whole)  # nobody may find less later: to Prometheus that is a restart
            await asyncio.to_thread(self._add_others, self._folder, whole)
        if self._stored is not None:
            whole.gauges.update(await self._stored())
        return whole

    def _add_others(self, folder: Path, whole: MetricsSnapshot) -> None:
        for other in _others(folder, self._worker):
            whole.add(other)

    def _write_snapshot(self, folder: Path, snapshot: MetricsSnapshot) -> None:
        """A full disk costs the numbers and nothing else."""
        try:
            _put(folder / f"{os.getpid()}.json", snapshot)
        except OSError as error:
            if not self._is_stuck:
                log.warning("metrics_not_written", error=type(error).__name__)
            self._is_stuck = True
        else:
            self._is_stuck = False

    async def summary(self) -> MetricsSummary:
        """The current figures of this machine."""
        whole = await self.aggregate()
        written = whole.histograms["commit_to_write_seconds"]
        written.add(whole.histograms["commit_to_write_elsewhere_seconds"])
        lag_s, lag, dead = (
            whole.gauges.get(name) for name in ("reader_lag_seconds", "reader_lag_events", "dead_letters")
        )
        return {
            "workers": int(whole.gauges["workers"][""]),
            "sockets": int(whole.gauges.get("sockets", {}).get("", 0)),
            "messages": {key: int(value) for key, value in whole.counters["messages"].items()},
            "deliveries": int(whole.counters["deliveries"][""]),
            "commit_to_write": {
                "bounds": list(SECONDS),
                "counts": written.counts,
                "sum": written.total,
                "count": sum(written.counts),
            },
            "reader_lag_s": None if lag_s is None else max(lag_s.values(), default=0.0),
            "reader_lag_events": None if lag is None else int(max(lag.values(), default=0)),
            "dead_letters": None if dead is None else int(dead.get("", 0)),
        }


def merge_exited_worker(folder: Path, pid: int) -> None:
    """Add the counters of a worker that has ended to those of the ended; its gauges go.

    For the supervisor alone. The file of the ended names whom it has, and is written before the worker's own goes: who
    reads meanwhile finds a worker in both, and counts it once.
    """
    mine = folder / f"{pid}.json"
    gone = _get(mine)
    if gone is not None:
        ended = _get(folder / f"{EXITED}.json") or MetricsSnapshot([])
        gone.gauges.clear()
        ended.add(gone)
        ended.names = [*ended.names, *gone.names][-KEPT_NAMES:]
        _put(folder / f"{EXITED}.json", ended)
    with contextlib.suppress(FileNotFoundError):
        mine.unlink()


def _others(folder: Path, worker: str) -> Iterable[MetricsSnapshot]:
    """The file of the ended is read last: whoever ends meanwhile is in one of both."""
    living = [_get(path) for path in folder.glob("*.json") if path.stem != EXITED]
    ended = _get(folder / f"{EXITED}.json") or MetricsSnapshot([])
    yield ended
    for one in living:
        if one is not None and one.names != [worker] and one.names[0] not in ended.names:
            yield one


def _get(path: Path) -> MetricsSnapshot | None:
    try:
        return _decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None


def _put(path: Path, snapshot: MetricsSnapshot) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(_encode(snapshot))
    beside.replace(path)


def _by_label(value: Any) -> Values:
    """A number, or numbers by label or labels, as they travel."""
    if not isinstance(value, Mapping):
        return {"": value}
    return {key if isinstance(key, str) else SEPARATOR.join(key): number for key, number in value.items()}


def _combine(mine: Values, others: Values, over_workers: Literal["sum", "min", "max"]) -> None:
    for labels, value in others.items():
        if labels not in mine:
            mine[labels] = value
        elif over_workers == "sum":
            mine[labels] += value
        else:
            mine[labels] = min(mine[labels], value) if over_workers == "min" else max(mine[labels], value)


def _resident_bytes() -> int:
    """See proc_pid_statm(5); 0 where there is no such thing."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0
