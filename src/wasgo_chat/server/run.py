"""How the service runs: preflight checks, uvicorn's limits and timeouts, and the process of a worker."""

import asyncio
import gc
import shutil
import signal
import socket
import tempfile
from contextvars import Context
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text

from wasgo_chat.app import create_app
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.core.ip_ranges import ipv4_mapped, is_ipv4
from wasgo_chat.core.log_levels import LogLevels
from wasgo_chat.database import migrations
from wasgo_chat.database.diagnosis import diagnose
from wasgo_chat.database.errors import DRIVER_ERRORS
from wasgo_chat.database.pooling import ineffective_parameters, session_parameters
from wasgo_chat.database.session import Database
from wasgo_chat.identity.tokens import TokenVerifier
from wasgo_chat.notifications.channels import make_channels
from wasgo_chat.server.graceful_shutdown import ChatServer
from wasgo_chat.server.http_protocol import BoundedHttpProtocol
from wasgo_chat.server.supervisor import Supervisor
from wasgo_chat.server.websocket_protocol import ChatWebSocket
from wasgo_chat.settings.config import Settings, UnsafeSettings
from wasgo_chat.telemetry import aggregation

log = structlog.get_logger(__name__)

_UNSAFE_DURABILITY = """
SELECT name FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name
"""


def server_config(app: FastAPI | str, settings: Settings, **more: Any) -> uvicorn.Config:
    """The uvicorn configuration. Compression is off: it costs memory and CPU per WebSocket, and invites zip bombs."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedHttpProtocol,
        ws=ChatWebSocket,
        ws_max_size=settings.max_frame_bytes,
        ws_ping_interval=settings.heartbeat_s,
        ws_ping_timeout=settings.heartbeat_s,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=settings.shutdown_s,
        log_config=None,
        access_log=False,
        server_header=False,
        # By default uvicorn trusts the forwarded addresses of local connections and of FORWARDED_ALLOW_IPS.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[*settings.trusted_proxies, *map(ipv4_mapped, filter(is_ipv4, settings.trusted_proxies))],
        **more,
    )


def bind(settings: Settings, host: str, port: int, fd: int | None = None) -> socket.socket:
    """The listening socket that the workers share: bound here, or inherited as file descriptor `fd`.

    Raises:
        UnsafeSettings: the address is in use or not available, or `fd` is not a socket.
    """
    if fd is not None:
        try:
            return socket.socket(fileno=fd)
        except OSError as error:
            raise UnsafeSettings(f"--fd {fd} is not a socket that this process has inherited.") from error
    try:
        return server_config("", settings, host=host, port=port).bind_socket()
    except SystemExit as error:
        raise UnsafeSettings(f"Cannot listen on {host}:{port}: choose another --host or --port.") from error


def serve(settings: Settings, sock: socket.socket, *, workers: int, levels: LogLevels) -> int:
    """Serve until a signal ends it, and return the exit code. Even a single worker is supervised, in case it hangs."""

    folder = _metrics_folder()

    def run_worker(heartbeat_pipe: int) -> None:
        signal.signal(signal.SIGUSR2, lambda *_: Context().run(levels.apply))  # outside the context of any request
        levels.apply()  # a signal may have arrived during the fork
        app = create_app(settings, metrics_folder=folder, workers=workers if folder is not None else 1)
        ChatServer(server_config(app, settings), app, heartbeat_pipe=heartbeat_pipe).run(sockets=[sock])

    gc.collect()
    gc.freeze()  # imported modules stay shared with the workers
    supervisor = Supervisor(
        run_worker,
        workers=workers,
        sock=sock,
        shutdown_s=settings.shutdown_s,
        on_reload=levels.apply,
        on_exit=(lambda pid: aggregation.merge_exited_worker(folder, pid)) if folder is not None else None,
    )
    try:
        return supervisor.run()
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _metrics_folder() -> Path | None:
    """A private folder in which workers share their metrics; without one, each worker reports only its own."""
    try:
        return Path(tempfile.mkdtemp(prefix="wasgo-chat-metrics-"))
    except OSError as error:
        log.warning("metrics_not_shared", error=type(error).__name__)
        return None


def preflight_checks(settings: Settings, *, workers: int) -> None:
    """Refuse to start with settings or a database that would fail or lose data later.

    Raises:
        UnsafeSettings: with what is missing or unsafe, and what to set or run.
    """
    settings.check_safe_to_serve(workers=workers)
    try:
        TokenVerifier(settings)
    except ValueError as error:
        raise UnsafeSettings("WASGO_CHAT_JWT_PUBLIC_KEY is not a PEM public key.") from error
    make_channels(settings)
    _check_folder(settings)
    asyncio.run(_check_database(settings))


def _check_folder(settings: Settings) -> None:
    if settings.s3_bucket is not None:
        return
    try:
        settings.storage_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.storage_dir):
            pass
    except OSError as error:
        raise UnsafeSettings(
            f"WASGO_CHAT_STORAGE_DIR is {settings.storage_dir}, which is not writable ({error.strerror}): set it to a "
            "folder that the service's user can write to, the same for every worker, or set WASGO_CHAT_S3_BUCKET."
        ) from error


async def _check_database(settings: Settings) -> None:
    db = Database(settings)
    try:
        await db.ping()
        await _warn_of_lost_parameters(settings, db)
        if not await migrations.is_current(db):
            raise UnsafeSettings("The database is not at the newest migration: run `wasgo-chat migrate` first.")
        async with db.snapshot() as tx:
            version = int((await tx.execute(text("SHOW server_version_num"))).scalar_one())
            # As seen by a connection of the service: roles and databases can override the server's values.
            off = (await tx.execute(text(_UNSAFE_DURABILITY))).scalars().all()
        if version < 150000:
            raise UnsafeSettings(f"PostgreSQL {version // 10000} is too old: version 15 or newer is needed.")
        if off and not settings.allow_unsafe_database:
            raise UnsafeSettings(
                f"The database can lose committed data: turn {' and '.join(off)} on (for the server, or for "
                "the role or database of WASGO_CHAT_DATABASE_URL). For tests, WASGO_CHAT_ALLOW_UNSAFE_DATABASE=true."
            )
    except (Unavailable, *DRIVER_ERRORS) as error:
        if (diagnosis := diagnose(error)) is None:
            raise
        raise UnsafeSettings(str(diagnosis)) from error
    finally:
        await db.close()


async def _warn_of_lost_parameters(settings: Settings, db: Database) -> None:
    """Log the session parameters that a pooler drops. Without them, nothing limits how long requests wait."""
    async with db.snapshot() as tx:
        for name, value in (await ineffective_parameters(tx, session_parameters(settings))).items():
            log.warning("session_parameter_ignored", parameter=name, value=value)
