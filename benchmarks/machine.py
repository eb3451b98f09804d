"""What the kernel counts: CPU time and memory of processes with all their children (proc_pid_stat(5))."""

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
    """The fields after the command's name: state, parent, …; None where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def family(pid: int) -> list[int]:
    """A process and everything below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (stat := _stat(int(entry.name))) is not None:
            parents.setdefault(int(stat[1]), []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(one := waiting.pop())
        waiting += parents.get(one, [])
    return found


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, of a process and its children, those that have ended included."""
    ticks = 0
    for one in family(pid):
        if (stat := _stat(one)) is not None:
            ticks += sum(int(field) for field in stat[11:13])
            if one == pid:
                ticks += sum(int(field) for field in stat[13:15])
    return ticks / TICKS


def memory_kib(pid: int) -> int:
    """Resident KiB of one process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def own_share_kib(pid: int) -> int:
    """The same, but of what it shares with other processes its share only (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise AssertionError("no Pss")


def wait_for_quiet(pids: Sequence[int]) -> None:
    """Wait until these have finished what they were given: work that goes on behind a run belongs to it."""
    deadline = time.monotonic() + QUIET_TIMEOUT_S
    before = sum(cpu_s(pid) for pid in pids)
    while time.monotonic() < deadline:
        time.sleep(QUIET_STEP_S)
        now = sum(cpu_s(pid) for pid in pids)
        if now - before < QUIET_SHARE * QUIET_STEP_S:
            return
        before = now


def describe() -> dict[str, Any]:
    """The machine, for the head of a report."""
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
