"""A response is sent only after the commit."""

import pytest
from sqlalchemy import text

from tests.support.workers import make_settings
from tests.support.world import World, world_with

FAILS_AT_COMMIT = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
CREATE CONSTRAINT TRIGGER refuse_at_commit AFTER INSERT ON messages
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.content = 'fail at commit') EXECUTE FUNCTION refuse();
"""


@pytest.fixture
async def refusing(world: World) -> World:
    """The database rejects some messages, but only at their commit."""
    async with world.worker.db.engine.begin() as connection:
        await connection.execute(text("DROP TRIGGER IF EXISTS refuse_at_commit ON messages"))
        await connection.execute(text("DROP FUNCTION IF EXISTS refuse"))
        for statement in FAILS_AT_COMMIT.split(";\nCREATE"):
            await connection.execute(text(statement if statement.startswith("\nCREATE") else "CREATE" + statement))
    return world


async def test_a_failing_commit_is_a_500_and_never_a_201(refusing: World) -> None:
    ana, bo = refusing.people("ana", "bo")
    chat = await ana.direct(bo)
    body = {"conversation": chat["id"], "content": "fail at commit"}
    await ana.refused("POST", "/chat/messages/", body, status=500, code="internal_error")
    async with ana.connect(chat) as live, bo.connect(chat) as other:
        assert (await live.request("send_message", content="fail at commit"))["code"] == "internal_error"
        assert (await live.request("send_message", content="goes through"))["seq"] == 1
        assert (await other.receive("new_message"))["message"]["content"] == "goes through"
    assert [message["content"] for message in await bo.history(chat)] == ["goes through"]


async def test_a_full_database_is_503_with_retry_after(database: str) -> None:
    settings = make_settings(database, database_pool_size=1, database_pool_timeout_s=0.2)
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with world.worker.db.transaction() as tx:
            await tx.execute(text("SELECT 1"))
            response = await ana.call("GET", f"/chat/conversations/{chat['id']}/")
        assert response.status_code == 503
        assert response.json()["code"] == "unavailable"
        assert int(response.headers["Retry-After"]) >= 1
        await ana.send(chat)


async def test_a_locked_conversation_is_503_in_bounded_time(database: str) -> None:
    async with world_with(make_settings(database, lock_timeout_s=0.2)) as world:
        ana, bo = world.people("ana", "bo")
        chat, other = await ana.direct(bo), await world.job(admin=ana)
        async with world.worker.db.transaction() as tx:
            await tx.execute(text("SELECT FROM conversations WHERE id = :id FOR UPDATE"), {"id": chat["id"]})
            body = {"conversation": chat["id"], "content": "waits", "client_id": "c1"}
            await ana.refused("POST", "/chat/messages/", body, status=503, code="unavailable")
            await ana.send(other, "others go on")
        assert (await ana.ok("POST", "/chat/messages/", body, status=201))["seq"] == 1
