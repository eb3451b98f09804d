"""The stage: a real service on a database of its own, the proxy before it, and a door to direct both.

Run it with the project's environment: `.venv/bin/python -m sdk.conformance.stage`. It prints one line of JSON with its
addresses and ends when its standard input does. The door's calls are in README.md.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sdk.conformance.play import Play, PlayFailed, scenario_names
from sdk.conformance.proxy import Proxy, rules_of
from wasgo_chat.app import create_app
from wasgo_chat.core.config import Settings
from wasgo_chat.database import migrations
from wasgo_chat.development.embedded import Postgres, free_port
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user
from wasgo_chat.server.run import server_config
from wasgo_chat.telemetry.logging import configure_logging

SECRET = "a-secret-of-the-stage-that-is-long-enough"  # noqa: S105  of a service that lives for a test
REPLAY_LIMIT = 20
FAST = {"fsync": "off", "full_page_writes": "off"}


class Stage:
    """Everything that runs, and the door's answers."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.settings = settings
        self.port = port
        self.proxy = Proxy(port)
        self.plays: dict[str, Play] = {}

    async def token(self, request: Request) -> JSONResponse:
        """A token of a user, or of a service with all scopes."""
        asked = await request.json()
        ttl_s = int(asked.get("ttl_s", 3600))
        if "service" in asked:
            return JSONResponse({"token": mint_service(self.settings, asked["service"], list(SCOPES), ttl_s=ttl_s)})
        staff = bool(asked.get("staff", False))
        return JSONResponse({"token": mint_user(self.settings, asked["user"], ttl_s=ttl_s, staff=staff)})

    async def faults(self, request: Request) -> JSONResponse:
        """Set what goes wrong from now on."""
        asked = await request.json()
        self.proxy.rules = rules_of(asked.get("rules", []))
        self.proxy.refuses = bool(asked.get("refuse", False))
        if asked.get("cut"):
            self.proxy.cut()
        return JSONResponse({})

    async def begin(self, request: Request) -> JSONResponse:
        """Set the scene of a scenario; gives its steps."""
        asked = await request.json()
        play = await Play.begin(self.port, self.settings, asked["name"])
        self.plays[play.id] = play
        return JSONResponse(play.programme())

    async def do(self, request: Request) -> JSONResponse:
        """Do a step of a scenario that is the stage's."""
        asked = await request.json()
        await self.plays[asked["play"]].do(asked["step"])
        return JSONResponse({})

    async def compare(self, request: Request) -> JSONResponse:
        """Hold a client's copy against a fresh snapshot."""
        asked = await request.json()
        return JSONResponse(await self.plays[asked["play"]].compare(asked["state"]))

    async def end(self, request: Request) -> JSONResponse:
        """Take the proxy of a scenario away."""
        asked = await request.json()
        await self.plays.pop(asked["play"]).end()
        return JSONResponse({})

    async def scenarios(self, request: Request) -> JSONResponse:
        """The names of all scenarios."""
        return JSONResponse(scenario_names())

    def door(self) -> Starlette:
        """The door as an app."""
        routes = [
            Route("/scenarios", self.scenarios),
            Route("/token", self.token, methods=["POST"]),
            Route("/faults", self.faults, methods=["POST"]),
            Route("/begin", self.begin, methods=["POST"]),
            Route("/do", self.do, methods=["POST"]),
            Route("/compare", self.compare, methods=["POST"]),
            Route("/end", self.end, methods=["POST"]),
        ]
        cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
        return Starlette(routes=routes, middleware=[cors], exception_handlers={PlayFailed: _failed})


async def _failed(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"failed": str(error)}, 400)


class _Server(uvicorn.Server):
    """uvicorn that leaves the signals to us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(database_url: str, folder: Path, origins: list[str]) -> None:
    """Serve until standard input ends."""
    port, door_port = free_port(), free_port()
    settings = Settings(
        database_url=database_url,
        redis_url=None,
        jwt_secret=SecretStr(SECRET),
        message_rate=0,
        replay_limit=REPLAY_LIMIT,
        erasure_settle_s=0.5,
        storage_dir=folder / "attachments",
        allowed_origins=origins,
    )
    stage = Stage(settings, port)
    app = create_app(settings)
    service = _Server(server_config(app, settings, host="127.0.0.1", port=port))
    door = _Server(uvicorn.Config(stage.door(), port=door_port, log_level="warning", lifespan="off"))
    tasks = [asyncio.create_task(service.serve()), asyncio.create_task(door.serve())]
    await stage.proxy.start()
    while not (service.started and door.started):
        if any(task.done() for task in tasks):
            await asyncio.gather(*tasks)
        await asyncio.sleep(0.02)
    addresses = {"url": stage.proxy.port, "direct": port, "door": door_port}
    print(json.dumps({name: f"http://127.0.0.1:{one}" for name, one in addresses.items()}), flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_reader(sys.stdin, lambda: ended.set() if not os.read(sys.stdin.fileno(), 4096) else None)
    await ended.wait()
    await asyncio.gather(stage.proxy.stop(), *(play.end() for play in stage.plays.values()))
    service.should_exit = door.should_exit = True
    await asyncio.gather(*tasks)


def main() -> None:
    """Start the servers, run, and take everything away again."""
    configure_logging("ERROR", as_json=False)
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-stage-") as name:
        folder = Path(name)
        postgres = Postgres(folder / "postgres", FAST)
        postgres.start()
        try:
            migrations.upgrade(Settings(database_url=postgres.url()).database_url)
            asyncio.run(run(postgres.url(), folder, sys.argv[1:]))
        finally:
            postgres.stop(immediately=True)


if __name__ == "__main__":
    main()
