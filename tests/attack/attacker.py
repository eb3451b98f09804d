"""The process of an attacker: `python -m tests.attack.attacker`, each in a child with a low priority.

Each line of its input names an attack; it prepares the attack, reports `{"ready": true}`, waits for a line, attacks,
and reports what it did. The runner measures meanwhile.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
import traceback
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.attack.attack import Attack, Attacker
from tests.attack.catalogue import ATTACKS
from tests.attack.wire import Exhausted, Meter


def use_spare_time() -> None:
    """Run only while the service leaves a core free: a real attacker uses a machine of its own."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


async def perform(one: Attack, attacker: Attacker, seconds: float) -> dict[str, Any]:
    """Attack, and report."""
    began, cpu = time.monotonic(), time.process_time()
    failed = None
    try:
        async with asyncio.timeout(seconds):
            await one.run(attacker)
    except (TimeoutError, Exhausted):
        pass
    except BaseExceptionGroup as group:
        if group.subgroup(Exhausted) is None:
            failed = "".join(traceback.format_exception(group))[-3000:]
    except Exception:
        failed = traceback.format_exc()[-3000:]
    return {
        "took_s": time.monotonic() - began,
        "client_cpu_s": time.process_time() - cpu,
        "sent": attacker.meter.sent,
        "received": attacker.meter.received,
        "requests": attacker.requests,
        "answers": dict(attacker.answers.most_common(12)),
        "violations": sorted(attacker.violations),
        "failed": failed,
    }


def main() -> None:
    """Serve the runner until its end of the pipe closes. Each attack runs in a child: only that has a low priority."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                serve(json.loads(line))
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        os.waitpid(child, 0)


def serve(order: dict[str, Any]) -> None:
    """Prepare an attack, wait for the runner, and attack."""
    one = ATTACKS[order["name"]]
    pem = order.get("key")
    key = load_pem_private_key(pem.encode(), password=None) if pem else None
    attacker = Attacker(order["port"], one.profile, key, Meter(one.max_bytes), order["address"], order["database_url"])
    with asyncio.Runner() as runner:
        attacker.prepared = runner.run(prepare(one, attacker))
        answer({"ready": True})
        sys.stdin.readline()
        use_spare_time()
        answer(runner.run(perform(one, attacker, order["seconds"])))


async def prepare(one: Attack, attacker: Attacker) -> Any:
    return await one.prepare(attacker) if one.prepare is not None else None


def answer(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
