"""The service behind a real PgBouncer in transaction mode, where each transaction may run on another connection."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text

from tests.support.command_line import run
from tests.support.pgbouncer import pgbouncer
from tests.support.processes import environment
from tests.support.servers import database_url
from tests.support.workers import make_settings
from tests.support.world import World, wait_for, world_with
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.database.pinned import fetch as fetch_once
from wasgo_chat.database.pooling import session_parameters
from wasgo_chat.doctor import database as database_check
from wasgo_chat.doctor.findings import Finding
from wasgo_chat.retention.task import exclusive_run
from wasgo_chat.settings.config import Settings

SHOWN = "SELECT name, setting FROM pg_settings WHERE name = ANY($1::text[])"


def pooled(database: str, url: str) -> Settings:
    return make_settings(
        database,
        database_url=url.format(database=database),
        database_pooler=True,
        database_direct_url=database_url(database),
    )


def values(records: "list[asyncpg.Record]") -> dict[str, str]:
    return {record["name"]: record["setting"] for record in records}


@pytest.fixture(scope="module")
async def pooled_world(database: str) -> AsyncIterator[World]:
    """A worker whose 23 connections share two connections of the server."""
    async with pgbouncer(pool_size=2) as url, world_with(pooled(database, url)) as world:
        yield world


async def test_messages_are_sent_delivered_and_read(pooled_world: World) -> None:
    ana, bo, *others = pooled_world.people("ana", "bo", *(f"p{number}" for number in range(8)))
    chats = [await ana.direct(other) for other in (bo, *others)]
    async with bo.connect(chats[0]) as socket:
        sent = await asyncio.gather(*(ana.send(chat, f"{number}") for chat in chats for number in range(5)))
        assert len({message["id"] for message in sent}) == 5 * len(chats)
        seen = [await socket.wait_for("new_message") for _ in range(5)]
        assert [one["seq"] for one in seen] == sorted(one["seq"] for one in seen)
    message = sent[0]
    edited = await ana.ok("POST", f"/chat/messages/{message['id']}/edit/", {"content": "edited"})
    assert edited["content"] == "edited"
    await bo.ok("POST", f"/chat/messages/{message['id']}/mark_read/")
    assert len(await bo.history(chats[0])) == 5


async def test_every_transaction_has_the_limits_and_leaves_none_behind(pooled_world: World) -> None:
    worker = pooled_world.worker.parts
    expected = session_parameters(worker.settings)
    by_key = session_parameters(worker.settings, generic_plans=True)
    statement = text(SHOWN.replace("$1::text[]", ":names"))
    for transaction in (worker.db.transaction, worker.db.snapshot):
        async with transaction() as tx:
            rows = await tx.execute(statement, {"names": list(expected)})
            assert {row.name: row.setting for row in rows} == expected
    held = PinnedConnection(worker.keyed_db)
    assert values(await held.fetch(SHOWN, list(by_key))) == by_key
    async with held.transaction() as connection:
        assert values(await connection.fetch(SHOWN, list(by_key))) == by_key
    await held.close()
    assert values(await fetch_once(worker.db, SHOWN, list(expected))) == expected
    stranger = await asyncpg.connect(worker.settings.database_url, statement_cache_size=0)
    left = values(await stranger.fetch(SHOWN, list(by_key)))
    await stranger.close()
    assert left["lock_timeout"] == left["statement_timeout"] == "0"
    assert left["enable_seqscan"] == "on"


async def test_the_lock_of_the_purge_is_held_in_a_session_without_the_pooler(pooled_world: World) -> None:
    db = pooled_world.worker.db

    async def is_not_running() -> bool:
        """The worker purges periodically too."""
        async with exclusive_run(db) as is_only:
            return is_only

    await wait_for(is_not_running)
    async with exclusive_run(db) as is_first, exclusive_run(db) as is_second:
        assert (is_first, is_second) == (True, False)
    async with exclusive_run(db) as is_free:
        assert is_free


async def test_the_doctor_is_satisfied_with_it_and_checks_the_direct_connection(pooled_world: World) -> None:
    settings = pooled_world.worker.settings
    findings = await database_check.check(settings, workers=2)
    assert whats(findings, "warning") == []
    assert "Timeouts of statements, locks and idle transactions are in effect." in whats(findings, "ok")
    assert "Migrations and purges use a direct connection." in whats(findings, "ok")
    swapped = settings.model_copy(update={"database_direct_url": settings.database_url})
    found = whats(await database_check.check(swapped, workers=2), "error")
    assert "WASGO_CHAT_DATABASE_DIRECT_URL cannot be used: A connection pooler rejects" in " ".join(found)


REJECTED = "A connection pooler rejects the session parameters of the service."
IGNORING = "ignore_startup_parameters = lock_timeout,jit,statement_timeout,idle_in_transaction_session_timeout"


async def test_a_pooler_that_the_settings_do_not_name_is_recognized(pooled_world: World, database: str) -> None:
    env = environment(database, DATABASE_URL=pooled_world.worker.settings.database_url, RETENTION_DAYS="support=30")
    for command in (("doctor",), ("serve", "--port", "1"), ("purge",)):
        shown = await asyncio.to_thread(run, *command, env=env)
        assert REJECTED in shown.stdout + shown.stderr, command
        assert "WASGO_CHAT_DATABASE_POOLER=true" in shown.stdout + shown.stderr
        assert "Traceback" not in shown.stderr
    shown = await asyncio.to_thread(run, "migrate", env={**env, "WASGO_CHAT_DATABASE_POOLER": "true"})
    assert "requires WASGO_CHAT_DATABASE_DIRECT_URL" in shown.stderr


async def test_a_pooler_that_drops_the_limits_is_an_error_of_the_doctor(database: str) -> None:
    async with pgbouncer(mode="session", more=IGNORING, pool_size=40) as url:
        settings = make_settings(database, database_url=url.format(database=database))
        (lost,) = [one for one in whats(await database_check.check(settings, workers=1), "error") if "effect" in one]
        assert "lock_timeout is 0" in lost
        helped = settings.model_copy(update={"database_pooler": True, "database_direct_url": database_url(database)})
        assert not [one for one in whats(await database_check.check(helped, workers=1), "error") if "effect" in one]


def whats(findings: list[Finding], level: str) -> list[str]:
    return [one.what for one in findings if one.level == level]
