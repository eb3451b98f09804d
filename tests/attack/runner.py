"""Runs attacks against a service while victims use it, and judges the damage.

The attacker runs only while a core is free (`SCHED_IDLE`): on a small machine it takes the CPU time that the service
and the victims leave, so what the victims notice is the work of the service. A delay is judged by the 99th percentile
of each operation of the victims. It may be twice the one before the attack, or `floor_s` if that is more: two workers
that serve one user's requests on two cores delay others by some of these. Other programs on the machine delay too: how
late it runs a process that has slept is measured, and added for each time that an operation waits for a core. An attack
that only delays too long is repeated, and the best run counts; more often while other programs use the machine, and
then the report says so. The last attack is a control: it must do damage, to a service with a flaw.
"""

import asyncio
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.attack.attack import Attack, Attacker, Profile
from tests.attack.environment import WORKERS, Environment
from tests.attack.measure import Cost, OtherPrograms, cpu_s
from tests.attack.measure import Meter as CostMeter
from tests.attack.victims import Experience, Victims
from tests.attack.wire import Meter
from tests.support.processes import ServeProcess

SETTLE_S = 20.0
PREPARE_S = 60.0
WARM_UP_S = 20.0
WARM_UPLOADS = 12
"""Uploads that reach the decoders of every worker: the first one starts them, which takes a second of CPU time."""
MAX_OTHER_CORES = 0.3
TURNS = 10
"""How often the processes wait for a core during one operation."""
ROOT = Path(__file__).parents[2]
LOGS = ROOT / "build/attack-logs"


@dataclass(frozen=True)
class Pace:
    """How long an attack is measured, and which delay is no damage."""

    calm_s: float = 0.8
    after_s: float = 0.8
    attack_s: float | None = None
    floor_s: float = 0.4
    attempts: int = 2
    noisy_attempts: int = 4
    checks_cores: bool = True


FULL = Pace()
SHORT = Pace(calm_s=0.2, after_s=0.2, attack_s=1.6, floor_s=2.0, noisy_attempts=2, checks_cores=False)
"""Other tests run at the same time, so a short delay is no damage; and seconds are too short to count CPU time."""


@dataclass
class Result:
    """One attack: what it did, what the victims noticed, what it cost, and the limits that were exceeded."""

    attack: Attack
    did: dict[str, Any]
    before: Experience
    during: Experience
    after: Experience
    cost: Cost
    settled_s: float
    usual_cores: float
    other_cores: float
    violations: list[str] = field(default_factory=list)
    is_only_slow: bool = False

    @property
    def is_noisy(self) -> bool:
        """Whether other programs have used so much CPU time that a delay may be theirs."""
        return self.other_cores > MAX_OTHER_CORES

    @property
    def cores(self) -> float:
        """CPU seconds of the workers for each second of the attack, without those that the victims cause."""
        return self.cost.workers_cpu_s / max(0.1, float(self.did["took_s"])) - self.usual_cores


class AttackerProcess:
    """The process that attacks; started again when it does not end in time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def order(self, name: str, **details: Any) -> None:
        """Prepare an attack. Raises: AssertionError if the process fails."""
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.attack.attacker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                limit=1 << 20,
            )
        await self._write({"name": name, **details})
        assert "ready" in await self._read(PREPARE_S), f"the attack {name} cannot be prepared"

    async def attack(self, seconds: float) -> dict[str, Any]:
        """Perform what was prepared."""
        await self._write({})
        return await self._read(seconds + 15)

    async def close(self) -> None:
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            self._process = None

    async def _write(self, value: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")
        await self._process.stdin.drain()

    async def _read(self, patience_s: float) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(patience_s):
                line = await self._process.stdout.readline()
        except TimeoutError:
            await self.close()
            return {"took_s": patience_s, "client_cpu_s": 0.0, "sent": 0, "received": 0, "requests": 0, "answers": {},
                    "violations": [], "failed": "the attacker did not end in time"}  # fmt: skip
        assert line, "the attacker's process has ended"
        found: dict[str, Any] = json.loads(line)
        return found


class Runner:
    """Runs attacks one after another."""

    def __init__(self, environment: Environment, pace: Pace = FULL) -> None:
        self._environment = environment
        self._pace = pace
        self._attacker = AttackerProcess()
        self._calm: list[float] = []
        self._number = 0

    async def run(self, attacks: Sequence[Attack]) -> AsyncIterator[Result]:
        """Run attacks; those of one profile share a service, which is replaced after damage."""
        try:
            for profile in get_args(Profile):
                waiting = [one for one in attacks if one.profile == profile]
                while waiting:
                    async with self._service(profile) as (served, victims):
                        while waiting:
                            result = await self._run_repeatedly(waiting.pop(0), served, victims)
                            yield result
                            if result.cost.killed or result.during.damage or result.after.damage:
                                break
                    self._keep_log()
        finally:
            await self._attacker.close()

    def _keep_log(self) -> None:
        log = self._environment.log
        LOGS.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, LOGS / log.name)

    @asynccontextmanager
    async def _service(self, profile: Profile) -> AsyncIterator[tuple[ServeProcess, Victims]]:
        async with self._environment.serving(profile) as served:
            key = self._environment.issuer_key() if profile == "jwks" else None
            private = load_pem_private_key(key.encode(), password=None) if key else None
            victims = Victims(Attacker(served.port, profile, private, Meter()))
            await victims.start()
            await victims.warm_up(
                WARM_UPLOADS, WARM_UP_S
            )  # the first requests of a worker are slow; they are no measure
            try:
                yield served, victims
            finally:
                await victims.stop()

    async def _run_repeatedly(self, attack: Attack, served: ServeProcess, victims: Victims) -> Result:
        results: list[Result] = []
        for attempt in range(1, self._pace.noisy_attempts + 1):
            results.append(await self._run_once(attack, served, victims))
            if not results[-1].is_only_slow or (attempt >= self._pace.attempts and not results[-1].is_noisy):
                break
        return min(results, key=lambda one: (len(one.violations), one.during.worst(0.99)))

    async def _run_once(self, attack: Attack, served: ServeProcess, victims: Victims) -> Result:
        pace = self._pace
        seconds = attack.seconds
        if pace.attack_s is not None and attack.profile != "flawed":  # the control must do damage in each form
            seconds = min(seconds, pace.attack_s)
        key = self._environment.issuer_key() if attack.profile == "jwks" else None
        await self._attacker.order(
            attack.name,
            port=served.port,
            key=key,
            seconds=seconds,
            address=f"9.9.{self._number >> 8}.{self._number & 255}",
            database_url=self._environment.database_url,
        )
        self._number += 1
        victims.new_period()
        usual_cpu_s = sum(cpu_s(worker) for worker in served.workers())
        await asyncio.sleep(pace.calm_s)
        usual_cpu_s = sum(cpu_s(worker) for worker in served.workers()) - usual_cpu_s
        before = victims.new_period()
        pid = self._environment.postgres.pid
        assert pid is not None
        others = OtherPrograms([os.getpid(), pid])
        meter = CostMeter(served, pid, self._environment.log)
        meter.start()
        self._environment.issuer.hangs = attack.profile == "jwks"
        did = await self._attacker.attack(seconds)
        meter.stop_cpu()
        during = victims.new_period()
        await asyncio.sleep(pace.after_s)
        after = victims.new_period()
        other_cores = others.cores()
        settled_s = await self._settle(served, victims)
        after.damage += victims.new_period().damage
        cost = meter.stop()
        self._environment.issuer.hangs = False
        result = Result(attack, did, before, during, after, cost, settled_s, usual_cpu_s / pace.calm_s, other_cores)
        self._judge(result)
        return result

    async def _settle(self, served: ServeProcess, victims: Victims) -> float:
        """Wait until the service is whole and the victims are served as usual; returns the seconds that it took."""
        began = time.monotonic()
        while time.monotonic() - began < SETTLE_S:
            is_calm = victims.longest_wait() < self._pace.floor_s
            if is_calm and len(served.workers()) == WORKERS:
                break
            await asyncio.sleep(0.1)
        return time.monotonic() - began

    def _judge(self, result: Result) -> None:
        attack, cost = result.attack, result.cost
        found = list(result.did["violations"])
        if result.did["failed"]:
            found.append(f"the attack itself failed: {result.did['failed']}")
        found += [f"victims: {count} × {what}" for what, count in (result.during.damage + result.after.damage).items()]
        found += [f"log: {count} × {event}" for event, count in cost.errors.items()]
        if cost.growth_mb > attack.max_growth_mb:
            found.append(f"a worker grew by {cost.growth_mb:.0f} MB (limit {attack.max_growth_mb})")
        if self._pace.checks_cores and result.cores > attack.max_cores:
            found.append(f"the workers used {result.cores:.2f} cores (limit {attack.max_cores:g})")
        others = len(found)
        self._calm.append(result.before.worst(0.99))
        usual = statistics.median(self._calm)
        for operation in result.during.seconds:
            limit = max(2 * max(usual, result.before.quantile(operation, 0.99)), self._pace.floor_s)
            limit += TURNS * max(result.during.lag_s, result.after.lag_s)
            slowest = max(result.during.quantile(operation, 0.99), result.after.quantile(operation, 0.99))
            if slowest > limit:
                found.append(
                    f"victims: p99 of {operation} {slowest * 1000:.0f} ms (limit {limit * 1000:.0f})"
                    + (f", while other programs used {result.other_cores:.1f} cores" if result.is_noisy else "")
                )
        result.violations = found
        result.is_only_slow = len(found) > others == 0
