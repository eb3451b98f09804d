"""`python -m benchmarks`: measures the service and its baselines in one run. docs/performance.md explains it."""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import machine, report, targets
from benchmarks.cluster import DURABLE, Cluster
from benchmarks.load.controller import Generator
from benchmarks.run import Run
from benchmarks.scenarios import ceiling, connect, fan_out, history, inserts, lone, rooms, startup
from benchmarks.systems.base import SystemUnderTest
from benchmarks.systems.baselines import Plain
from benchmarks.systems.channels import PUBSUB_LAYER, PYTHON, Channels
from benchmarks.systems.service import RAISED, Service

SCENARIOS = ("startup", "ceiling", "inserts", "connect", "fanout", "lone", "rooms", "history")
FLOORS = ("ceiling", "inserts")
"""Baselines, left out of a quick run unless `--only` names them."""
ROUNDS, QUICK_ROUNDS = 5, 1

Systems = list[tuple[str, SystemUnderTest]]


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute: one worker, short rounds, no Channels")
    parser.add_argument("--rounds", type=int, default=None, help=f"number of rounds; default: {ROUNDS}")
    parser.add_argument("--only", default="", help=f"comma-separated scenarios: {','.join(SCENARIOS)}")
    parser.add_argument("--out", type=Path, default=None, help="write the results to this file as JSON")
    options = parser.parse_args()
    options.only = [name for name in options.only.split(",") if name] or [
        name for name in SCENARIOS if not (options.quick and name in FLOORS)
    ]
    if unknown := [name for name in options.only if name not in SCENARIOS]:
        parser.error(f"unknown scenario {unknown[0]}; the scenarios are {', '.join(SCENARIOS)}")
    if not options.quick and not PYTHON.exists():
        parser.error("the reference applications are not installed: run `make bench`, or use --quick")
    options.rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    return options


def systems(*, quick: bool, mentions: bool = False, layers: bool = False) -> Systems:
    """The systems of a scenario.

    Args:
        quick: leave out Channels.
        mentions: include the service with members who are notified of mentions only.
        layers: include Channels with its pub/sub layer.
    """
    selected: Systems = [("plain", Plain()), ("service", Service())]
    if mentions:
        selected.append(("service-mentions", Service(notification_level="mentions")))
    if not quick:
        selected.append(("channels", Channels()))
        if layers:
            selected.append(("channels-pubsub", Channels(PUBSUB_LAYER)))
    return selected


def measure(run: Run, only: list[str]) -> None:
    """Run the selected scenarios in the order of `SCENARIOS`."""
    quick = run.quick
    steps: dict[str, Callable[[], None]] = {
        "startup": lambda: startup.measure(run),
        "ceiling": lambda: ceiling.measure(run),
        "inserts": lambda: inserts.measure(run),
        "connect": lambda: connect.measure(run, systems(quick=quick)),
        "fanout": lambda: fan_out.measure(run, systems(quick=quick, mentions=not quick, layers=True)),
        "lone": lambda: lone.measure(run, systems(quick=quick)),
        "rooms": lambda: rooms.measure(run, systems(quick=quick, layers=True)),
        "history": lambda: history.measure(run, systems(quick=quick)[1 if quick else 0 :]),  # no target uses plain
    }
    for name in SCENARIOS:
        if name in only:
            steps[name]()


def main() -> None:
    """Measure, print and save the results."""
    options = parse()
    description, started = machine.describe(), time.monotonic()
    print(f"{description['processor']}, {description['cores']} cores, Python {description['python']}, "
          f"load before {description['load_before']:.2f}")  # fmt: skip
    print("PostgreSQL: " + ", ".join(f"{name} {value}" for name, value in DURABLE.items()))
    print("Settings of the service: " + ", ".join(f"{name} {value}" for name, value in RAISED.items()) + "\n")
    with Cluster() as cluster, Generator() as load:
        run = Run(cluster, load, options.quick, options.rounds)
        measure(run, options.only)
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": description,
        "quick": options.quick,
        "rounds": options.rounds,
        "seconds": time.monotonic() - started,
        "settings": RAISED,
        "measured": run.as_json(),
    }
    print(f"\n{report.as_text(run.entries)}\n")
    ratios = {target.name: target.reached and round(target.reached, 3) for target in targets.judge(run.entries)}
    if options.out is not None:
        options.out.write_text(json.dumps({**result, "ratios": ratios}, indent=1) + "\n", encoding="utf-8")
    print(f"{result['seconds']:.0f} seconds")
    print(json.dumps({name: value for name, value in ratios.items() if value is not None}))


if __name__ == "__main__":
    main()
