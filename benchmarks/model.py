"""A capacity model: sockets, messages, memory, cores and disk for a number of users. Writes docs/scaling.md.

Run `make scaling`, or `python -m benchmarks.model --users 250000` for another size. The costs are those of the last
full run (`measured.json`, shown in docs/performance.md) and of `make bench-sizes`; assumptions are marked. It is a
model and not a measurement: it shows which part becomes the bottleneck first, and at which size within a factor of two
or three.
"""

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.run import Entry

MEASURED = Path(__file__).with_name("measured.json")
DAY_S = 86_400
GIB = 1024**3
BEGIN, END = "<!-- model: begin -->", "<!-- model: end -->"
SIZES = (10_000, 1_000_000, 100_000_000)


@dataclass(frozen=True)
class Habits:
    """What users do. Assumptions; change them to yours."""

    online_share: float = 0.10
    sockets_each: float = 1.2
    messages_a_day: float = 20.0
    peak: float = 3.0
    sockets_a_message: float = 2.5
    pages_a_minute: float = 0.5
    years_kept: float = 1.0


@dataclass(frozen=True)
class Costs:
    """Measured costs. CPU in ms of one core, memory and disk in bytes."""

    message_ms: float
    message_database_ms: float
    delivery_ms: float
    page_ms: float
    page_database_ms: float
    connect_ms: float
    socket_bytes: float
    worker_bytes: float
    message_bytes: float = 989.0
    touched_ms: float = 0.02

    @classmethod
    def measured(cls) -> Self:
        """Costs of the last full run, on one worker. Deliveries at 20 a second are used, because they cost most."""
        entries = [Entry(**entry) for entry in json.loads(MEASURED.read_text("utf-8"))["measured"]]

        def of(scenario: str, case: str) -> dict[str, Any]:
            return next(
                entry.values
                for entry in entries
                if (entry.scenario, entry.who, entry.workers) == (scenario, "service", 1) and entry.case.endswith(case)
            )

        rooms, page, connect = of("rooms", ""), of("history", "000"), of("connect", "")
        return cls(
            message_ms=rooms["server_cpu_ms"] / 1000,
            message_database_ms=rooms["postgres_cpu_ms"] / 1000,
            delivery_ms=of("fanout", "20/s")["server_cpu_ms"] / 1000,
            page_ms=page["server_cpu_ms_page"],
            page_database_ms=page["postgres_cpu_ms_page"],
            connect_ms=connect["server_cpu_ms_socket"],
            socket_bytes=connect["kib_socket"] * 1024,
            worker_bytes=of("startup", "")["idle_mib"] * 1024**2,
        )


@dataclass(frozen=True)
class Machines:
    """Hardware and its target utilization. Assumptions."""

    fill: float = 0.5
    sockets_a_worker: int = 20_000
    batches_a_worker: float = 100.0
    publications_a_redis: float = 500_000.0
    database_cores: int = 32
    database_disk_bytes: float = 8e12
    worker_cores: int = 8


@dataclass(frozen=True)
class Need:
    """The requirements of one size of service, at its peak."""

    users: int
    sockets: float
    messages_s: float
    deliveries_s: float
    pages_s: float
    worker_cores: float
    workers: int
    socket_gib: float
    database_cores: float
    control_s: float
    stored_tb: float
    returning_s: float

    def shortages(self, machines: Machines) -> dict[str, float]:
        """The required capacity as a multiple of one unit of each part; above 1 a single unit is not enough."""
        return {
            "one worker": float(self.workers),
            "one machine of workers": self.workers / machines.worker_cores,
            "cores of one database": self.database_cores / (machines.database_cores * machines.fill),
            "disk of one database": self.stored_tb * 1e12 / machines.database_disk_bytes,
            "one Redis for publications to all workers": self.control_s / machines.publications_a_redis,
        }


def need(users: int, habits: Habits, costs: Costs, machines: Machines) -> Need:
    """The requirements of a number of users.

    The number of workers is found by iteration, because each worker also receives the notices of all others.
    """
    sockets = users * habits.online_share * habits.sockets_each
    messages_s = users * habits.messages_a_day / DAY_S * habits.peak
    deliveries_s = messages_s * habits.sockets_a_message
    pages_s = users * habits.online_share * habits.pages_a_minute / 60
    extra = max(0.0, habits.sockets_a_message - 2) * costs.delivery_ms  # the cost of a message includes two deliveries
    cores = (messages_s * (costs.message_ms + extra) + pages_s * costs.page_ms) / 1000
    workers, control_s, receiving = 0, 0.0, 0.0
    for _ in range(50):
        required = max(
            1, math.ceil(sockets / machines.sockets_a_worker), math.ceil((cores + receiving) / machines.fill)
        )
        if required == workers:
            break
        workers = required
        batches_s = min(messages_s, workers * machines.batches_a_worker)
        control_s = batches_s * (workers - 1)
        # At most half of a worker's target load: beyond that, the model is not valid and the shortage shows it.
        receiving = min(control_s * costs.touched_ms / 1000, workers * machines.fill / 2)
    return Need(
        users=users,
        sockets=sockets,
        messages_s=messages_s,
        deliveries_s=deliveries_s,
        pages_s=pages_s,
        worker_cores=cores + receiving,
        workers=workers,
        socket_gib=(sockets * costs.socket_bytes + workers * costs.worker_bytes) / GIB,
        database_cores=(messages_s * costs.message_database_ms + pages_s * costs.page_database_ms) / 1000,
        control_s=control_s,
        stored_tb=users * habits.messages_a_day * 365 * habits.years_kept * costs.message_bytes / 1e12,
        returning_s=sockets * costs.connect_ms / 1000 / workers,
    )


def tables(sizes: tuple[int, ...] = SIZES) -> str:
    """Inputs and results as Markdown."""
    habits, costs, machines = Habits(), Costs.measured(), Machines()
    needs = [need(users, habits, costs, machines) for users in sizes]
    rows = [
        ("sockets at the peak", [_short(item.sockets) for item in needs]),
        ("messages per second at the peak", [_short(item.messages_s) for item in needs]),
        ("deliveries per second", [_short(item.deliveries_s) for item in needs]),
        ("pages per second", [_short(item.pages_s) for item in needs]),
        ("cores the workers use", [_short(item.worker_cores) for item in needs]),
        ("workers", [_short(item.workers) for item in needs]),
        ("memory of workers and sockets, GiB", [_short(item.socket_gib) for item in needs]),
        ("cores PostgreSQL uses", [_short(item.database_cores) for item in needs]),
        ("stored in a year, TB", [_short(item.stored_tb) for item in needs]),
        ("publications to all workers, per second", [_short(item.control_s) for item in needs]),
        (
            "CPU seconds of a worker to reconnect all sockets after a restart",
            [_short(item.returning_s) for item in needs],
        ),
    ]
    lines = ["| users | " + " | ".join(_short(item.users) for item in needs) + " |", "| --- |" + " --- |" * len(needs)]
    lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows]
    lines += ["", "Required capacity as a multiple of one unit; above 1 a single unit is not enough:", ""]
    lines += ["| part | " + " | ".join(_short(item.users) for item in needs) + " |", "| --- |" + " --- |" * len(needs)]
    shortages = [item.shortages(machines) for item in needs]
    lines += [f"| {part} | " + " | ".join(_short(each[part]) for each in shortages) + " |" for part in shortages[0]]
    inputs = {**vars(habits), **vars(costs), **vars(machines)}
    lines += ["", "| input | value |", "| --- | --- |"]
    lines += [f"| `{name}` | {_exact(value)} |" for name, value in inputs.items()]
    return "\n".join(lines)


def written(page: str) -> str:
    """A page with the tables between its markers."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def _exact(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= value < 1e9 else f"{value:.4g}"


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / (1e3 if letter == 'k' else size):,.3g} {letter}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def main() -> None:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, nargs="?")
    parser.add_argument("--users", type=int, nargs="+", default=list(SIZES))
    options = parser.parse_args()
    if options.page:
        options.page.write_text(written(options.page.read_text()))
    else:
        print(tables(tuple(options.users)))


if __name__ == "__main__":
    main()
