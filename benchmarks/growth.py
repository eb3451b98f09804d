"""How the cost of a message and of a page grows: with sockets, members, conversations and stored messages, at 10 times.

Run: make bench-growth. One worker. CPU milliseconds of the worker and of PostgreSQL for each message or page, until all
that it set off is quiet. A message to 10 times the sockets is 10 times the deliveries; all else should stay flat.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.cluster import Cluster
from benchmarks.contestants.base import Page, Running, bearer
from benchmarks.contestants.service import Service, path_of
from benchmarks.load.peer import Place
from benchmarks.load.steer import Generator
from benchmarks.run import MILLI, Run, median, senders_last

RATE = 20
SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that grows: its size before, how to fill the database, and what to measure."""

    name: str
    size: int
    prepare: Callable[[Service, int], tuple[list[Place], int]]
    page: Callable[[int], Page] | None = None


def _sockets(service: Service, size: int) -> tuple[list[Place], int]:
    return service.group(size, 1), size


def _members(service: Service, size: int) -> tuple[list[Place], int]:
    return service.group(size, 1)[:2], 2


def _conversations(service: Service, size: int) -> tuple[list[Place], int]:
    return service.pairs(size), 2


def _stored(service: Service, size: int) -> tuple[list[Place], int]:
    service.history(size)
    return [Place(path_of("c1"), bearer(f"u{n}"), n == 1) for n in (1, 2)], 2


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
    """CPU milliseconds a message, and a page where the case has one."""
    service = Service()
    service.prepare(run.cluster)
    places, fan = case.prepare(service, size)
    found: dict[str, float] = {}
    with run.serving(service, 1) as running:
        run.load.open(running.port, senders_last(places), fan=fan)
        run.load.do("steady", seconds=0.5, rate=RATE)
        running.settle()
        rows = []
        for _ in range(run.rounds):
            answer, cpu = run.measured(running, "steady", seconds=SECONDS, rate=RATE)
            rows.append({name: MILLI * seconds / answer["accepted"] for name, seconds in cpu.items()})
        found["message"], found["message, PostgreSQL"] = median(rows, "server"), median(rows, "postgres")
        if case.page is not None:
            found["page"], found["page, PostgreSQL"] = _page_cost(run, running, case.page(size))
    return found


def _page_cost(run: Run, running: Running, page: Page) -> tuple[float, float]:
    rows = []
    for _ in range(run.rounds + 1):
        asked: dict[str, Any] = {"port": running.port, "path": page.path, "headers": page.headers}
        answer, cpu = run.measured(running, "pages", **asked, seconds=1.0, abreast=2)
        rows.append({name: MILLI * seconds / answer["pages"] for name, seconds in cpu.items()})
    return median(rows[1:], "server"), median(rows[1:], "postgres")


def main() -> None:
    """Measure each case at its size and at ten times it."""
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
