"""Two services behind the proxy of deploy/: a rolling restart rejects no request and loses nothing."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx

from tests.server.worlds import world_of
from tests.support.processes import ServeProcess, environment, serving, start_serve
from tests.support.retrying_clients import ReconnectingClient, RetryingSender
from tests.support.standalone import frozen
from tests.support.workers import Worker
from tests.support.world import wait_until
from wasgo_chat.core.errors import PROBLEM_JSON, Unavailable, problem_body
from wasgo_chat.development.embedded import Valkey, free_port
from wasgo_chat.settings.config import Settings

HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"
CONFIG = Path(__file__).parents[2] / "deploy" / "haproxy.cfg"
DRAINING = {"DRAIN_DELAY_S": "1.2", "SHUTDOWN_S": "12", "RESTART_SPREAD_S": "0", "TRUSTED_PROXIES": "127.0.0.1"}


@asynccontextmanager
async def proxy_before(*served: ServeProcess) -> AsyncIterator[int]:
    """The proxy as deployed, on a separate port, once it has found both services."""
    port = free_port()
    names = zip(("CHAT_A", "CHAT_B"), served, strict=True)
    env = {**os.environ, "LISTEN": f"127.0.0.1:{port}", **{name: f"127.0.0.1:{one.port}" for name, one in names}}
    command = [HAPROXY, "-db", "-f", str(CONFIG)]
    assert shutil.which(HAPROXY), "HAProxy is not installed: run make haproxy"
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)  # noqa: ASYNC220  at once
    try:
        await ServeProcess(process, port, served[0].settings).wait_ready()
        yield port
    finally:
        process.terminate()
        process.wait(10)


async def restart(served: ServeProcess, database: str, log: Path) -> ServeProcess:
    """End it as an orchestrator would, and start it again on its port."""
    served.process.send_signal(signal.SIGTERM)
    assert await served.wait_exited() == 0
    process = start_serve(served.port, 1, environment(database, **DRAINING), log)
    again = ServeProcess(process, served.port, served.settings)
    await again.wait_ready()
    return again


async def test_a_rolling_restart_behind_the_proxy_loses_nothing_and_rejects_nothing(
    database: str, worker: Worker, tmp_path: Path
) -> None:
    async with (
        serving(database, tmp_path / "a", workers=1, **DRAINING) as a,
        serving(database, tmp_path / "b", workers=1, **DRAINING) as b,
        proxy_before(a, b) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as stranger,
    ):
        assert (await stranger.get("/metrics")).status_code == 404
        world = world_of(cast("ServeProcess", Proxied(port, a.settings)), worker)
        people = world.people(*(f"p{number}" for number in range(5)))
        chat = await world.job(**{f"participant_{number}": person for number, person in enumerate(people)})
        *listeners, ana = people
        sockets = [ReconnectingClient(f"ws://127.0.0.1:{port}", one.bearer or "", chat, one.id) for one in listeners]
        poster = RetryingSender(f"http://127.0.0.1:{port}", ana.bearer or "", chat, ana.id)
        is_over = asyncio.Event()
        living = [asyncio.create_task(socket.run(0, 10**9)) for socket in sockets]
        posting = asyncio.create_task(post_until(poster, is_over))
        restarted = []
        try:
            await wait_until(lambda: all(socket.seen for socket in sockets))
            for one in (a, b):
                restarted.append(await restart(one, database, tmp_path / f"again-{one.port}"))
            is_over.set()
            await posting
            await wait_until(lambda: all(socket.seen[-1] >= max(poster.acked.values()) for socket in sockets))
        finally:
            for task in (posting, *living):
                task.cancel()
            await asyncio.gather(posting, *living, return_exceptions=True)
            for one in restarted:
                one.process.kill()
                one.process.wait()
        assert poster.answers == {201}, "a request was rejected"
        for socket in sockets:
            assert socket.seen == list(range(1, len(socket.seen) + 1))
            assert {code for code, _ in socket.closes} == {1012}
        await world.close()


async def test_a_frozen_redis_takes_no_service_out(database: str, tmp_path: Path) -> None:
    valkey = Valkey()
    await asyncio.to_thread(valkey.start)
    try:
        async with (
            serving(database, tmp_path / "a", workers=1, **DRAINING, REDIS_URL=valkey.url) as a,
            serving(database, tmp_path / "b", workers=1, **DRAINING, REDIS_URL=valkey.url) as b,
            proxy_before(a, b) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as stranger,
        ):
            with frozen(valkey.pid):
                is_known = []

                async def ask() -> None:
                    answer = await stranger.get("/readyz")
                    assert answer.status_code == 200, answer.text
                    is_known.append(answer.json()["checks"]["redis"] == "degraded")

                async with asyncio.timeout(20):
                    while is_known[-5:] != [True] * 5:
                        await ask()
                        await asyncio.sleep(0.1)
    finally:
        await asyncio.to_thread(valkey.stop)


async def test_while_no_service_is_ready_the_proxy_says_when_to_retry(database: str, tmp_path: Path) -> None:
    async with (
        serving(database, tmp_path / "a", workers=1, **DRAINING) as a,
        serving(database, tmp_path / "b", workers=1, **DRAINING) as b,
        proxy_before(a, b) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as stranger,
    ):
        for one in (a, b):
            one.process.kill()
            await one.wait_port_closed()
        async with asyncio.timeout(20):
            while True:
                answer = await stranger.get("/chat/conversations/")
                if answer.json()["detail"] == "No service is ready":
                    break
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.headers["content-type"] == PROBLEM_JSON
        ours = Unavailable("No service is ready")
        assert answer.json() == {**problem_body(503, ours.code, ours.title, ours.detail), **ours.extras()}


@dataclass
class Proxied:
    """The endpoint at the proxy's port."""

    port: int
    settings: Settings

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


async def post_until(poster: RetryingSender, is_over: asyncio.Event) -> None:
    while not is_over.is_set():
        await poster.run(len(poster.acked) + 1)
