"""A worker of the service in the event loop of the test, on a real port."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from tests.support.servers import database_url, valkey_url
from wasgo_chat.app import create_app
from wasgo_chat.database.session import Database
from wasgo_chat.development.embedded import free_port
from wasgo_chat.gateway.delivery.hub import Hub
from wasgo_chat.pubsub import RedisBroker
from wasgo_chat.server.graceful_shutdown import ChatServer
from wasgo_chat.server.run import server_config
from wasgo_chat.settings.config import Settings
from wasgo_chat.worker import Worker as ServiceWorker

SECRET = "a-secret-of-the-tests-that-is-long-enough"


class _Server(ChatServer):
    """The server of the service without signal handlers, which pytest needs itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Worker:
    """A running worker: its addresses, and its parts for tests that inject faults."""

    def __init__(self, app: FastAPI, server: uvicorn.Server, port: int, settings: Settings) -> None:
        self.app = app
        self.server = server
        self.port = port
        self.settings = settings
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}"

    @property
    def parts(self) -> ServiceWorker:
        """What the worker runs."""
        parts: ServiceWorker = self.app.state.worker
        return parts

    @property
    def hub(self) -> Hub:
        return self.parts.hub

    @property
    def db(self) -> Database:
        return self.parts.db


def redis_broker(worker: Worker) -> RedisBroker:
    """The broker of a worker that is connected to Redis."""
    broker = worker.parts.broker
    assert isinstance(broker, RedisBroker)
    return broker


def make_settings(database: str, **changes: Any) -> Settings:
    """Settings of a test: no rate limit, real Redis, everything else as in production."""
    given: dict[str, Any] = {
        "database_url": database_url(database),
        "redis_url": valkey_url(),
        "jwt_secret": SECRET,
        "message_rate": 0,
        "rate_people_per_minute": 0,
        "rate_push_subscriptions_per_minute": 0,
        "attachment_cleanup_s": 3600.0,  # workers of one database have different folders here
        "rate_refused_per_minute": 0,
        "allowed_origins": ["https://app.example"],
        "database_pool_size": 5,
        "shutdown_s": 2,
        "erasure_settle_s": 0,  # a minute by default, for requests that are still running
        **changes,
    }
    return Settings(**given)


@asynccontextmanager
async def running(settings: Settings, sock: socket.socket | None = None) -> AsyncIterator[Worker]:
    """Serve until the block ends, on a free port or a given socket; connections are closed as in a real shutdown."""
    port = free_port() if sock is None else sock.getsockname()[1]
    app = create_app(settings)
    config = server_config(app, settings, host="127.0.0.1", port=port)
    server = _Server(config, app)
    serving = asyncio.create_task(server.serve(sockets=None if sock is None else [sock]))
    while not server.started:
        if serving.done():
            serving.result()
        await asyncio.sleep(0.005)
    try:
        yield Worker(app, server, port, settings)
    finally:
        server.should_exit = True
        await serving
