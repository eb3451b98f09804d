"""Profiles the CPU time of a worker per message: one sender, a worker in this process, a stack sample per millisecond.

Run: python -m benchmarks.one_message [--sockets 200] [--notification-level mentions]. Samples measure CPU
time (ITIMER_PROF), so waiting does not count. Each sample is attributed to the running task, and to a kind of work by
its innermost known frame. Both tables add up to the CPU time of the run, divided by its messages.
"""

import argparse
import asyncio
import signal
import time
from collections import Counter
from types import FrameType
from typing import Any

import uvicorn
import uvloop

from benchmarks.cluster import Cluster
from benchmarks.load.controller import Generator
from benchmarks.run import MILLI, senders_last
from benchmarks.systems.service import Service
from wasgo_chat.app import create_app
from wasgo_chat.development.embedded import free_port
from wasgo_chat.server.run import server_config
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.logging import configure_logging

EVERY_S = 0.001
KINDS = (
    ("SQL", ("/sqlalchemy/", "/asyncpg/", "wasgo_chat/database/session.py", "/greenlet/")),
    ("redis", ("/redis/", "wasgo_chat/pubsub/", "/hiredis/")),
    ("write", ("wasgo_chat/gateway/send_buffer.py", "wasgo_chat/gateway/delivery/",
               "/websockets_sansio_impl.py", "/websockets/", "/starlette/websockets.py",
               "wasgo_chat/server/websocket_protocol.py")),
    ("parse", ("wasgo_chat/gateway/frames/client_frames.py", "/pydantic/", "wasgo_chat/gateway/connection.py")),
    ("encode", ("wasgo_chat/core/encoding.py", "wasgo_chat/conversations/event_frames.py",
                "wasgo_chat/messages/rendering.py",
                "/msgspec/", "wasgo_chat/gateway/broadcast/envelope.py")),
    ("operation", ("wasgo_chat/messages/", "wasgo_chat/conversations/", "wasgo_chat/events/log.py",
              "wasgo_chat/http/rate_limits.py", "/limits/", "wasgo_chat/gateway/commands.py")),
    ("notifications", ("wasgo_chat/notifications/", "wasgo_chat/feed/consumer.py")),
    ("feed", ("wasgo_chat/feed/",)),
    ("log", ("/structlog/", "/logging/")),
)  # fmt: skip


class Sampler:
    """Samples the main thread's CPU time by (task, kind); `lines` counts the innermost functions of the service."""

    def __init__(self) -> None:
        self.samples: Counter[tuple[str, str]] = Counter()
        self.lines: Counter[str] = Counter()
        signal.signal(signal.SIGPROF, self._take)

    def run(self, *, on: bool) -> None:
        """Start or stop sampling."""
        signal.setitimer(signal.ITIMER_PROF, EVERY_S if on else 0, EVERY_S if on else 0)

    def _take(self, number: int, frame: FrameType | None) -> None:
        kind, line = "loop and other", ""
        while frame is not None:
            path = frame.f_code.co_filename
            if kind == "loop and other":
                kind = next((name for name, parts in KINDS if any(part in path for part in parts)), kind)
            if not line and "wasgo_chat/" in path:
                line = f"{path.rpartition('wasgo_chat/')[2]} {frame.f_code.co_qualname}"
            frame = frame.f_back
        self.samples[_task(), kind] += 1
        if line:
            self.lines[line] += 1


def _task() -> str:
    """The name of the running task's coroutine."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is None:
        return "(callbacks: reading sockets and replies)"
    coroutine: Any = task.get_coro()
    return str(getattr(coroutine, "__qualname__", coroutine))


def drive(port: int, service: Service, sockets: int, seconds: float, box: dict[str, Any]) -> None:
    """Generate the load, in a thread. Signals to the main thread switch the sampler on and off."""
    with Generator() as load:
        load.open(port, senders_last(service.group(sockets, 1)), fan=sockets)
        load.do("flood", seconds=1.0, window=1)
        box["cpu"] = time.process_time()
        signal.raise_signal(signal.SIGUSR1)
        box["answer"] = load.do("flood", seconds=seconds, window=1)
        time.sleep(1.0)
        signal.raise_signal(signal.SIGUSR1)
        box["cpu"] = time.process_time() - box["cpu"]


async def profile(settings: Settings, service: Service, sockets: int, seconds: float) -> tuple[Sampler, dict[str, Any]]:
    """Serve in this event loop while the load is running."""
    port, sampler, box = free_port(), Sampler(), dict[str, Any]()
    server = uvicorn.Server(server_config(create_app(settings), settings, host="127.0.0.1", port=port))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.05)
    switches: list[bool] = []
    loop = asyncio.get_running_loop()

    def switch() -> None:
        switches.append(True)
        sampler.run(on=len(switches) % 2 == 1)

    loop.add_signal_handler(signal.SIGUSR1, switch)
    await asyncio.to_thread(drive, port, service, sockets, seconds, box)
    server.should_exit = True
    await serving
    return sampler, box


def show(sampler: Sampler, box: dict[str, Any], top: int) -> None:
    """Print the milliseconds per message, by task, by kind and by function of the service."""
    answer, total = box["answer"], sum(sampler.samples.values())
    each = MILLI * box["cpu"] / answer["accepted"]
    print(f"{answer['accepted']} messages to {answer['deliveries'] // answer['accepted']} sockets, "
          f"{each:.2f} CPU ms per message ({total} samples)")  # fmt: skip
    for title, index in (("by kind", 1), ("by task", 0)):
        sums: Counter[str] = Counter()
        for key, count in sampler.samples.items():
            sums[key[index]] += count
        print(f"\n{title}")
        for name, count in sums.most_common(12):
            print(f"  {each * count / total:7.3f} ms  {100 * count / total:5.1f} %  {name}")
    print("\nby task and kind")
    for (task, kind), count in sampler.samples.most_common(top):
        print(f"  {each * count / total:7.3f} ms  {100 * count / total:5.1f} %  {task}: {kind}")
    print("\ninnermost functions of the service")
    for line, count in sampler.lines.most_common(top):
        print(f"  {each * count / total:7.3f} ms  {100 * count / total:5.1f} %  {line}")


def main() -> None:
    """Profile with temporary servers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=2, help="number of sockets and members of the conversation")
    parser.add_argument(
        "--notification-level", default="all", choices=("all", "mentions"), help="notification level of the members"
    )
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--top", type=int, default=20)
    options = parser.parse_args()
    service = Service(notification_level=options.notification_level)
    with Cluster() as cluster:
        service.prepare(cluster)
        values = {name.removeprefix("WASGO_CHAT_").lower(): value for name, value in service.environment().items()
                 if name.startswith("WASGO_CHAT_")}  # fmt: skip
        settings = Settings.model_validate(values)
        configure_logging(settings.log_level, as_json=True)
        sampler, box = uvloop.run(profile(settings, service, options.sockets, options.seconds))
    show(sampler, box, options.top)


if __name__ == "__main__":
    main()
