"""Five hundred pairs: the highest message rate with a p99 delivery latency below 100 ms.

Messages are sent at a fixed rate regardless of the server. A rate passes if all messages were sent in time, accepted,
stored and delivered, and p99 is below the limit. The rate is doubled until it fails twice, then bisected.
"""

from collections.abc import Callable, Sequence

from benchmarks.load.client import SocketSpec
from benchmarks.run import Run, per_thousand, senders_last
from benchmarks.systems.base import Running, SystemUnderTest

PAIRS, QUICK_PAIRS = 500, 100
LIMIT_MS = 100.0
FIRST_RATE = 40.0
LAG_MS = 50.0


def measure(run: Run, systems: Sequence[tuple[str, SystemUnderTest]]) -> None:
    """Measure every system on one worker and, if messages reach other workers, two."""
    pairs = QUICK_PAIRS if run.quick else PAIRS
    for workers in run.worker_counts():
        for who, system in systems:
            if not run.takes_part(who, system, workers):
                continue
            run.log(f"rooms: {who}, {workers} worker(s)")
            system.prepare(run.cluster)
            specs = senders_last(system.pairs(pairs))
            with run.serving(system, workers) as running:
                run.load.open(running.port, specs, fan=2)
                running.settle()
                search = Search(run, who, system, running, specs, workers)
                search.go(f"{pairs} pairs, p99 < {LIMIT_MS:.0f} ms")


class Search:
    """Searches the highest rate of a system, and keeps the costs of the best rate."""

    def __init__(
        self, run: Run, who: str, system: SystemUnderTest, running: Running, specs: list[SocketSpec], workers: int
    ) -> None:
        self._run = run
        self._who = who
        self._system = system
        self._running = running
        self._specs = specs
        self._workers = workers
        self._best: dict[str, float | None] = {}
        self._accepted = system.stored() or 0
        self._tries = 0

    def go(self, case: str) -> None:
        """Search the rate and add it to the run."""
        quick = self._run.quick
        rate = highest(self._holds, FIRST_RATE * (64 if quick else 1), closeness=1.5 if quick else 1.08)
        self._run.add(
            "rooms",
            case,
            self._who,
            self._workers,
            messages_s=rate,
            **self._best,
            tries=self._tries,
        )

    def _holds(self, rate: float) -> bool:
        """Try a rate, twice if it fails, because the machine may have paused. A quick run tries once."""
        return self._try(rate) or (not self._run.quick and self._try(rate))

    def _try(self, rate: float) -> bool:
        self._tries += 1
        seconds = 0.5 if self._run.quick else 2.5
        answer, cpu = self._run.measured(self._running, "steady", seconds=seconds, rate=rate)
        self._accepted += answer["accepted"]
        stored = self._system.stored()
        if answer["closed"]:  # messages in flight may be stored without an ack
            self._open_again()
            self._accepted = max(self._accepted, stored or 0)
        if stored is not None and stored != self._accepted:
            raise AssertionError(f"{self._accepted} messages accepted, {stored} stored")
        p99 = answer["p99_ms"]
        holds = (
            p99 is not None
            and p99 < LIMIT_MS
            and answer["lag_ms"] < LAG_MS
            and not answer["missing"]
            and answer["accepted"] == answer["sent"]
        )
        if holds:
            costs = per_thousand(cpu, answer["accepted"])
            share = answer["generator_share"]
            self._best = {"p50_ms": answer["p50_ms"], "p99_ms": p99, **costs, "generator_share": share}
        elif p99 is not None and p99 < LIMIT_MS and answer["lag_ms"] >= LAG_MS:
            self._run.log(f"at {rate:.0f}/s the generator was {answer['lag_ms']:.0f} ms late")
        return holds

    def _open_again(self) -> None:
        """Reopen all sockets, because an overloaded server may close some."""
        self._run.load.do("close")
        self._run.load.open(self._running.port, self._specs, fan=2)
        self._running.settle()


def highest(holds: Callable[[float], bool], first: float, *, closeness: float) -> float:
    """The highest passing rate, to within a factor of `closeness`; 0 if even one message per second fails."""
    good, bad = 0.0, 0.0
    rate = first
    while not bad:
        if holds(rate):
            good, rate = rate, rate * 2
        elif good:
            bad = rate
        else:
            bad, rate = rate, rate / 4
            while rate >= 1 and not holds(rate):
                bad, rate = rate, rate / 4
            if rate < 1:
                return 0.0
            good = rate
    while bad / good > closeness:
        middle = (good * bad) ** 0.5
        if holds(middle):
            good = middle
        else:
            bad = middle
    return good
