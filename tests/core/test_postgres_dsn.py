"""The PostgreSQL URL: the service accepts what `psql` accepts, or explains in one sentence why it does not."""

import asyncio
import os
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from tests.support.proxy import proxy_to
from tests.support.servers import database_url
from tests.support.tls import self_signed
from tests.support.workers import make_settings
from wasgo_chat.core.postgres_dsn import addresses
from wasgo_chat.database.session import Database
from wasgo_chat.development.embedded import Postgres, free_port
from wasgo_chat.settings.config import Settings

HARMLESS = (
    "sslmode=prefer&connect_timeout=10&application_name=app&fallback_application_name=app&keepalives=1&keepalives_idle=30"
    "&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=1000&gssencmode=disable&channel_binding=prefer"
    "&client_encoding=UTF8&target_session_attrs=read-write&options=-c%20work_mem%3D5MB"
)


def socket_of(url: str) -> Path:
    return Path(url.partition("host=")[2]) / ".s.PGSQL.5432"


async def work_mem(url: str) -> str:
    """The settings of a connection from the pool: they show whether the options arrived."""
    db = Database(Settings(database_url=url))
    try:
        async with db.snapshot() as tx:
            return str((await tx.execute(text("SHOW work_mem"))).scalar_one())
    finally:
        await db.close()


async def psql(url: str, tmp_path: Path) -> str:
    command = Postgres(tmp_path / "none").binaries / "psql"
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    process = await asyncio.create_subprocess_exec(
        command, "-XAt", "-c", "SHOW work_mem", url, env=env, stdout=-1, stderr=-1
    )
    said, complaint = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0, complaint.decode()
    return said.decode().strip()


@pytest.mark.parametrize("form", ["one host", "several hosts", "hosts as parameters"])
async def test_the_service_and_psql_accept_the_same_urls(database: str, tmp_path: Path, form: str) -> None:
    async with proxy_to(socket_of(database_url(database))) as proxy:
        closed = free_port()
        url = {
            "one host": f"postgresql://postgres@127.0.0.1:{proxy.port}/{database}?{HARMLESS}",
            "several hosts": f"postgresql://postgres@127.0.0.1:{closed},127.0.0.1:{proxy.port}/{database}?{HARMLESS}",
            "hosts as parameters": f"postgresql:///{database}?user=postgres&host=127.0.0.1,127.0.0.1"
            f"&port={closed},{proxy.port}&{HARMLESS}",
        }[form]
        assert await psql(url, tmp_path) == "5MB"
        assert await work_mem(url) == "5MB"


FORMS = {
    "postgresql:///name?host=/run/pg": [{"database": "name", "host": "/run/pg"}],
    "postgresql://%2Frun%2Fpg/name": [{"database": "name", "host": "/run/pg"}],
    "postgres://u%40x:p%2Fw@h/n": [{"user": "u@x", "password": "p/w", "database": "n", "host": "h"}],
    "postgresql+asyncpg://u:p/w?@h": [{"user": "u", "password": "p/w?", "host": "h"}],
    "postgresql://[::1]:6000/n": [{"database": "n", "host": "::1", "port": 6000}],
    "postgresql://a:1,b:2/n": [{"database": "n", "host": "a", "port": 1}, {"database": "n", "host": "b", "port": 2}],
    "postgresql://a,b/n?port=7": [{"database": "n", "host": "a", "port": 7}, {"database": "n", "host": "b", "port": 7}],
    "postgresql:///n?host=a:1&host=b:2": [
        {"database": "n", "host": "a", "port": 1},
        {"database": "n", "host": "b", "port": 2},
    ],
    "postgresql://h/n?dbname=m&user=u&password=p+w": [{"database": "m", "user": "u", "password": "p+w", "host": "h"}],
}


@pytest.mark.parametrize("url", FORMS)
def test_each_form_of_a_url_names_its_hosts(url: str) -> None:
    assert addresses(url) == FORMS[url]


WRONG = {
    "mysql://u:hidden@h/n": "it is not a PostgreSQL URL: set it to postgresql://user:password@host/name",
    "host=h dbname=n password=hidden": "it is not a PostgreSQL URL",
    "garbage": "it is not a PostgreSQL URL",
    "postgresql://u:hidden@h:many/n": "the host is invalid",
    "postgresql://u:hidden@h:70000/n": "a port is not a number",
    "postgresql://u:hidden@a,,b/n": "one of several hosts has no name",
    "postgresql://u:hidden@a,b/n?port=1,2,3": "the number of ports differs from the number of hosts",
    "postgresql://u:hidden@h/n?sslmode": "name=value",
    "postgresql://u:hidden@h/n?sslmode=always": "the parameter sslmode must be disable, allow, prefer",
    "postgresql://u:hidden@h/n?gssencmode=require": "the parameter gssencmode must be disable or prefer",
    "postgresql://u:hidden@h/n?channel_binding=require": "the parameter channel_binding must be disable or prefer",
    "postgresql://u:hidden@h/n?target_session_attrs=standby": "target_session_attrs=standby selects a read-only server",
    "postgresql://u:hidden@h/n?pool_size=3": "the parameter pool_size is not supported",
    "postgresql://u:hidden@h/n?sslmode=require&sslrootcert=/nowhere/ca.pem": "the file of sslrootcert cannot be used",
    "postgresql://u:hidden@h/n?sslcert=/nowhere/c.pem": "the file of sslcert or sslkey cannot be used",
    "postgresql://u:hidden@h/n?sslmode=require&sslrootcert=system": "sslrootcert=system requires sslmode=verify-full",
    "postgresql://u:hidden@h/n?sslmode=verify-full": "sslmode=verify-full requires sslrootcert",
    "postgresql://u:hidden@h/n?sslnegotiation=direct": "sslnegotiation=direct requires sslmode=require",
}


@pytest.mark.parametrize("url", WRONG)
def test_an_unusable_url_is_explained_without_the_password(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ValidationError) as refused:
        Settings(database_url=url)
    (found,) = refused.value.errors()
    assert WRONG[url] in found["msg"]
    assert "hidden" not in found["msg"]


def test_standby_urls_are_read_alike_but_may_ask_for_a_standby(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="the parameter pool_size is not supported"):
        make_settings("unused", replica_urls="postgresql://a/n postgresql://b/n?pool_size=3")
    root = self_signed(tmp_path, "db").file
    url = f"postgresql://h/n?target_session_attrs=standby&sslmode=verify-full&sslrootcert={root}"
    assert make_settings("unused", replica_urls=url).replica_urls == [url]


def test_the_system_certificates_can_be_selected() -> None:
    assert addresses("postgresql://h/n?sslrootcert=system")[0]["ssl"] is True
