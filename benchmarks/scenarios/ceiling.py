"""Limit of the load generator: the raw transport broadcasts to it at full speed."""

from benchmarks.run import MILLI, Run, senders_last
from benchmarks.systems.baselines import Raw

WINDOW = 16


def measure(run: Run) -> None:
    """Measure deliveries per second and the CPU time of the generator."""
    raw = Raw()
    raw.prepare(run.cluster)
    sockets = 200
    with run.serving(raw, 1) as running:
        run.load.open(running.port, senders_last(raw.group(sockets, 4)), fan=sockets)
        answer, cpu = run.measured(running, "flood", seconds=0.7 if run.quick else 2.0, window=WINDOW)
    busy = answer["generator_share"] * answer["seconds"]
    run.add(
        "ceiling",
        f"{sockets} sockets",
        raw.name,
        1,
        deliveries_s=answer["deliveries"] / answer["seconds"],
        server_cpu_ms=MILLI * MILLI * cpu["server"] / answer["deliveries"],
        generator_cpu_ms=MILLI * MILLI * busy / answer["deliveries"],
        generator_share=answer["generator_share"],
        missing=answer["missing"],
    )
