"""The last 50 of 100,000 messages over keep-alive connections, also with `If-None-Match` (unchanged)."""

from collections.abc import Sequence
from typing import Any

from benchmarks.run import MILLI, Run, median
from benchmarks.systems.base import Page, Running, SystemUnderTest

MESSAGES, QUICK_MESSAGES = 100_000, 10_000
CONNECTIONS = 4


def measure(run: Run, systems: Sequence[tuple[str, SystemUnderTest]]) -> None:
    """Measure every system, also with `If-None-Match` if its responses have an `ETag`."""
    messages = QUICK_MESSAGES if run.quick else MESSAGES
    for who, system in systems:
        run.log(f"history: {who}")
        system.prepare(run.cluster)
        page = system.history(messages)
        for workers in run.worker_counts():
            with run.serving(system, workers) as running:
                answer = _read(run, running, page, 0.3)
                running.settle()
                case = f"50 of {messages:,}"
                _measure_one(run, case, who, running, workers, page)
                if answer["etag"] is not None:
                    _measure_one(run, f"{case}, unchanged", who, running, workers, page, is_conditional=True)


def _measure_one(
    run: Run, case: str, who: str, running: Running, workers: int, page: Page, *, is_conditional: bool = False
) -> None:
    rows = []
    for _ in range(run.rounds):
        if is_conditional:  # the ETag changes when download links are renewed
            etag = _read(run, running, page, 0.1)["etag"]
            page = Page(page.path, {**page.headers, "If-None-Match": etag})
            running.settle()
        before = running.cpu()
        answer = _read(run, running, page, 0.7 if run.quick else 1.5)
        running.settle()
        after = running.cpu()
        costs = {name: MILLI * (after[name] - before[name]) / answer["pages"] for name in before}
        rows.append({**answer, **costs, "rate": answer["pages"] / answer["seconds"]})
    run.add(
        "history",
        case,
        who,
        workers,
        pages_s=median(rows, "rate"),
        p50_ms=median(rows, "p50_ms"),
        p95_ms=median(rows, "p95_ms"),
        server_cpu_ms_page=median(rows, "server"),
        postgres_cpu_ms_page=median(rows, "postgres"),
        redis_cpu_ms_page=median(rows, "redis"),
        bytes=rows[-1]["bytes"],
        statuses="+".join(sorted({status for row in rows for status in row["statuses"]})),
        rounds=len(rows),
        generator_share=median(rows, "generator_share"),
    )


def _read(run: Run, running: Running, page: Page, seconds: float) -> dict[str, Any]:
    return run.load.do(
        "pages", port=running.port, path=page.path, headers=page.headers, seconds=seconds, concurrency=CONNECTIONS
    )
