"""The attacked service: PostgreSQL, Valkey, and `wasgo-chat serve` with two workers and the limits of production."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.attack.attack import Profile
from tests.identity.issuer import Issuer
from tests.support.processes import ServeProcess, start_serve
from tests.support.workers import SECRET
from wasgo_chat.database import migrations
from wasgo_chat.development.embedded import Postgres, Valkey, free_port
from wasgo_chat.settings.config import Settings

WORKERS = 2
SIGNING_KEY = "a-key-of-cursors-that-is-long-enough-for-it"
FOLDER = Path(__file__).parent
PATHS: dict[Profile, str] = {"jwks": "stale_keys", "flawed": "flawed"}
"""By profile: a folder whose `sitecustomize` changes the service."""
# A key of nothing: pushes go nowhere.
VAPID_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"


class HangingIssuer(Issuer):
    """An issuer whose document can be made to never arrive."""

    hangs = False

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.hangs:
            self.fetches += 1
            with contextlib.suppress(OSError):
                await reader.read()
            writer.close()
            return
        await super()._answer(reader, writer)


class Environment:
    """The servers of a run. The database is reached by its host name, as in production."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.postgres = Postgres(
            folder / "postgres",
            {"fsync": "off", "full_page_writes": "off", "listen_addresses": "localhost", "port": str(self.port)},
        )
        self.valkey = Valkey(port=free_port())
        self.issuer = HangingIssuer()
        self.log = folder / "serve.log"
        self.shim = build_shim(folder)
        self._starts = 0

    @property
    def database_url(self) -> str:
        return f"postgresql://postgres@localhost:{self.port}/postgres"

    def start(self) -> None:
        os.environ["PGPORT"] = str(self.port)  # for the check whether it has started
        try:
            self.postgres.start()
        finally:
            del os.environ["PGPORT"]
        self.valkey.start()
        migrations.upgrade(Settings(database_url=self.database_url).database_url)

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop(immediately=True)

    @asynccontextmanager
    async def serving(self, profile: Profile, **settings: str) -> AsyncIterator[ServeProcess]:
        """The service with the settings of a profile, and further ones."""
        changes: dict[str, str] = {
            "VAPID_PRIVATE_KEY": VAPID_KEY,
            "VAPID_SUBJECT": "mailto:ops@example.org",
            "JWT_SECRET": SECRET,
        }
        async with contextlib.AsyncExitStack() as stack:
            if profile == "jwks":
                if not self.issuer.keys:
                    self.issuer.add("known", "RS256")
                self.issuer.hangs = False
                await stack.enter_async_context(self.issuer.serving())
                changes = {"JWKS_URL": self.issuer.url, "SECRET_KEY": SIGNING_KEY}
            self._starts += 1
            self.log = self.folder / f"serve-{self._starts}.log"
            port = free_port()
            started = start_serve(port, WORKERS, self._environment({**changes, **settings}, profile), self.log)
            served = ServeProcess(started, port, Settings(jwt_secret=SECRET))
            await served.wait_ready()
            try:
                yield served
            finally:
                await asyncio.to_thread(_end, served)

    def _environment(self, changes: dict[str, str], profile: Profile) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WASGO_CHAT_")}
        given = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.valkey.url,
            "ALLOW_UNSAFE_DATABASE": "true",  # the test server has fsync off
            "STORAGE_DIR": str(self.folder / "attachments"),
            "SHUTDOWN_S": "2",
            "TRUSTED_PROXIES": "127.0.0.1",  # clients report public addresses, as a proxy would for them
            "LOG_LEVEL": "INFO",
            **changes,
        }
        more = {"LD_PRELOAD": str(self.shim)} if self.shim else {}
        if profile in PATHS:
            more["PYTHONPATH"] = str(FOLDER / PATHS[profile])
        return {**kept, **more, **{f"WASGO_CHAT_{name}": value for name, value in given.items()}}

    def issuer_key(self) -> str | None:
        """The private key of the issuer, as PEM; None unless the profile has one."""
        if "known" not in self.issuer.keys:
            return None
        key: Any = self.issuer.keys["known"][1]
        pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem.decode()


def build_shim(folder: Path) -> Path | None:
    """Compile the resolver that is slow for some names; None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    shim = folder / "slow_names.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), str(FOLDER / "slow_names.c"), "-ldl"]
    built = subprocess.run(command, check=False, capture_output=True)
    if built.returncode:
        sys.stderr.write(built.stderr.decode())
        return None
    return shim


def _end(served: ServeProcess) -> None:
    workers = served.workers()
    served.process.send_signal(signal.SIGTERM)
    try:
        served.process.wait(6)
    except subprocess.TimeoutExpired:
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        served.process.kill()
        served.process.wait()
