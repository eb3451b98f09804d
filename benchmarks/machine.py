"""CPU time and memory of processes including their children, see proc_pid_stat(5)."""

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")
QUIET_SHARE = 0.05
QUIET_STEP_S = 0.3
QUIET_TIMEOUT_S = 30.0


def _stat(pid: int) -> list[str] | None:
    """The fields after the command name (state, parent, …), or None if the process has exited."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (stat := _stat(int(entry.name))) is not None:
            parents.setdefault(int(stat[1]), []).append(int(entry.name))
    members, pending = [], [pid]
    while pending:
        members.append(current := pending.pop())
        pending += parents.get(current, [])
    return members


def cpu_s(pid: int) -> float:
    """CPU seconds (user and system) of a process and its children, including exited ones."""
    ticks = 0
    for member in family(pid):
        if (stat := _stat(member)) is not None:
            ticks += sum(int(field) for field in stat[11:13])
            if member == pid:
                ticks += sum(int(field) for field in stat[13:15])
    return ticks / TICKS


def memory_kib(pid: int) -> int:
    """Resident memory of a process in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def own_share_kib(pid: int) -> int:
    """Proportional set size of a process in KiB: shared memory is divided among its users."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise AssertionError("no Pss")


def wait_for_quiet(pids: Sequence[int]) -> None:
    """Wait until these processes are idle, because background work after a run counts towards the run."""
    deadline = time.monotonic() + QUIET_TIMEOUT_S
    before = sum(cpu_s(pid) for pid in pids)
    while time.monotonic() < deadline:
        time.sleep(QUIET_STEP_S)
        now = sum(cpu_s(pid) for pid in pids)
        if now - before < QUIET_SHARE * QUIET_STEP_S:
            return
        before = now


def describe() -> dict[str, Any]:
    """The machine description for the report."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }
