"""`python -m benchmarks`: the service beside its peers, in one run. docs/performance.md says how to read it."""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import machine, report, targets
from benchmarks.cluster import DURABLE, Cluster
from benchmarks.contestants.base import Contestant
from benchmarks.contestants.channels import PUBSUB_LAYER, PYTHON, Channels
from benchmarks.contestants.floors import Plain
from benchmarks.contestants.service import RAISED, Service
from benchmarks.load.steer import Generator
from benchmarks.run import Run
from benchmarks.scenarios import ceiling, connect, fan_out, history, inserts, rooms, startup

SCENARIOS = ("startup", "ceiling", "inserts", "connect", "fanout", "rooms", "history")
FLOORS = ("ceiling", "inserts")
"""What there is to compare with: left out of a quick run, unless it is asked for."""
ROUNDS, QUICK_ROUNDS = 5, 1

Contestants = list[tuple[str, Contestant]]


def parse() -> argparse.Namespace:
    """What to run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute: one worker, short, without Channels")
    parser.add_argument("--rounds", type=int, default=None, help=f"repetitions; {ROUNDS} by default")
    parser.add_argument("--only", default="", help=f"some of {','.join(SCENARIOS)}")
    parser.add_argument("--out", type=Path, default=None, help="write everything there as JSON")
    options = parser.parse_args()
    options.only = [name for name in options.only.split(",") if name] or [
        name for name in SCENARIOS if not (options.quick and name in FLOORS)
    ]
    if unknown := [name for name in options.only if name not in SCENARIOS]:
        parser.error(f"there is no {unknown[0]}; there are {', '.join(SCENARIOS)}")
    if not options.quick and not PYTHON.exists():
        parser.error("the peers are not installed: run `make bench`, or give --quick")
    options.rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    return options


def contestants(*, quick: bool, wishes: bool = False, layers: bool = False) -> Contestants:
    """Who is measured; the service with quieter members and Channels with its other layer where asked for."""
    found: Contestants = [("plain", Plain()), ("service", Service())]
    if wishes:
        found.append(("service-mentions", Service(told_of="mentions")))
    if not quick:
        found.append(("channels", Channels()))
        if layers:
            found.append(("channels-pubsub", Channels(PUBSUB_LAYER)))
    return found


def measure(run: Run, only: list[str]) -> None:
    """The chosen scenarios, in the order in which they stand."""
    quick = run.quick
    steps: dict[str, Callable[[], None]] = {
        "startup": lambda: startup.measure(run),
        "ceiling": lambda: ceiling.measure(run),
        "inserts": lambda: inserts.measure(run),
        "connect": lambda: connect.measure(run, contestants(quick=quick)),
        "fanout": lambda: fan_out.measure(run, contestants(quick=quick, wishes=not quick, layers=True)),
        "rooms": lambda: rooms.measure(run, contestants(quick=quick, layers=True)),
        "history": lambda: history.measure(run, contestants(quick=quick)[1 if quick else 0 :]),  # no target has plain's
    }
    for name in SCENARIOS:
        if name in only:
            steps[name]()


def main() -> None:
    """Measure, print, keep."""
    options = parse()
    described, began = machine.describe(), time.monotonic()
    print(f"{described['processor']}, {described['cores']} cores, Python {described['python']}, "
          f"load before {described['load_before']:.2f}")  # fmt: skip
    print("PostgreSQL: " + ", ".join(f"{name} {value}" for name, value in DURABLE.items()))
    print("Raised for the service: " + ", ".join(f"{name} {value}" for name, value in RAISED.items()) + "\n")
    with Cluster() as cluster, Generator() as load:
        run = Run(cluster, load, options.quick, options.rounds)
        measure(run, options.only)
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": described,
        "quick": options.quick,
        "rounds": options.rounds,
        "seconds": time.monotonic() - began,
        "settings": RAISED,
        "measured": run.as_json(),
    }
    print(f"\n{report.as_text(run.entries)}\n")
    ratios = {one.name: one.reached and round(one.reached, 3) for one in targets.judge(run.entries)}
    if options.out is not None:
        options.out.write_text(json.dumps({**result, "ratios": ratios}, indent=1) + "\n", encoding="utf-8")
    print(f"{result['seconds']:.0f} seconds")
    print(json.dumps({name: value for name, value in ratios.items() if value is not None}))


if __name__ == "__main__":
    main()
