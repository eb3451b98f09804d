"""Growth of the cost of a message or page with 10 times the sockets, members, conversations or stored messages.

Run `make bench-growth`. Measures one worker: CPU milliseconds of the worker and of PostgreSQL per message or page,
including the background work that follows. Ten times the sockets mean ten times the deliveries; all other costs should
stay constant.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.cluster import Cluster
from benchmarks.load.client import SocketSpec
from benchmarks.load.controller import Generator
from benchmarks.run import MILLI, Run, median, senders_last
from benchmarks.systems.base import Page, Running, bearer
from benchmarks.systems.service import Service, path_of

RATE = 20
SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Case:
    """A growing quantity: its initial size, how to fill the database, and what to measure."""

    name: str
    size: int
    prepare: Callable[[Service, int], tuple[list[SocketSpec], int]]
    page: Callable[[int], Page] | None = None


def _sockets(service: Service, size: int) -> tuple[list[SocketSpec], int]:
    return service.group(size, 1), size


def _members(service: Service, size: int) -> tuple[list[SocketSpec], int]:
    return service.group(size, 1)[:2], 2


def _conversations(service: Service, size: int) -> tuple[list[SocketSpec], int]:
    return service.pairs(size), 2


def _stored(service: Service, size: int) -> tuple[list[SocketSpec], int]:
    service.history(size)
    return [SocketSpec(path_of("c1"), bearer(f"u{n}"), n == 1) for n in (1, 2)], 2


def _last_page(size: int) -> Page:
    return Page(f"/chat/messages/?conversation={path_of('c1').split('/')[3]}&limit=50", bearer("u1"))


def _middle_page(size: int) -> Page:
    page = _last_page(size)
    return Page(f"{page.path}&before_seq={size // 2}", page.headers)


CASES = [
    Case("sockets of a conversation, each a member", 20, _sockets),
    Case("members of a conversation, 2 connected", 50, _members),
    Case("conversations of two, all connected", 50, _conversations),
    Case("stored messages of a conversation", 10_000, _stored, _last_page),
    Case("stored messages, a page from their middle", 10_000, _stored, _middle_page),
]


def measure(run: Run, case: Case, size: int) -> dict[str, float]:
    """CPU milliseconds per message, and per page if the case has one."""
    service = Service()
    service.prepare(run.cluster)
    specs, fan = case.prepare(service, size)
    costs: dict[str, float] = {}
    with run.serving(service, 1) as running:
        run.load.open(running.port, senders_last(specs), fan=fan)
        run.load.do("steady", seconds=0.5, rate=RATE)
        running.settle()
        rows = []
        for _ in range(run.rounds):
            answer, cpu = run.measured(running, "steady", seconds=SECONDS, rate=RATE)
            rows.append({name: MILLI * seconds / answer["accepted"] for name, seconds in cpu.items()})
        costs["message"], costs["message, PostgreSQL"] = median(rows, "server"), median(rows, "postgres")
        if case.page is not None:
            costs["page"], costs["page, PostgreSQL"] = _page_cost(run, running, case.page(size))
    return costs


def _page_cost(run: Run, running: Running, page: Page) -> tuple[float, float]:
    rows = []
    for _ in range(run.rounds + 1):
        request: dict[str, Any] = {"port": running.port, "path": page.path, "headers": page.headers}
        answer, cpu = run.measured(running, "pages", **request, seconds=1.0, concurrency=2)
        rows.append({name: MILLI * seconds / answer["pages"] for name, seconds in cpu.items()})
    return median(rows[1:], "server"), median(rows[1:], "postgres")


def main() -> None:
    """Measure each case at its initial size and at ten times that size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{'what grows':44} {'CPU ms a':22} {'N':>7} {'at N':>9} {'at 10 N':>9} {'grows':>8}")
    with Cluster() as cluster, Generator() as load:
        run = Run(cluster, load, quick=False, rounds=options.rounds)
        for case in CASES:
            small, large = measure(run, case, case.size), measure(run, case, 10 * case.size)
            for name, before in small.items():
                ratio = f"{large[name] / before:.2f} x" if before else "-"
                print(
                    f"{case.name:44} {name:22} {case.size:7,} {before:9.2f} {large[name]:9.2f} {ratio:>8}", flush=True
                )


if __name__ == "__main__":
    main()
