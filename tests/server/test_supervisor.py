"""The supervisor: which workers it replaces, how often, and how it exits."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.support.world import wait_until

PROGRAM = Path(__file__).with_name("supervised_workers.py")


class Supervised:
    """A running supervisor, and the workers it has started so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        self.process = process
        self.folder = folder

    @property
    def started(self) -> list[int]:
        return sorted(int(path.name) for path in self.folder.iterdir())

    @property
    def alive(self) -> list[int]:
        return [pid for pid in self.started if is_running(pid)]

    async def ended(self) -> int:
        await wait_until(lambda: self.process.poll() is not None)
        return int(self.process.returncode)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


Supervise = Callable[..., AbstractContextManager[Supervised]]


@pytest.fixture
def supervise(tmp_path: Path) -> Supervise:
    @contextmanager
    def start(worker: str, shutdown_s: float = 0.3) -> Iterator[Supervised]:
        command = [sys.executable, str(PROGRAM), worker, str(tmp_path), str(shutdown_s)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            yield Supervised(process, tmp_path)
        finally:
            process.kill()
            process.wait()

    return start


async def test_a_dead_worker_is_replaced(supervise: Supervise) -> None:
    with supervise("steady") as there:
        await wait_until(lambda: len(there.started) == 1)
        os.kill(there.started[0], signal.SIGKILL)
        await wait_until(lambda: len(there.started) == 2 and len(there.alive) == 1)
        there.process.terminate()
        assert await there.ended() == 0
        assert there.alive == []


async def test_a_worker_without_a_heartbeat_is_killed_and_replaced(supervise: Supervise) -> None:
    with supervise("hanging") as there:
        await wait_until(lambda: len(there.started) == 2 and len(there.alive) == 1)


async def test_a_stopped_worker_is_killed_and_replaced(supervise: Supervise) -> None:
    with supervise("steady") as there:
        await wait_until(lambda: len(there.started) == 1)
        os.kill(there.started[0], signal.SIGSTOP)
        await wait_until(lambda: len(there.started) == 2 and len(there.alive) == 1)


async def test_a_supervisor_that_was_suspended_kills_no_worker_for_it(supervise: Supervise) -> None:
    with supervise("steady") as there:
        await wait_until(lambda: len(there.started) == 1)
        os.kill(there.process.pid, signal.SIGSTOP)
        os.kill(there.started[0], signal.SIGSTOP)
        awake_at = time.monotonic() + 1.5
        await wait_until(lambda: time.monotonic() > awake_at)
        os.kill(there.process.pid, signal.SIGCONT)
        os.kill(there.started[0], signal.SIGCONT)
        there.process.terminate()
        assert await there.ended() == 0
        assert len(there.started) == 1


async def test_workers_that_die_at_once_are_started_with_increasing_delays(supervise: Supervise) -> None:
    with supervise("dying") as there:
        await wait_until(lambda: len(there.started) == 4)
        cpu_before = cpu_ticks(there.process.pid)
        await wait_until(lambda: len(there.started) == 5)
        assert cpu_ticks(there.process.pid) - cpu_before < 20, "the supervisor spins"


async def test_a_service_that_never_starts_ends_the_supervisor(supervise: Supervise) -> None:
    with supervise("broken") as there:
        assert await there.ended() == 1
        assert len(there.started) == 5


async def test_a_worker_that_does_not_exit_is_killed(supervise: Supervise) -> None:
    with supervise("stubborn") as there:
        await wait_until(lambda: len(there.started) == 1)
        there.process.terminate()
        assert await there.ended() == 1
        assert there.alive == []


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_exits_at_once(supervise: Supervise, signum: signal.Signals) -> None:
    with supervise("stubborn", shutdown_s=600) as there:
        await wait_until(lambda: len(there.started) == 1)
        there.process.send_signal(signal.SIGTERM)

        def has_ended() -> bool:
            there.process.send_signal(signum)  # repeated: two signals at once are one
            return there.process.poll() is not None

        await wait_until(has_ended)
        assert there.process.returncode in (1, -signum)  # the last one may reach an interpreter that is exiting
        assert there.alive == []


async def test_no_worker_outlives_a_killed_supervisor(supervise: Supervise) -> None:
    with supervise("stubborn") as there:
        await wait_until(lambda: len(there.started) == 1)
        os.kill(there.started[0], signal.SIGSTOP)
        there.process.kill()
        await wait_until(lambda: there.alive == [])


async def test_a_hangup_replaces_the_worker_once_its_successor_serves(supervise: Supervise) -> None:
    with supervise("steady") as there:
        await wait_until(lambda: len(there.started) == 1)
        first = there.started
        there.process.send_signal(signal.SIGHUP)
        await wait_until(lambda: len(there.started) == 2 and len(there.alive) == 1)
        assert there.alive != first


async def test_a_hangup_whose_successor_does_not_start_keeps_the_worker(supervise: Supervise) -> None:
    with supervise("later_broken") as there:
        await wait_until(lambda: len(there.started) == 1)
        first = there.started
        there.process.send_signal(signal.SIGHUP)
        await wait_until(lambda: len(there.started) == 2 and there.alive == first)


def cpu_ticks(pid: int) -> int:
    """The CPU time of a process, in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
