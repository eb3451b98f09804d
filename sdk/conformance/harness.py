"""The test harness: a service with its own database, a fault-injecting proxy, and an API that controls both.

Run it with the project's environment: `.venv/bin/python -m sdk.conformance.harness`. It prints its addresses as one
line of JSON, and exits when its standard input is closed. README.md documents the control API.
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

from sdk.conformance.proxy import Proxy, parse_rules
from sdk.conformance.scenario_run import ScenarioRun, StepFailed, scenario_names
from wasgo_chat.app import create_app
from wasgo_chat.database import migrations
from wasgo_chat.development.embedded import Postgres, free_port
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user
from wasgo_chat.server.run import server_config
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.logging import configure_logging

SECRET = "a-secret-of-the-harness-that-is-long-enough"  # noqa: S105  of a service that lives for one test run
REPLAY_LIMIT = 20
WITHOUT_DURABILITY = {"fsync": "off", "full_page_writes": "off"}


class Harness:
    """The control API, and the state it works on."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.settings = settings
        self.port = port
        self.proxy = Proxy(port)
        self.runs: dict[str, ScenarioRun] = {}

    async def token(self, request: Request) -> JSONResponse:
        """Issue a token for a user, or for a service with all scopes."""
        body = await request.json()
        ttl_s = int(body.get("ttl_s", 3600))
        if "service" in body:
            return JSONResponse({"token": mint_service(self.settings, body["service"], list(SCOPES), ttl_s=ttl_s)})
        staff = bool(body.get("staff", False))
        return JSONResponse({"token": mint_user(self.settings, body["user"], ttl_s=ttl_s, staff=staff)})

    async def faults(self, request: Request) -> JSONResponse:
        """Replace the faults of the shared proxy."""
        body = await request.json()
        self.proxy.rules = parse_rules(body.get("rules", []))
        self.proxy.refuses_connections = bool(body.get("refuse", False))
        if body.get("disconnect"):
            self.proxy.disconnect_sockets()
        return JSONResponse({})

    async def start(self, request: Request) -> JSONResponse:
        """Start a run of a scenario, and return the steps of its driver."""
        body = await request.json()
        run = await ScenarioRun.start(self.port, self.settings, body["name"])
        self.runs[run.id] = run
        return JSONResponse(run.plan())

    async def step(self, request: Request) -> JSONResponse:
        """Perform a step of the harness."""
        body = await request.json()
        await self.runs[body["run"]].perform(body["step"])
        return JSONResponse({})

    async def compare(self, request: Request) -> JSONResponse:
        """Compare a client's copy with a new snapshot."""
        body = await request.json()
        return JSONResponse(await self.runs[body["run"]].compare(body["state"]))

    async def finish(self, request: Request) -> JSONResponse:
        """End a run and stop its proxy."""
        body = await request.json()
        await self.runs.pop(body["run"]).finish()
        return JSONResponse({})

    async def scenarios(self, request: Request) -> JSONResponse:
        """List the names of all scenarios."""
        return JSONResponse(scenario_names())

    def control_app(self) -> Starlette:
        """The control API as an ASGI application."""
        routes = [
            Route("/scenarios", self.scenarios),
            Route("/token", self.token, methods=["POST"]),
            Route("/faults", self.faults, methods=["POST"]),
            Route("/start", self.start, methods=["POST"]),
            Route("/step", self.step, methods=["POST"]),
            Route("/compare", self.compare, methods=["POST"]),
            Route("/finish", self.finish, methods=["POST"]),
        ]
        cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
        return Starlette(routes=routes, middleware=[cors], exception_handlers={StepFailed: _step_failed})


async def _step_failed(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"failed": str(error)}, 400)


class _Server(uvicorn.Server):
    """A uvicorn server that installs no signal handlers."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(database_url: str, folder: Path, origins: list[str]) -> None:
    """Run the service, the proxy and the control API until standard input is closed."""
    port, control_port = free_port(), free_port()
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
    harness = Harness(settings, port)
    app = create_app(settings)
    service = _Server(server_config(app, settings, host="127.0.0.1", port=port))
    control = _Server(
        uvicorn.Config(
            harness.control_app(),
            port=control_port,
            log_level="warning",
            lifespan="off",
            # A request on an idle connection fails if the server closes that connection at the same moment.
            timeout_keep_alive=3600,
        )
    )
    tasks = [asyncio.create_task(service.serve()), asyncio.create_task(control.serve())]
    await harness.proxy.start()
    while not (service.started and control.started):
        if any(task.done() for task in tasks):
            await asyncio.gather(*tasks)
        await asyncio.sleep(0.02)
    ports = {"url": harness.proxy.port, "direct": port, "control": control_port}
    print(json.dumps({name: f"http://127.0.0.1:{number}" for name, number in ports.items()}), flush=True)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_reader(sys.stdin, lambda: stopped.set() if not os.read(sys.stdin.fileno(), 4096) else None)
    await stopped.wait()
    await asyncio.gather(harness.proxy.stop(), *(run.finish() for run in harness.runs.values()))
    service.should_exit = control.should_exit = True
    await asyncio.gather(*tasks)


def main() -> None:
    """Start PostgreSQL, serve, and remove everything afterwards."""
    configure_logging("ERROR", as_json=False)
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-harness-") as name:
        folder = Path(name)
        postgres = Postgres(folder / "postgres", WITHOUT_DURABILITY)
        postgres.start()
        try:
            migrations.upgrade(Settings(database_url=postgres.url()).database_url)
            asyncio.run(serve(postgres.url(), folder, sys.argv[1:]))
        finally:
            postgres.stop(immediately=True)


if __name__ == "__main__":
    main()
