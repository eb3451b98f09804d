"""Start-up: time to import the app and to be ready, and the memory of an idle worker."""

import json
import statistics
import subprocess
import sys

from benchmarks import machine
from benchmarks.load.controller import ROOT
from benchmarks.run import Run
from benchmarks.systems.base import clean_environment
from benchmarks.systems.service import Service

# As `wasgo-chat serve` does.
_IMPORT = """import json, time
wall, cpu = time.perf_counter(), time.process_time()
from wasgo_chat.core import gc_tuning, optional_imports
with gc_tuning.gc_paused(), optional_imports.blocked("rich"):
    import wasgo_chat.app
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))"""


def measure(run: Run) -> None:
    """Measure the service only; no other system has a target."""
    _import_once()  # compiles the bytecode, which an installed package already has
    times = [_import_once() for _ in range(2 if run.quick else 9)]
    service = Service()
    service.prepare(run.cluster)
    with run.serving(service, 1) as running:
        (worker,) = running.workers()
        memory, share, ready_s = machine.memory_kib(worker), machine.own_share_kib(worker), running.ready_s
    run.add(
        "startup",
        "import, idle worker",
        service.name,
        1,
        import_s=statistics.median(wall for wall, _ in times),
        import_cpu_s=statistics.median(cpu for _, cpu in times),
        ready_s=ready_s,
        idle_mib=memory / 1024,
        idle_pss_mib=share / 1024,
        rounds=len(times),
    )


def _import_once() -> tuple[float, float]:
    command = [sys.executable, "-c", _IMPORT]
    output = subprocess.run(  # noqa: S603  a fixed command
        command, capture_output=True, check=True, cwd=ROOT, env=clean_environment()
    )
    wall, cpu = json.loads(output.stdout)
    return wall, cpu
