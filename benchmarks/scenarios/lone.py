"""Lone messages: 500 pairs, one message per second each, so that nearly every message has a commit of its own.

The rate is fixed and far below what every system can do. What counts is the CPU time that a message costs in all
processes together, and the latency.
"""

from collections.abc import Sequence

from benchmarks.run import Run, median, per_thousand, senders_last
from benchmarks.systems.base import SystemUnderTest

PAIRS, RATE = 500, 500.0
QUICK_PAIRS = 100


def measure(run: Run, systems: Sequence[tuple[str, SystemUnderTest]]) -> None:
    """Measure every system on one worker."""
    pairs = QUICK_PAIRS if run.quick else PAIRS
    for who, system in systems:
        run.log(f"lone messages: {who}")
        system.prepare(run.cluster)
        specs = senders_last(system.pairs(pairs))
        with run.serving(system, 1) as running:
            run.load.open(running.port, specs, fan=2)
            run.load.do("steady", seconds=0.5, rate=RATE)  # plans, caches, and one message in every conversation
            running.settle()
            rows = []
            for _ in range(run.rounds):
                answer, cpu = run.measured(running, "steady", seconds=2.0 if run.quick else 4.0, rate=RATE)
                rows.append({**answer, **per_thousand(cpu, answer["accepted"])})
        run.add(
            "lone",
            f"{pairs} pairs, {RATE:.0f}/s",
            who,
            1,
            p50_ms=median(rows, "p50_ms"),
            p99_ms=median(rows, "p99_ms"),
            server_cpu_ms=median(rows, "server_cpu_ms"),
            postgres_cpu_ms=median(rows, "postgres_cpu_ms"),
            redis_cpu_ms=median(rows, "redis_cpu_ms"),
            rounds=len(rows),
            generator_share=median(rows, "generator_share"),
            missing=sum(row["missing"] for row in rows),
            refused=sum(row["refused"] for row in rows),
        )
