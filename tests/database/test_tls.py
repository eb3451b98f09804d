"""TLS to a real PostgreSQL: accepted certificates; in the pool, migrations, standbys and commands."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.command_line import run
from tests.support.processes import environment
from tests.support.servers import database_url
from tests.support.tls import Certificate, TlsProxy, self_signed, tls_proxy
from tests.support.workers import make_settings
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database import migrations
from wasgo_chat.database.session import Database
from wasgo_chat.doctor.database import check
from wasgo_chat.settings.config import Settings

MakeUrl = Callable[[str], str]


@pytest.fixture
def own(tmp_path: Path) -> Certificate:
    return self_signed(tmp_path, "localhost")


@pytest.fixture
async def proxy(database: str, own: Certificate) -> AsyncIterator[TlsProxy]:
    async with tls_proxy(socket_of(database), own) as made:
        yield made


@pytest.fixture
def url(database: str, proxy: TlsProxy) -> MakeUrl:
    return lambda query: f"postgresql://postgres@localhost:{proxy.port}/{database}?{query}"


def socket_of(database: str) -> Path:
    return Path(database_url(database).partition("host=")[2]) / ".s.PGSQL.5432"


async def answers(url: str) -> bool:
    db = Database(Settings(database_url=url))
    try:
        async with db.snapshot() as tx:
            return bool((await tx.execute(text("SELECT true"))).scalar_one())
    except Unavailable:
        return False
    finally:
        await db.close()


@pytest.mark.parametrize("mode", ["prefer", "require", "verify-ca", "verify-full"])
async def test_each_sslmode_reaches_a_server_that_requires_tls(
    url: MakeUrl, own: Certificate, proxy: TlsProxy, mode: str
) -> None:
    assert await answers(url(f"sslmode={mode}&sslrootcert={own.file}"))
    assert proxy.plain == 0


async def test_there_is_no_fallback_to_plain_text(url: MakeUrl, proxy: TlsProxy) -> None:
    assert not await answers(url("sslmode=disable"))
    assert proxy.plain > 0


async def test_an_untrusted_server_is_not_used(url: MakeUrl, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    stranger = self_signed(other, "localhost")
    for mode in ("verify-ca", "verify-full"):
        assert not await answers(url(f"sslmode={mode}&sslrootcert={stranger.file}"))
    assert not await answers(url("sslmode=verify-full&sslrootcert=system"))
    assert await answers(url("sslmode=require"))


async def test_the_doctor_reports_the_certificate(url: MakeUrl) -> None:
    settings = Settings(database_url=url("sslmode=verify-full&sslrootcert=system"))
    (found,) = await check(settings, workers=1)
    assert (found.level, found.what) == ("error", "The certificate of the database is not trusted.")


async def test_the_host_name_is_checked_against_the_certificate(url: MakeUrl, own: Certificate) -> None:
    by_address = url("sslmode=verify-full&sslrootcert=").replace("localhost", "127.0.0.1") + str(own.file)
    assert not await answers(by_address)
    assert await answers(by_address.replace("verify-full", "verify-ca"))


async def test_a_client_certificate_is_presented(database: str, own: Certificate, tmp_path: Path) -> None:
    ours = self_signed(tmp_path, "wasgo-chat")
    async with tls_proxy(socket_of(database), own, of_clients=ours) as proxy:
        url = f"postgresql://postgres@localhost:{proxy.port}/{database}?sslmode=verify-full&sslrootcert={own.file}"
        assert await answers(f"{url}&sslcert={ours.file}&sslkey={ours.key}")
        assert not await answers(url)


async def test_migrations_standbys_and_commands_use_the_same_settings(
    database: str, url: MakeUrl, own: Certificate, proxy: TlsProxy, tmp_path: Path
) -> None:
    verified = url(f"sslmode=verify-full&sslrootcert={own.file}&connect_timeout=10&application_name=chat")
    await asyncio.to_thread(migrations.upgrade, verified)
    env = environment(database, DATABASE_URL=verified, REPLICA_URLS=verified, STORAGE_DIR=str(tmp_path))

    examined = await asyncio.to_thread(run, "doctor", env=env)
    assert "Replica 1 is a primary." in examined.stdout
    assert "with all indexes" in examined.stdout
    assert (await asyncio.to_thread(run, "migrate", env=env)).returncode == 0
    assert (await asyncio.to_thread(run, "purge", "--dry-run", env=env)).returncode == 0
    assert proxy.plain == 0
    assert make_settings(database, database_url=verified).database_url == verified
