"""A real PgBouncer in front of the PostgreSQL of the tests."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from tests.support.servers import database_url
from wasgo_chat.development.embedded import free_port
from wasgo_chat.development.unprivileged import unprivileged_user

PGBOUNCER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
START_S = 10.0

_CONFIG = """
[databases]
* = host={folder} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {pool_size}
max_client_conn = 500
{more}
"""


@asynccontextmanager
async def pgbouncer(*, mode: str = "transaction", pool_size: int = 8, more: str = "") -> AsyncIterator[str]:
    """A running pooler. Yields its URL, with `{database}` for the name of a database.

    Args:
        mode: `transaction` or `session`.
        pool_size: server connections, fewer than the clients have.
        more: further lines of its configuration.
    """
    assert shutil.which(PGBOUNCER), "PgBouncer is not installed: run make pgbouncer"
    (folder,) = parse_qs(urlsplit(database_url("postgres")).query)["host"]
    port, user = free_port(), unprivileged_user()
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-pgbouncer-") as name:
        file = Path(name) / "pgbouncer.ini"
        file.write_text(_CONFIG.format(folder=folder, port=port, mode=mode, pool_size=pool_size, more=more))
        if user is not None:
            os.chown(name, user.uid, user.gid)
        identity = {} if user is None else {"user": user.uid, "group": user.gid, "extra_groups": []}
        process = subprocess.Popen([PGBOUNCER, "-q", str(file)], **identity)  # type: ignore[call-overload]  # noqa: ASYNC220  at once
        url = f"postgresql://postgres@127.0.0.1:{port}/{{database}}"
        try:
            await _wait_ready(url.format(database="postgres"), process)
            yield url
        finally:
            process.kill()
            process.wait()


async def _wait_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    async with asyncio.timeout(START_S):
        while True:
            assert process.poll() is None, "PgBouncer did not start"
            with contextlib.suppress(OSError, asyncpg.PostgresError):
                connection = await asyncpg.connect(url, statement_cache_size=0)
                await connection.close()
                return
            await asyncio.sleep(0.02)
