"""The metrics of a worker: one declaration per counter, histogram and gauge.

A counter or histogram is a field of `WorkerCounters`, declared with its help text and labels. Code increments plain
attributes, once per batch or fan-out: hundreds of thousands of deliveries per second go through here, so no metrics
library is involved. Gauges are declared in `GAUGES` and read once a second (`Metrics.register_gauge`). `aggregation`
combines the values of several workers, `observability/prometheus.py` renders them.
"""

# ruff: noqa: RUF009  the helpers below return dataclass fields

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import product
from typing import Any, Literal

from wasgo_chat.core.close_codes import CloseCode

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

RECONCILER_FINDINGS = ("events", "read_receipts", "rewinds", "epochs")
REFUSALS = (
    *("message", "read", "write", "upload", "ticket", "frame", "address", "failure"),
    *("megapixels", "person", "push_subscription", "refused_frame", "refused_request", "connect"),
    *("concurrent_request", "decoding"),
    *("waiting_sends", "opening_sockets", "sockets_of_user", "sockets_of_address"),
)
POOLS = ("request", "background", "keyed")
CLOSE_CODES = tuple(str(int(code)) for code in CloseCode if code.sender == "gateway")
REPLICA_READS = ("answered", "stale", "failed", "none")
PURGE_OUTCOMES = ("done", "deferred", "failed")
DELIVERY_OUTCOMES = tuple(product(("email", "push", "webhook"), ("sent", "retrying", "dead", "gone")))


class Histogram:
    """Counts of observed values per bucket: at most each of `bounds`, or above the last one."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Record a value, `times` times."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times


@dataclass(frozen=True, slots=True)
class CounterSpec:
    """How a counter is exported."""

    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HistogramSpec:
    """How a histogram is exported, and the upper bounds of its buckets."""

    help: str
    bounds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GaugeSpec:
    """How a gauge is exported, and how the values of several workers are combined."""

    help: str
    labels: tuple[str, ...] = ()
    aggregation: Literal["sum", "min", "max"] = "sum"


def _counter(help_text: str) -> Any:
    return field(default=0, metadata={"spec": CounterSpec(help_text)})


def _labelled(help_text: str, *labels: str, values: Sequence[Any] = ()) -> Any:
    """A counter by label value; with several labels, the key is a tuple of their values.

    Label values known in advance start at 0: Prometheus sees no increase in a series that first appears with the value
    1, so an alert would miss the first occurrence.
    """
    return field(
        default_factory=lambda: Counter(dict.fromkeys(values, 0)), metadata={"spec": CounterSpec(help_text, labels)}
    )


def _histogram(help_text: str, bounds: tuple[float, ...] = SECONDS) -> Any:
    return field(default_factory=lambda: Histogram(bounds), metadata={"spec": HistogramSpec(help_text, bounds)})


@dataclass(eq=False, slots=True)
class WorkerCounters:
    """Everything that a worker has counted since it was started."""

    messages: Counter[str] = _labelled("Messages stored.", "type")
    deliveries: int = _counter("Events written to sockets, counted per event and socket, replays included.")
    frames_in: Counter[str] = _labelled("Frames received from clients; unparsable ones are `malformed`.", "type")
    frames_out: Counter[str] = _labelled("Frames written to sockets.", "type")
    socket_opens: int = _counter("WebSocket connections accepted.")
    socket_closes: Counter[str] = _labelled(
        "Sockets closed by the service, by close code; 4408 are slow consumers.", "code", values=CLOSE_CODES
    )
    events_replayed: int = _counter("Events replayed from the log to sockets that had reconnected or lagged.")
    resyncs: int = _counter("`resync` frames sent.")
    gaps_filled: int = _counter("Pages that the hub read from the log to fill gaps between publications.")
    reconciler_findings: Counter[str] = _labelled(
        "Conversations in which the reconciler found missed updates.", "what", values=RECONCILER_FINDINGS
    )
    feed_events: int = _counter("Events appended to the feed.")
    consumer_events: Counter[str] = _labelled("Events processed by a consumer of the feed.", "consumer")
    sends_outside_batch: int = _counter("Messages stored in a transaction of their own because no batch could.")
    refusals: Counter[str] = _labelled(
        "Requests, frames and tokens rejected by a rate or capacity limit.", "kind", values=REFUSALS
    )
    pool_waits: Counter[str] = _labelled(
        "Times that a transaction found all connections of its pool in use.", "pool", values=POOLS
    )
    pool_timeouts: Counter[str] = _labelled(
        "Times that no connection of a pool became free in time.", "pool", values=POOLS
    )
    http_requests: Counter[tuple[str, str, str]] = _labelled("HTTP requests answered.", "method", "route", "status")
    replica_reads: Counter[str] = _labelled(
        "Reads eligible for a replica, by outcome.", "outcome", values=REPLICA_READS
    )
    notification_deliveries: Counter[tuple[str, str]] = _labelled(
        "Attempts to deliver an e-mail, push or webhook, by outcome.", "channel", "outcome", values=DELIVERY_OUTCOMES
    )
    purges: Counter[str] = _labelled(
        "Conversations processed by the retention purge, by outcome.", "outcome", values=PURGE_OUTCOMES
    )
    cpu_seconds: float = _counter("CPU time used by the workers.")

    send_to_commit_seconds: Histogram = _histogram("Time from accepting a message to its commit.")
    commit_to_write_seconds: Histogram = _histogram(
        "Time from a message's commit to its last write to a socket of the same worker."
    )
    commit_to_write_elsewhere_seconds: Histogram = _histogram(
        "Time from a message's commit to its last write to a socket of another worker."
    )
    http_request_seconds: Histogram = _histogram("Time from a request's headers to the end of its response.")
    batch_messages: Histogram = _histogram("Messages per group commit.", SIZES)

    def counters(self) -> dict[str, Any]:
        """The values of all counters by name: a number, or a `Counter` by label values."""
        return {name: getattr(self, name) for name in COUNTERS}

    def histograms(self) -> dict[str, Histogram]:
        """All histograms by name."""
        return {name: getattr(self, name) for name in HISTOGRAMS}


_SPECS = {declared.name: declared.metadata["spec"] for declared in fields(WorkerCounters)}

COUNTERS: dict[str, CounterSpec] = {name: spec for name, spec in _SPECS.items() if isinstance(spec, CounterSpec)}

HISTOGRAMS: dict[str, HistogramSpec] = {name: spec for name, spec in _SPECS.items() if isinstance(spec, HistogramSpec)}

GAUGES = {
    "workers": GaugeSpec("Reporting workers of this machine."),
    "workers_expected": GaugeSpec("Workers that this machine was started with.", (), "max"),
    "draining": GaugeSpec("Workers that are shutting down."),
    "sockets": GaugeSpec("Open sockets."),
    "channels": GaugeSpec("Conversations with at least one open socket, summed over workers."),
    "waiting_sends": GaugeSpec("Messages waiting for their commit."),
    "blocked_conversations": GaugeSpec("Conversations whose row is locked while messages wait for it."),
    "pool_connections": GaugeSpec("Database connections in use.", ("pool",)),
    "pool_size": GaugeSpec("Maximum number of database connections.", ("pool",)),
    "database_up": GaugeSpec("1 if the database responds to every worker.", (), "min"),
    "redis_up": GaugeSpec("1 if Redis responds to every worker.", (), "min"),
    "replica_lag_seconds": GaugeSpec("Age of the data that a replica is known to have.", ("replica",), "max"),
    "loop_delay_seconds": GaugeSpec("Delay of the latest tick of a worker's event loop.", (), "max"),
    "resident_bytes": GaugeSpec("Resident memory of the workers; shared pages count once per worker."),
    "consumer_lag_seconds": GaugeSpec(
        "Age of the oldest event that a consumer of the feed has not processed.", ("consumer",), "max"
    ),
    "consumer_lag_events": GaugeSpec("Events that a consumer of the feed has not processed.", ("consumer",), "max"),
    "consumer_rebuilding": GaugeSpec("1 if a consumer is reading the logs for a rebuild.", ("consumer",), "max"),
    "parked_events": GaugeSpec(
        "Events that a consumer could not process, and those behind them.", ("consumer",), "max"
    ),
    "feed_lag_seconds": GaugeSpec("Age of the oldest event that is not in the feed.", (), "max"),
    "feed_lag_events": GaugeSpec("Events that are not in the feed.", (), "max"),
    "dead_deliveries": GaugeSpec("E-mails, pushes and webhooks that were given up.", (), "max"),
}
