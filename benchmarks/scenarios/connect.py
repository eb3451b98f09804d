"""Connections per second, from the handshake to `hello`, and the memory of an idle socket."""

import time
from collections.abc import Sequence

from benchmarks import machine
from benchmarks.load.client import SocketSpec
from benchmarks.run import MILLI, Run, median
from benchmarks.systems.base import Running, SystemUnderTest

CONCURRENCY = 16
SETTLE_S = 1.0
SOCKETS, IDLE = 500, 2_000
QUICK_SOCKETS, QUICK_IDLE = 200, 400


def measure(run: Run, systems: Sequence[tuple[str, SystemUnderTest]]) -> None:
    """Measure every system, with all sockets in conversations of two."""
    sockets, idle = (QUICK_SOCKETS, QUICK_IDLE) if run.quick else (SOCKETS, IDLE)
    for workers in run.worker_counts():
        for who, system in systems:
            run.log(f"connect: {who}, {workers} worker(s)")
            system.prepare(run.cluster)
            specs = system.pairs(idle // 2)
            with run.serving(system, workers) as running:
                run.load.open(running.port, specs[:100], fan=2, concurrency=CONCURRENCY)
                run.load.do("close")
                rows = []
                for _ in range(run.rounds):
                    before = running.cpu()
                    answer = run.load.open(running.port, specs[:sockets], fan=2, concurrency=CONCURRENCY)
                    after = running.cpu()
                    costs = {name: MILLI * (after[name] - before[name]) / sockets for name in before}
                    rows.append({**answer, "rate": sockets / answer["seconds"], **costs})
                    run.load.do("close")
                    running.settle()
                run.add(
                    "connect",
                    f"{sockets} sockets",
                    who,
                    workers,
                    sockets_s=median(rows, "rate"),
                    server_cpu_ms_socket=median(rows, "server"),
                    postgres_cpu_ms_socket=median(rows, "postgres"),
                    redis_cpu_ms_socket=median(rows, "redis"),
                    kib_socket=_idle_memory(run, running, specs) if workers == 1 else None,
                    rounds=len(rows),
                    generator_share=median(rows, "generator_share"),
                )


def _idle_memory(run: Run, running: Running, specs: Sequence[SocketSpec]) -> float:
    """Memory growth of a worker per idle socket, in KiB."""
    pid = running.workers()[0]
    before = machine.memory_kib(pid)
    run.load.open(running.port, list(specs), fan=2, concurrency=CONCURRENCY)
    time.sleep(SETTLE_S)
    return (machine.memory_kib(pid) - before) / len(specs)
