"""The generator process: reads one command per line from standard input, writes one answer per line."""

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from benchmarks.load.client import SocketSpec
from benchmarks.load.clients import Clients
from benchmarks.load.pages import read_pages


async def serve() -> None:
    """Process commands until the input ends. Each answer includes the CPU load of this process."""
    clients = Clients()

    async def opened(specs: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        return await clients.open(specs=[SocketSpec(**spec) for spec in specs], **options)

    commands: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
        "open": opened,
        "flood": clients.flood,
        "steady": clients.steady,
        "close": clients.close,
        "pages": read_pages,
    }
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, arguments = json.loads(line)
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            answer = await commands[name](**arguments)
        except (OSError, TimeoutError) as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        answer["generator_share"] = (time.process_time() - cpu) / (time.perf_counter() - wall)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Raise the limit of open files, disable garbage collection, and serve."""
    _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard_limit, 100_000), hard_limit))
    gc.disable()
    uvloop.run(serve())


if __name__ == "__main__":
    main()
