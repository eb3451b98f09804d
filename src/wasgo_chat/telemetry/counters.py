"""What a worker counts, and the catalogue of it: names, meanings, labels.

Parts of a worker raise plain integers here, once a batch or a fan-out and never through a library: hundreds of
thousands of deliveries a second pass them. How the numbers of several workers become one set is `metrics`' business.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal, TypeVar

from wasgo_chat.core.close_codes import CloseCode

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

RECONCILER_FINDINGS = ("events", "readings", "went_back")
REFUSALS = (
    *("message", "read", "write", "upload", "ticket", "frame", "address", "failure"),
    *("waiting_sends", "opening_sockets", "sockets_of_user", "sockets_of_address"),
)
POOLS = ("request", "background", "keyed")
CLOSE_CODES = tuple(str(int(code)) for code in CloseCode if code.sender == "gateway")
REPLICA_READS = ("answered", "older", "failed", "none")
PURGE_OUTCOMES = ("done", "put_off", "failed")
DELIVERY_OUTCOMES = tuple(product(("email", "push", "webhook"), ("sent", "retrying", "dead", "gone")))

Label = TypeVar("Label", str, tuple[str, str])


class Histogram:
    """How many values were at most each of `bounds`, or beyond the last."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value, so many times."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times


def _in_seconds() -> Histogram:
    return Histogram(SECONDS)


def _zeroed(labels: Sequence[Label]) -> Callable[[], Counter[Label]]:
    """All of them at 0: Prometheus sees no growth in what begins at 1, and an alert on it would miss the first time."""
    return lambda: Counter(dict.fromkeys(labels, 0))


@dataclass(eq=False, slots=True)
class WorkerCounters:
    """What a worker has counted since it was started. Each is described below, under its name.

    With a label it is a `Counter` by its value; with several, their values are a tuple.
    """

    messages: Counter[str] = field(default_factory=Counter)
    deliveries: int = 0
    frames_in: Counter[str] = field(default_factory=Counter)
    frames_out: Counter[str] = field(default_factory=Counter)
    socket_opens: int = 0
    socket_closes: Counter[str] = field(default_factory=_zeroed(CLOSE_CODES))
    events_replayed: int = 0
    resyncs: int = 0
    gaps_filled: int = 0
    reconciler_findings: Counter[str] = field(default_factory=_zeroed(RECONCILER_FINDINGS))
    consumer_events: Counter[str] = field(default_factory=Counter)
    sends_outside_batch: int = 0
    refusals: Counter[str] = field(default_factory=_zeroed(REFUSALS))
    pool_waits: Counter[str] = field(default_factory=_zeroed(POOLS))
    pool_timeouts: Counter[str] = field(default_factory=_zeroed(POOLS))
    http_requests: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    replica_reads: Counter[str] = field(default_factory=_zeroed(REPLICA_READS))
    notification_deliveries: Counter[tuple[str, str]] = field(default_factory=_zeroed(DELIVERY_OUTCOMES))
    purges: Counter[str] = field(default_factory=_zeroed(PURGE_OUTCOMES))
    cpu_seconds: float = 0.0

    send_to_commit_seconds: Histogram = field(default_factory=_in_seconds)
    commit_to_write_seconds: Histogram = field(default_factory=_in_seconds)
    commit_to_write_elsewhere_seconds: Histogram = field(default_factory=_in_seconds)
    http_request_seconds: Histogram = field(default_factory=_in_seconds)
    batch_messages: Histogram = field(default_factory=lambda: Histogram(SIZES))


@dataclass(frozen=True, slots=True)
class CounterSpec:
    """A counter or histogram as it is exported."""

    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GaugeSpec:
    """What goes up and down, and how that of several workers becomes one."""

    help: str
    labels: tuple[str, ...] = ()
    aggregation: Literal["sum", "min", "max"] = "sum"


COUNTERS = {
    "messages": CounterSpec("Messages stored.", ("type",)),
    "deliveries": CounterSpec("Events handed to sockets, one for each event and socket; replayed ones included."),
    "frames_in": CounterSpec("Frames that clients sent; what is none is `malformed`.", ("type",)),
    "frames_out": CounterSpec("Frames handed to sockets.", ("type",)),
    "socket_opens": CounterSpec("Sockets that got past the door."),
    "socket_closes": CounterSpec("Sockets that the service closed; 4408 are those too slow.", ("code",)),
    "events_replayed": CounterSpec("Events of the log told to sockets that had been away or behind."),
    "resyncs": CounterSpec("Sockets told to load a conversation afresh."),
    "gaps_filled": CounterSpec("Pages read from the log by the hub, as events before those that came were missing."),
    "head_check_finds": CounterSpec("Conversations in which the head check found something lost.", ("what",)),
    "reader_events": CounterSpec("Events that a reader of the log has handled.", ("reader",)),
    "sent_singly": CounterSpec("Messages that no batch could store, and that went in a transaction of their own."),
    "refusals": CounterSpec("Requests, frames and tokens refused as too many.", ("kind",)),
    "pool_waits": CounterSpec("Times that all connections of a pool were in use when one was asked for.", ("pool",)),
    "pool_timeouts": CounterSpec("Times that none became free in time.", ("pool",)),
    "http_requests": CounterSpec("Answered requests.", ("method", "route", "status")),
    "replica_reads": CounterSpec("Reads that a standby might have answered, by what became of that.", ("outcome",)),
    "letters": CounterSpec(
        "Attempts to send mails, pushes and webhooks, by what became of them.", ("channel", "outcome")
    ),
    "purge_turns": CounterSpec("Turns of conversations in a purge, by what became of them.", ("outcome",)),
    "cpu_seconds": CounterSpec("Processor time of the workers."),
}

HISTOGRAMS = {
    "send_to_commit_seconds": CounterSpec("From the door of a message to its commit."),
    "commit_to_write_seconds": CounterSpec("From a message's commit to its last write to a socket of the same worker."),
    "commit_to_write_elsewhere_seconds": CounterSpec(
        "From a message's commit to its last write to a socket of another worker."
    ),
    "http_request_seconds": CounterSpec("From a request's head to the end of its answer."),
    "batch_messages": CounterSpec("Messages of a group commit."),
}

GAUGES = {
    "workers": GaugeSpec("Workers of this machine that report."),
    "draining": GaugeSpec("Workers that are about to end."),
    "sockets": GaugeSpec("Open sockets."),
    "channels": GaugeSpec("Conversations with an open socket, counted on each worker."),
    "waiting_sends": GaugeSpec("Messages that wait for their commit."),
    "lanes": GaugeSpec("Conversations that somebody else holds, with messages waiting for them."),
    "pool_connections": GaugeSpec("Database connections in use.", ("pool",)),
    "pool_size": GaugeSpec("Database connections there may be.", ("pool",)),
    "database_up": GaugeSpec("1 if the database answers every worker.", (), "min"),
    "redis_up": GaugeSpec("1 if Redis answers every worker.", (), "min"),
    "replica_lag_seconds": GaugeSpec("Age of what a standby is known to have.", ("replica",), "max"),
    "loop_delay_seconds": GaugeSpec("How late the event loop of a worker was last.", (), "max"),
    "resident_bytes": GaugeSpec("Memory of the workers; what they share counts for each."),
    "reader_lag_seconds": GaugeSpec("Age of the oldest event that a reader has not read.", ("reader",), "max"),
    "reader_lag_events": GaugeSpec("Events that a reader has not read.", ("reader",), "max"),
    "dead_letters": GaugeSpec("Mails, pushes and webhooks that were given up.", (), "max"),
}
