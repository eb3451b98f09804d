"""The doctor against real servers, healthy and faulty: its findings and its advice."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from redis.asyncio import Redis

from tests.attachments.conftest import s3  # noqa: F401  the fixture
from tests.identity.issuer import Issuer
from tests.notifications.servers import mailbox, port_of
from tests.support.command_line import run as run_command
from tests.support.processes import environment
from tests.support.redis_servers import cluster
from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import make_settings
from wasgo_chat.development.embedded import Valkey, free_port
from wasgo_chat.doctor import database as database_check
from wasgo_chat.doctor import mail, redis, run, storage, token_issuer
from wasgo_chat.doctor import settings as settings_check
from wasgo_chat.doctor.findings import Finding
from wasgo_chat.settings.config import Settings

MAIL: dict[str, Any] = {"mail_from": "Chat <chat@wasgo.example>", "public_url": "https://chat.wasgo.example"}


def said(findings: list[Finding], level: str) -> str:
    """The findings of a level in one line; each of them must have advice."""
    assert all(one.remedy for one in findings if one.level != "ok"), findings
    return " | ".join(one.what for one in findings if one.level == level)


@pytest.fixture
async def sick(database: str) -> str:
    """The name of a migrated database that a test may break."""
    name = f"{database}_doctor"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name


async def database_findings(settings: Settings) -> list[Finding]:
    return await database_check.check(settings, workers=1)


async def test_a_healthy_database_has_no_finding_but_that_the_test_server_is_not_durable(database: str) -> None:
    findings = await database_findings(make_settings(database))
    assert said(findings, "error") == "Committed data can be lost: fsync and full_page_writes off."
    assert "with all indexes" in said(findings, "ok")
    assert "clock" in said(findings, "ok")


async def test_a_rejected_login_is_a_finding(database: str) -> None:
    gone = make_settings(database, database_url=f"postgresql://u:p@127.0.0.1:{free_port()}/x")
    assert said(await database_findings(gone), "error") == "The database does not respond."
    unknown = make_settings(f"{database}_none")
    assert said(await database_findings(unknown), "error") == "The database does not exist."
    stranger = make_settings(database, database_url=database_url(database).replace("postgres@", "nobody@"))
    assert said(await database_findings(stranger), "error") == "The database rejects this user from this address."
    assert said(await database_findings(Settings()), "error") == "WASGO_CHAT_DATABASE_URL is not set."


BREAKS = {
    "at migration 0005": ("UPDATE alembic_version SET version_num = '0005'", "error"),
    "at migration none": ("DROP TABLE alembic_version", "error"),
    "newer than this program": ("UPDATE alembic_version SET version_num = '9000'", "warning"),
    "ix_messages_id is missing": ("DROP INDEX ix_messages_id", "error"),
    "ix_messages_id is not valid": (
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_messages_id'::regclass",
        "error",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
async def test_a_schema_that_differs_is_a_finding(sick: str, what: str) -> None:
    statement, level = BREAKS[what]
    connection = await asyncpg.connect(database_url(sick))
    await connection.execute(statement)
    await connection.close()
    assert what in said(await database_findings(make_settings(sick)), level)


async def test_an_endless_transaction_and_too_few_connections_are_findings(
    sick: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = database_check._LONG.replace("'60 seconds'", "'0 seconds'")
    monkeypatch.setattr(database_check, "_LONG", shorter)
    connection = await asyncpg.connect(database_url(sick), server_settings={"application_name": "forgotten"})
    async with connection.transaction():
        await connection.execute("SELECT 1")
        findings = await database_check.check(make_settings(sick), workers=60)
    await connection.close()
    warned = said(findings, "warning")
    assert "(forgotten, idle in transaction) has been in a transaction" in warned
    assert "60 workers can open" in warned


@pytest.fixture
async def ordinary(sick: str) -> AsyncIterator[str]:
    """The URL of a role that may read the tables and has no other permission."""
    role = f"ordinary_{sick}"
    owner = await asyncpg.connect(database_url(sick))
    await owner.execute(f"CREATE ROLE {role} LOGIN")
    await owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    yield database_url(sick).replace("postgres@", f"{role}@")
    await owner.execute(f"DROP OWNED BY {role}")
    await owner.execute(f"DROP ROLE {role}")
    await owner.close()


async def test_what_an_ordinary_role_cannot_see_is_not_reported_as_healthy(
    sick: str, ordinary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = database_check._LONG.replace("'60 seconds'", "'0 seconds'")
    monkeypatch.setattr(database_check, "_LONG", shorter)
    settings = make_settings(sick, database_url=ordinary)
    forgotten = await asyncpg.connect(database_url(sick), server_settings={"application_name": "forgotten"})
    async with forgotten.transaction():
        await forgotten.execute("SELECT 1")
        findings = await database_findings(settings)
        (seen_little,) = [one for one in findings if "cannot be seen" in one.what]
        assert seen_little.remedy.startswith(f"GRANT pg_read_all_stats TO ordinary_{sick};")
        assert "No transaction of this role" in said(findings, "ok")
        await forgotten.execute(seen_little.remedy.partition(";")[0])
    async with forgotten.transaction():
        await forgotten.execute("SELECT 1")
        findings = await database_findings(settings)
        assert "(forgotten, idle in transaction)" in said(findings, "warning")
        assert "cannot be seen" not in said(findings, "warning")
    await forgotten.close()


async def test_an_ordinary_role_counts_connections_of_other_roles(sick: str, ordinary: str) -> None:
    settings = make_settings(sick, database_url=ordinary)
    before = free_connections(await database_findings(settings))
    others = [await asyncpg.connect(database_url(sick)) for _ in range(30)]
    try:
        # Other tests open connections too, but not as many.
        assert before - free_connections(await database_findings(settings)) > 15
    finally:
        for other in others:
            await other.close()


def free_connections(findings: list[Finding]) -> int:
    return next(int(found[1]) for one in findings if (found := re.search(r"(\d+) of \d+ are free", one.what)))


async def test_an_index_under_construction_is_not_reported_as_broken(sick: str, ordinary: str) -> None:
    holder, builder = await asyncpg.connect(database_url(sick)), await asyncpg.connect(database_url(sick))
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE messages IN ROW EXCLUSIVE MODE")  # the index build waits for it
            building = asyncio.create_task(builder.execute("CREATE INDEX CONCURRENTLY ix_building ON messages (id)"))
            async with asyncio.timeout(10):
                while not await holder.fetchval("SELECT true FROM pg_index WHERE NOT indisvalid"):  # noqa: ASYNC110  polling is the point
                    await asyncio.sleep(0.01)
            for url in (database_url(sick), ordinary):
                findings = await database_findings(make_settings(sick, database_url=url))
                assert "not valid" not in said(findings, "error")
        await building
    finally:
        await holder.close()
        await builder.close()


async def test_a_failing_check_is_a_finding_and_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(given: Settings) -> list[Finding]:
        raise ZeroDivisionError

    monkeypatch.setattr(mail, "check", breaks)
    findings = await run.run_checks(Settings(storage_dir=tmp_path / "files"), workers=1, deep=False)
    assert "failed unexpectedly: ZeroDivisionError" in said(findings, "error")
    assert {"database", "redis", "store", "mail"} <= {one.area for one in findings}


async def test_an_unreachable_cluster_is_a_finding() -> None:
    url = f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{free_port()}"
    assert "does not respond (RedisClusterException)" in said(await redis.check(Settings(redis_url=url)), "error")


async def test_redis_is_checked_for_what_the_service_needs() -> None:
    valkey = Valkey()
    await asyncio.to_thread(valkey.start)
    try:
        settings = Settings(redis_url=valkey.url)
        well = await redis.check(settings)
        assert said(well, "error") == said(well, "warning") == ""
        assert "Publish/subscribe works" in said(well, "ok")
        await configure(valkey, "client-output-buffer-limit", "pubsub 1mb 512kb 60")
        await configure(valkey, "maxmemory", "100mb")
        await configure(valkey, "maxmemory-policy", "noeviction")
        warned = said(await redis.check(settings), "warning")
        assert "with 524288 bytes of unsent output" in warned
        assert "noeviction" in warned
        await configure(valkey, "requirepass", "secret")
        assert "Wrong user or password" in said(await redis.check(settings), "error")
    finally:
        await asyncio.to_thread(valkey.stop)
    assert "does not respond" in said(await redis.check(settings), "error")
    assert said(await redis.check(Settings()), "error") == ""


async def test_each_primary_of_a_cluster_is_checked() -> None:
    async with cluster() as made:
        findings = await redis.check(Settings(redis_url=made.url))
    assert said(findings, "error") == ""
    assert said(findings, "ok").count("is running") >= 2


async def configure(valkey: Valkey, name: str, value: str) -> None:
    client = Redis.from_url(valkey.url)
    await client.config_set(name, value)
    await client.aclose()


async def test_a_folder_is_checked_for_write_access(tmp_path: Path) -> None:
    well = await storage.check(Settings(storage_dir=tmp_path / "files"))
    assert "stores, returns and deletes" in said(well, "ok")
    left = [path for path in await asyncio.to_thread(lambda: list(tmp_path.rglob("*"))) if path.is_file()]
    assert left == []
    (tmp_path / "no-folder").write_text("")
    assert "cannot store temporary files" in said(
        await storage.check(Settings(storage_dir=tmp_path / "no-folder")), "error"
    )
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "doctor").write_text("")
    assert "cannot be written to" in said(await storage.check(Settings(storage_dir=blocked)), "error")


async def test_a_bucket_and_its_keys_are_checked_for_write_access(s3: dict[str, Any], tmp_path: Path) -> None:  # noqa: F811  a fixture
    well = await storage.check(Settings(**s3, storage_dir=tmp_path))
    assert said(well, "error") == ""
    wrong = {**s3, "s3_secret_access_key": "another"}
    assert "cannot be written to" in said(await storage.check(Settings(**wrong, storage_dir=tmp_path)), "error")


async def test_an_unreachable_scanner_is_a_finding() -> None:
    findings = await storage.check_scanner(Settings(clamd=f"127.0.0.1:{free_port()}", clamd_timeout_s=1))
    assert "clamd does not respond" in said(findings, "error")


class Clocked(Issuer):
    """An issuer with a `Date` header."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        super().__init__()
        self.ahead_s = ahead_s
        self.body: bytes | None = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = self.document() if self.body is None else self.body
        date = formatdate(time.time() + self.ahead_s, usegmt=True)
        status = "500 Oh" if self.fails else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def test_the_keys_of_the_issuer_and_its_clock_are_checked() -> None:
    async with Clocked().serving() as served:
        served.add("k1", "ES256")
        settings = Settings(jwks_url=served.url)
        well = await token_issuer.check(settings)
        assert said(well, "error") == said(well, "warning") == ""
        assert "1 usable keys" in said(well, "ok")
        served.ahead_s = 3600  # type: ignore[attr-defined]  # of the test's own
        assert "differ by 3" in said(await token_issuer.check(settings), "error")
        served.ahead_s = -10  # type: ignore[attr-defined]  # of the test's own
        assert "differ by 1" in said(await token_issuer.check(settings), "warning")
        served.keys.clear()
        assert "None of the issuer's keys" in said(await token_issuer.check(settings), "error")
        served.body = b"<html>"  # type: ignore[attr-defined]  # of the test's own
        assert "does not return a JWKS document" in said(await token_issuer.check(settings), "error")
        served.fails = True
        assert "cannot be fetched" in said(await token_issuer.check(settings), "error")
    assert "cannot be fetched" in said(await token_issuer.check(settings), "error")


class _Guard:
    def __call__(self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"right", handled=False)


@asynccontextmanager
async def guarded_mailbox() -> AsyncIterator[int]:
    """An SMTP server that requires a password."""

    def protocol() -> SMTP:
        return SMTP(object(), authenticator=_Guard(), auth_require_tls=False, hostname="mail.example")

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    try:
        yield port_of(server)
    finally:
        server.close()


async def test_the_mail_server_is_greeted_and_nothing_is_sent() -> None:
    async with mailbox() as box:
        findings = await mail.check(Settings(smtp_url=f"smtp://127.0.0.1:{box.port}", **MAIL))
        assert said(findings, "ok") == "Logged in to the mail server."
        assert box.attempts == 0
    async with guarded_mailbox() as port:
        for password, level in (("right", "ok"), ("wrong", "error")):
            findings = await mail.check(Settings(smtp_url=f"smtp://u:{password}@127.0.0.1:{port}", **MAIL))
            assert said(findings, level), findings
        assert "(smtp_535)" in said(findings, "error")
    gone = await mail.check(Settings(smtp_url=f"smtp://127.0.0.1:{free_port()}", **MAIL))
    assert "Cannot log in to the mail server" in said(gone, "error")
    halves = await mail.check(Settings(smtp_url="smtp://127.0.0.1"))
    assert "WASGO_CHAT_MAIL_FROM" in said(halves, "error")


async def test_a_missing_token_key_is_a_finding() -> None:
    assert said(await token_issuer.check(Settings()), "error") == "No key to verify tokens is configured."
    assert "with a key from the settings" in said(await token_issuer.check(Settings(jwt_secret="x" * 40)), "ok")


def test_settings_that_serve_rejects_are_findings() -> None:
    assert "exactly one of WASGO_CHAT_JWT_SECRET" in said(
        settings_check.check(Settings(database_url="postgresql://h/n"), workers=1), "error"
    )
    good = Settings(database_url="postgresql://h/n", jwt_secret="x" * 40, allowed_origins=["https://a.example"])
    assert said(settings_check.check(good, workers=1), "error") == ""
    assert "WASGO_CHAT_REDIS_URL" in said(settings_check.check(good, workers=2), "error")


def test_the_command_has_readable_and_machine_readable_output(database: str, tmp_path: Path) -> None:
    env = environment(database, STORAGE_DIR=str(tmp_path), ALLOW_UNSAFE_DATABASE="")

    shown = run_command("doctor", "--deep", env=env)
    assert shown.returncode == 1  # fsync is off here
    assert "ERROR   database: Committed data can be lost" in shown.stdout
    assert "→ Turn it on" in shown.stdout
    printed = run_command("doctor", "--json", env=env)
    document = json.loads(printed.stdout)
    assert (printed.returncode, document["ok"]) == (1, False)
    areas = {one["area"] for one in document["findings"]}
    assert areas == {"settings", "database", "feed", "redis", "store", "scanner", "tokens", "mail"}


def test_warnings_do_not_fail_the_command() -> None:
    assert run.exit_code([Finding("a", "warning", "w", "do"), Finding("b", "ok", "o")]) == 0
    assert run.exit_code([Finding("a", "error", "e", "do")]) == 1


async def test_a_new_epoch_is_begun_only_on_request(sick: str) -> None:
    connection = await asyncpg.connect(database_url(sick))
    try:
        epochs = []
        for arguments in ((), ("--new-epoch",), ("--new-epoch",)):
            shown = await asyncio.to_thread(run_command, "doctor", "--json", *arguments, env=environment(sick))
            begun = [one["what"] for one in json.loads(shown.stdout)["findings"] if one["area"] == "epoch"]
            assert begun == (["A new epoch has begun: clients load their conversations again."] if arguments else [])
            epochs.append(await connection.fetchval("SELECT epoch FROM installation"))
        assert len(set(epochs)) == 3
        await connection.execute("DELETE FROM installation")
        await asyncio.to_thread(run_command, "doctor", "--new-epoch", env=environment(sick))
        assert await connection.fetchval("SELECT count(*) FROM installation") == 1
    finally:
        await connection.close()


async def test_a_new_epoch_needs_a_database() -> None:
    unreachable = environment("", DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    shown = await asyncio.to_thread(run_command, "doctor", "--new-epoch", env=unreachable)
    assert "There is no new epoch: the database does not respond." in shown.stdout
    assert shown.returncode == 1
