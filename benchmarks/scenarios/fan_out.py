"""One conversation with many sockets and four senders, at 20 messages per second and at full speed.

Each socket belongs to a different member. The service is also measured with members who are notified of mentions only,
as is common in large groups, because no other system stores notifications.
"""

from collections.abc import Sequence

from benchmarks.run import Run, median, per_thousand, senders_last
from benchmarks.systems.base import Running, SystemUnderTest

SENDERS = 4
WINDOWS = (1, 8, 32)
GROWTH = 1.1
LONG_S = 1.5
RATE = 20


def measure(run: Run, systems: Sequence[tuple[str, SystemUnderTest]]) -> None:
    """Measure every system with 200 and 1,000 sockets, on one worker and, if messages reach other workers, two."""
    for workers in run.worker_counts():
        for sockets in (200,) if run.quick else (200, 1000):
            for who, system in systems:
                if not run.takes_part(who, system, workers):
                    continue
                _measure_one(run, who, system, workers, sockets)


def _measure_one(run: Run, who: str, system: SystemUnderTest, workers: int, sockets: int) -> None:
    run.log(f"fan-out: {who}, {sockets} sockets, {workers} worker(s)")
    system.prepare(run.cluster)
    specs = senders_last(system.group(sockets, SENDERS))
    with run.serving(system, workers) as running:
        run.load.open(running.port, specs, fan=sockets)
        running.settle()
        if sockets == 200:  # first, so that background work after saturation is not included
            _at_a_rate(run, who, running, workers, sockets)
        window = _saturating_window(run)
        running.settle(is_done=False)  # notifications lag here, by design
        _saturate(run, who, running, workers, sockets, window)


def _saturating_window(run: Run) -> int:
    """The smallest number of messages in flight per sender that saturates the server."""
    if run.quick:
        return WINDOWS[-1]
    best, best_rate = WINDOWS[0], 0.0
    for window in WINDOWS:
        answer = run.load.do("flood", seconds=0.5, window=window)
        rate = answer["deliveries"] / answer["seconds"]
        if rate < best_rate * GROWTH:
            break
        best, best_rate = window, rate
        if answer["seconds"] > LONG_S:  # already saturated: more messages would only wait
            break
    return best


def _saturate(run: Run, who: str, running: Running, workers: int, sockets: int, window: int) -> None:
    rows = []
    for _ in range(run.rounds):
        answer, cpu = run.measured(running, "flood", is_done=False, seconds=1.0 if run.quick else 2.0, window=window)
        rate = answer["deliveries"] / answer["seconds"]
        rows.append({**answer, **per_thousand(cpu, answer["deliveries"]), "rate": rate})
    run.add(
        "fanout",
        f"{sockets} sockets, saturated",
        who,
        workers,
        deliveries_s=median(rows, "rate"),
        server_cpu_ms=median(rows, "server_cpu_ms"),
        postgres_cpu_ms=median(rows, "postgres_cpu_ms"),
        redis_cpu_ms=median(rows, "redis_cpu_ms"),
        in_flight=SENDERS * window,
        rounds=len(rows),
        generator_share=median(rows, "generator_share"),
        missing=sum(row["missing"] for row in rows),
        refused=sum(row["refused"] for row in rows),
        closed=sum(row["closed"] for row in rows),
    )


def _at_a_rate(run: Run, who: str, running: Running, workers: int, sockets: int) -> None:
    rows = []
    for _ in range(min(run.rounds, 5)):
        answer, cpu = run.measured(running, "steady", seconds=1.2 if run.quick else 3.0, rate=RATE)
        rows.append({**answer, **per_thousand(cpu, answer["deliveries"])})
        if answer["seconds"] > answer["sending_s"] + 3.0:
            break  # above its capacity: no need to repeat
    run.add(
        "fanout",
        f"{sockets} sockets, {RATE}/s",
        who,
        workers,
        p50_ms=median(rows, "p50_ms"),
        p99_ms=median(rows, "p99_ms"),
        server_cpu_ms=median(rows, "server_cpu_ms"),
        postgres_cpu_ms=median(rows, "postgres_cpu_ms"),
        redis_cpu_ms=median(rows, "redis_cpu_ms"),
        rounds=len(rows),
        generator_share=median(rows, "generator_share"),
        missing=sum(row["missing"] for row in rows),
    )
