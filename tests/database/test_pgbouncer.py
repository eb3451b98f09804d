"""The service behind a real PgBouncer in transaction mode, where each transaction may run on another connection."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text

from tests.support.pgbouncer import pgbouncer
from tests.support.servers import database_url
from tests.support.workers import make_settings
from tests.support.world import World, world_with
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.database.pinned import fetch as fetch_once
from wasgo_chat.database.pooling import session_parameters
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
            assert {name: value for name, value in rows.all()} == expected
    held = PinnedConnection(worker.keyed_db)
    assert dict(await held.fetch(SHOWN, list(by_key))) == by_key
    async with held.transaction() as connection:
        assert dict(await connection.fetch(SHOWN, list(by_key))) == by_key
    await held.close()
    assert dict(await fetch_once(worker.db, SHOWN, list(expected))) == expected
    stranger = await asyncpg.connect(worker.settings.database_url, statement_cache_size=0)
    left = dict(await stranger.fetch(SHOWN, list(by_key)))
    await stranger.close()
    assert left["lock_timeout"] == left["statement_timeout"] == "0"
    assert left["enable_seqscan"] == "on"


async def test_the_lock_of_the_purge_is_held_in_a_session_without_the_pooler(pooled_world: World) -> None:
    db = pooled_world.worker.db
    async with exclusive_run(db) as is_first, exclusive_run(db) as is_second:
        assert (is_first, is_second) == (True, False)
    async with exclusive_run(db) as is_free:
        assert is_free
