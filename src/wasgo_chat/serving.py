"""How uvicorn is run: the limits and time-outs that its defaults leave open, for one worker or several."""

import asyncio
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import text

from wasgo_chat.core import migrations
from wasgo_chat.core.config import Settings, UnsafeSettings
from wasgo_chat.core.db import Database
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.core.tokens import TokenVerifier
from wasgo_chat.gateway.transport import ChatWebSocket
from wasgo_chat.notifications.dispatch import make_channels


def server_config(app: FastAPI | str, settings: Settings, *, host: str, port: int, **more: Any) -> uvicorn.Config:
    """uvicorn for this service. Deflate is off: it costs memory and CPU a socket and invites bombs."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws=ChatWebSocket,
        ws_max_size=settings.max_frame_bytes,
        ws_ping_interval=settings.heartbeat_s,
        ws_ping_timeout=settings.heartbeat_s,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=settings.shutdown_s,
        timeout_worker_healthcheck=10,
        log_config=None,
        access_log=False,
        server_header=False,
        **more,
    )


def check_before_serving(settings: Settings, *, workers: int) -> None:
    """Refuse to start on settings or a database that would fail or lose something later.

    Raises:
        UnsafeSettings: what is missing or unsafe, and what to set or run.
    """
    settings.check_safe_to_serve(workers=workers)
    try:
        TokenVerifier(settings)
    except ValueError as error:
        raise UnsafeSettings("WASGO_CHAT_JWT_PUBLIC_KEY is not a PEM public key.") from error
    make_channels(settings)
    asyncio.run(_check_database(settings))


async def _check_database(settings: Settings) -> None:
    db = Database(settings)
    try:
        await db.ping()
        if not await migrations.is_current(db):
            raise UnsafeSettings("The database is not at the newest migration: run `wasgo-chat migrate` first.")
        async with db.snapshot() as tx:
            version = int((await tx.execute(text("SHOW server_version_num"))).scalar_one())
        if version < 150000:
            raise UnsafeSettings(f"PostgreSQL {version // 10000} is too old: version 15 or newer is needed.")
    except Unavailable as error:
        raise UnsafeSettings(
            "The database named by WASGO_CHAT_DATABASE_URL does not answer: check the address, and that it runs."
        ) from error
    finally:
        await db.close()
