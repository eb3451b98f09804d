"""`wasgo-chat dev`: the complete service on one machine, with an embedded PostgreSQL and demo data."""

import asyncio
import fcntl
import ipaddress
import os
import socket
import sys
from pathlib import Path
from typing import IO
from uuid import UUID

from pydantic import SecretStr

from wasgo_chat.app import create_app
from wasgo_chat.database import migrations
from wasgo_chat.development import demo_users, demo_world
from wasgo_chat.development.embedded import Postgres
from wasgo_chat.server.graceful_shutdown import ChatServer
from wasgo_chat.server.run import server_config
from wasgo_chat.settings.config import DEVELOPMENT_SECRET, Settings, UnsafeSettings
from wasgo_chat.telemetry.logging import configure_logging


def run(*, host: str, port: int, data: Path) -> None:
    """Serve until interrupted.

    Args:
        host: loopback address to listen on.
        port: port to listen on.
        data: directory for the database and attachments; it is kept.

    Raises:
        UnsafeSettings: the address is not a loopback address, or the directory or port is unusable or in use.
        CannotStart: PostgreSQL did not start.
    """
    if not _is_loopback(host):
        raise UnsafeSettings(
            f"`dev` accepts the public development key, so it listens on loopback only: {host} is not allowed."
        )
    try:
        data.mkdir(parents=True, exist_ok=True)
        opened = (data / "lock").open("w")
    except OSError as error:
        raise UnsafeSettings(f"--data {data} cannot be used as a directory: {error.strerror}.") from error
    with opened as lock:
        _lock(lock, data)
        postgres = Postgres(data / "postgres")
        postgres.start()
        try:
            _serve(postgres, host, port)
        finally:
            postgres.stop()


def _serve(postgres: Postgres, host: str, port: int) -> None:
    environment = Settings()
    settings = Settings(
        database_url=postgres.url(),
        storage_dir=postgres.data.parent / "attachments",
        redis_url=None,
        jwt_secret=environment.jwt_secret or SecretStr(DEVELOPMENT_SECRET),
        jwt_public_key=None,
        jwks_url=None,
        web=True,
        api_reference=True,
        allowed_origins=[*environment.allowed_origins, f"http://127.0.0.1:{port}", f"http://localhost:{port}"],
    )
    migrations.upgrade(settings.database_url)
    configure_logging(settings.log_level, as_json=False)
    conversation_id = asyncio.run(demo_world.seed(settings))
    sock = _bind(settings, host, port)
    _print_welcome(settings, f"{host}:{port}", conversation_id)
    app = create_app(settings)
    app.include_router(demo_users.demo_users_route(settings))
    ChatServer(server_config(app, settings), app).run(sockets=[sock])


def _print_welcome(settings: Settings, address: str, conversation_id: UUID) -> None:
    lines = [
        "",
        f"  wasgo-chat        http://{address}",
        f"  operator page     http://{address}/operator",
        f"  API reference     http://{address}/docs",
        f"  conversation      {conversation_id}  (Paint the fence: ana is admin, bo participant, cy observer)",
        "",
        "  Open the first URL in a browser to chat as a demo user. Tokens of the demo users, valid for one day:",
        *(f"    {name:4}{demo_users.demo_token(settings, name)}" for name in demo_users.DEMO_USERS),
        "",
        "  Send a message:",
        f"    curl http://{address}/chat/messages/ -H 'Content-Type: application/json' \\",
        '      -H "Authorization: Bearer $(.venv/bin/wasgo-chat token --user ana)" \\',
        f"""      -d '{{"conversation": "{conversation_id}", "content": "Hello from a shell!"}}'""",
        "",
        "  Add generated conversations:",
        f"    WASGO_CHAT_DATABASE_URL='{settings.database_url}' .venv/bin/wasgo-chat seed --allow-nonempty",
        "",
        "  Press Ctrl+C to stop. All data is kept.",
        "",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _bind(settings: Settings, host: str, port: int) -> socket.socket:
    try:
        return server_config("", settings, host=host, port=port).bind_socket()
    except SystemExit as error:
        raise UnsafeSettings(
            f"Port {port} is in use: choose another one, for example `make dev PORT={port + 1}`."
        ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _lock(lock: IO[str], data: Path) -> None:
    # One server per data directory. The kernel releases the lock when this process exits.
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise UnsafeSettings(
            f"Another `wasgo-chat dev` is using {data}: stop it, or use another --data directory."
        ) from error
    os.set_inheritable(lock.fileno(), False)
