"""Performance targets, as ratios within one run, and whether they were reached."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.run import Entry


@dataclass(frozen=True, slots=True)
class Target:
    """A target value and its bound. `reached` is None if the run did not measure it."""

    name: str
    reached: float | None
    bound: float
    at_most: bool
    unit: str = "x"

    @property
    def verdict(self) -> str:
        """`pass`, `short`, or `not measured`."""
        if self.reached is None:
            return "not measured"
        is_met = self.reached <= self.bound if self.at_most else self.reached >= self.bound
        return "pass" if is_met else "short"


def judge(entries: Sequence[Entry], workers: int = 1) -> list[Target]:
    """Evaluate the targets for a number of workers. `plain` has one; the better layer of Channels counts."""

    def value(scenario: str, case: str, who: str, name: str) -> float | None:
        values = [
            float(entry.values[name])
            for entry in entries
            if entry.scenario == scenario
            and entry.case.startswith(case)
            and not entry.case.endswith("unchanged")
            and entry.who in (who, f"{who}-pubsub")
            and entry.workers in (workers, 1 if who == "plain" else workers)
            and entry.values.get(name) is not None
        ]
        if not values:
            return None
        return max(values) if name.endswith("_s") else min(values)

    def ratio(scenario: str, case: str, name: str, peer: str, of: str = "service") -> float | None:
        ours, theirs = value(scenario, case, of, name), value(scenario, case, peer, name)
        return ours / theirs if ours is not None and theirs else None

    def inverse(factor: float | None) -> float | None:
        return 1 / factor if factor else None

    cpu = "server_cpu_ms"
    targets = []
    for sockets in (200, 1000):
        case = f"{sockets} sockets, saturated"
        targets += [
            Target(f"fan-out, {sockets}: CPU a delivery, of plain", ratio("fanout", case, cpu, "plain"), 0.2, True),
            Target(f"fan-out, {sockets}: Channels' CPU, of ours", inverse(ratio("fanout", case, cpu, "channels")),
                   40, False),
        ]  # fmt: skip
    case = "50 of"
    return [
        *targets,
        Target("20/s to 200: CPU a delivery, of plain", ratio("fanout", "200 sockets, 20/s", cpu, "plain"), 0.7, True),
        Target("20/s to 200: p99, of plain", ratio("fanout", "200 sockets, 20/s", "p99_ms", "plain"), 1.0, True),
        Target("lone messages: CPU of all, of plain", ratio("lone", "", "all_cpu_ms", "plain"), 4, True),
        Target("lone messages: p99", value("lone", "", "service", "p99_ms"), 3, True, "ms"),
        Target("rooms: rate, of Channels", ratio("rooms", "", "messages_s", "channels"), 40, False),
        Target("rooms: rate, of plain", ratio("rooms", "", "messages_s", "plain"), 0.6, False),
        Target("history: pages/s, of Channels", ratio("history", case, "pages_s", "channels"), 12, False),
        Target("history, unchanged: CPU a page", _unchanged(entries, workers), 0.4, True, "ms"),
        Target("connect: sockets/s, of plain", ratio("connect", "", "sockets_s", "plain"), 1.0, False),
        Target("memory of a socket", value("connect", "", "service", "kib_socket"), 40, True, "KiB"),
        Target("import of the app", value("startup", "", "service", "import_s"), 1.0, True, "s"),
        Target("memory of an idle worker", value("startup", "", "service", "idle_mib"), 90, True, "MiB"),
    ]


def _unchanged(entries: Sequence[Entry], workers: int) -> float | None:
    for entry in entries:
        is_service = entry.who == "service" and entry.workers == workers
        if is_service and entry.scenario == "history" and entry.case.endswith("unchanged"):
            return float(entry.values["server_cpu_ms_page"])
    return None
