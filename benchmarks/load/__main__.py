"""The generator's process: one command a line on standard input, one answer a line on standard output."""

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from benchmarks.load.crowd import Crowd
from benchmarks.load.pages import read_pages
from benchmarks.load.peer import Place


async def serve() -> None:
    """Answer until the input ends. Each answer also says how busy this process was: CPU seconds by wall seconds."""
    crowd = Crowd()

    async def opened(places: list[dict[str, Any]], **how: Any) -> dict[str, Any]:
        return await crowd.open(places=[Place(**place) for place in places], **how)

    commands: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
        "open": opened,
        "flood": crowd.flood,
        "steady": crowd.steady,
        "close": crowd.close,
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
    """Allow as many sockets as the system does, and no pauses of our own."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 100_000), most))
    gc.disable()
    uvloop.run(serve())


if __name__ == "__main__":
    main()
