"""Start-up: the time to import the app, and the memory of a worker that has nothing to do."""

import json
import statistics
import subprocess
import sys

from benchmarks import machine
from benchmarks.contestants.service import Service
from benchmarks.load.steer import ROOT
from benchmarks.run import Run

_IMPORT = """import json, time
wall, cpu = time.perf_counter(), time.process_time()
import wasgo_chat.app
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))"""


def measure(run: Run) -> None:
    """The service only: the targets are its own."""
    times = [_import_once() for _ in range(1 if run.quick else 5)]
    service = Service()
    service.prepare(run.cluster)
    with run.serving(service, 1) as running:
        memory = machine.memory_kib(running.workers()[0])
    run.add(
        "startup",
        "import, idle worker",
        service.name,
        1,
        import_s=statistics.median(wall for wall, _ in times),
        import_cpu_s=statistics.median(cpu for _, cpu in times),
        idle_mib=memory / 1024,
        rounds=len(times),
    )


def _import_once() -> tuple[float, float]:
    command = [sys.executable, "-c", _IMPORT]
    output = subprocess.run(command, capture_output=True, check=True, cwd=ROOT)  # noqa: S603  our own line
    wall, cpu = json.loads(output.stdout)
    return wall, cpu
