"""`make attack`: attack a running service while victims use it, and report the damage.

    python -m tests.attack --only pings,wrong_ids

The exit code is 1 if an attack exceeds a limit, or if the control, an attack on a flawed service, exceeds none.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.attack import amplification, control
from tests.attack.attack import Attack
from tests.attack.catalogue import ATTACKS
from tests.attack.environment import Environment
from tests.attack.report import HEADER, as_json, row
from tests.attack.runner import FULL, SHORT, Pace, Result, Runner


def chosen(arguments: argparse.Namespace) -> list[Attack]:
    if arguments.only:
        return [ATTACKS[name] for name in arguments.only.split(",")]
    if arguments.short:
        return [one for one in ATTACKS.values() if one.is_short or one.name == control.NAME]
    return [*ATTACKS.values()]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def run(environment: Environment, attacks: list[Attack], pace: Pace) -> list[Result]:
    say(HEADER)
    results = []
    async for result in Runner(environment, pace).run(attacks):
        results.append(result)
        say(row(result))
    return results


@contextmanager
def running() -> Iterator[Environment]:
    """The servers of a run, without the service."""
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-attack-") as folder:
        environment = Environment(Path(folder))
        environment.start()
        try:
            yield environment
        finally:
            environment.stop()


def run_all(attacks: list[Attack], pace: Pace) -> list[Result]:
    """Start the servers, run the attacks, and stop the servers."""
    with running() as environment:
        if environment.shim is None:
            say("NOT CHECKED: names that resolve slowly need a C compiler (cc).")
            attacks = [one for one in attacks if "slow_names" not in one.name]
        return asyncio.run(run(environment, attacks, pace))


def amplify() -> int:
    """Measure every route and frame, and write the tables of docs/security.md."""
    with running() as environment:
        found = asyncio.run(amplification.measure(environment))
    say("\n".join([amplification.HEADER, *amplification.rows(found)]))
    amplification.write_page(found)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="names of attacks, separated by commas")
    parser.add_argument("--short", action="store_true", help="the most important attacks, for seconds each")
    parser.add_argument("--json", type=Path, default=Path("build/attack.json"), help="where the results go")
    parser.add_argument("--amplification", action="store_true", help="measure every route, for docs/security.md")
    arguments = parser.parse_args()
    if arguments.amplification:
        return amplify()
    began = time.monotonic()
    results = run_all(chosen(arguments), SHORT if arguments.short else FULL)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(as_json(results), indent=1))
    broken = [
        result.attack.name for result in results if bool(result.violations) != (result.attack.name == control.NAME)
    ]
    took_s = time.monotonic() - began
    say(f"{len(results)} attacks in {took_s:.0f} s, {len(broken)} not as they should be: {arguments.json}")
    for name in broken:
        say(f"  {name}" + (": no damage, so damage by attacks is not noticed either" if name == control.NAME else ""))
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
