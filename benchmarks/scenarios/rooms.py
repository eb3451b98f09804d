"""Five hundred pairs: the highest rate at which 99 of 100 messages are with the other one within 100 ms.

Sends come at a rate whatever the server does. A rate is kept when it was sent in time, all of it was accepted, stored
and delivered, and p99 stayed below the limit. The rate is raised by steps until one fails twice, then bisected.
"""

from collections.abc import Callable, Sequence

from benchmarks.contestants.base import Contestant, Running
from benchmarks.load.peer import Place
from benchmarks.run import Run, per_thousand, senders_last

PAIRS, QUICK_PAIRS = 500, 100
LIMIT_MS = 100.0
FIRST_RATE = 40.0
LAG_MS = 50.0


def measure(run: Run, contestants: Sequence[tuple[str, Contestant]]) -> None:
    """Every contestant on one worker and, where workers hear each other, two."""
    pairs = QUICK_PAIRS if run.quick else PAIRS
    for workers in run.worker_counts():
        for who, contestant in contestants:
            if not run.takes_part(who, contestant, workers):
                continue
            run.say(f"rooms: {who}, {workers} worker(s)")
            contestant.prepare(run.cluster)
            places = senders_last(contestant.pairs(pairs))
            with run.serving(contestant, workers) as running:
                run.load.open(running.port, places, fan=2)
                running.settle()
                search = Search(run, who, contestant, running, places, workers)
                search.go(f"{pairs} pairs, p99 < {LIMIT_MS:.0f} ms")


class Search:
    """The search for one contestant's rate; remembers what the best rate cost."""

    def __init__(
        self, run: Run, who: str, contestant: Contestant, running: Running, places: list[Place], workers: int
    ) -> None:
        self._run = run
        self._who = who
        self._contestant = contestant
        self._running = running
        self._places = places
        self._workers = workers
        self._kept: dict[str, float | None] = {}
        self._accepted = contestant.stored() or 0
        self._tries = 0

    def go(self, case: str) -> None:
        """Find the rate and add it to the run."""
        quick = self._run.quick
        rate = highest(self._holds, FIRST_RATE * (64 if quick else 1), closeness=1.5 if quick else 1.08)
        self._run.add(
            "rooms",
            case,
            self._who,
            self._workers,
            messages_s=rate,
            **self._kept,
            tries=self._tries,
        )

    def _holds(self, rate: float) -> bool:
        """A rate that did not hold once may have met a pause of the machine; a quick run has no time for that."""
        return self._try(rate) or (not self._run.quick and self._try(rate))

    def _try(self, rate: float) -> bool:
        self._tries += 1
        seconds = 0.5 if self._run.quick else 2.5
        answer, cpu = self._run.measured(self._running, "steady", seconds=seconds, rate=rate)
        self._accepted += answer["accepted"]
        stored = self._contestant.stored()
        if answer["closed"]:  # what was on its way then may be stored, and nobody was told
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
            self._kept = {"p50_ms": answer["p50_ms"], "p99_ms": p99, **costs, "generator_share": share}
        elif p99 is not None and p99 < LIMIT_MS and answer["lag_ms"] >= LAG_MS:
            self._run.say(f"at {rate:.0f}/s the generator itself was {answer['lag_ms']:.0f} ms late")
        return holds

    def _open_again(self) -> None:
        """A server that has too much to do may close sockets; the next try begins with all of them."""
        self._run.load.do("close")
        self._run.load.open(self._running.port, self._places, fan=2)
        self._running.settle()


def highest(holds: Callable[[float], bool], first: float, *, closeness: float) -> float:
    """The highest rate that holds, to a factor of `closeness`; 0 where not even one message a second does."""
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
