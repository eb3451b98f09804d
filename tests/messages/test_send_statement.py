"""The statement that stores messages, stopped between its snapshot and its locks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.support.servers import database_url
from tests.support.world import World, wait_for
from wasgo_chat.messages.sending import statements

KEY = 7_340_013
# The view shows the locks of all databases, also of those that other test processes use.
_BLOCKED = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def stopping(statement: str) -> str:
    """The statement, so that it waits for an advisory lock once it has its snapshot."""
    stopped = statement.replace(
        "WITH locked AS", f"WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock({KEY}) IS NULL AS ok), locked AS"
    )
    stopped = stopped.replace("WHERE c.id = ANY", "WHERE (SELECT ok OR NOT ok FROM gate) AND c.id = ANY", 1)
    assert stopped.count("gate") == 2
    return stopped


class Gate:
    """Where the statement waits."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.connection = connection

    async def waiting(self) -> int:
        """The process of the server that waits, once there is one."""
        await wait_for(self._is_waiting)
        pid: int = await self.connection.fetchval(_BLOCKED, KEY)
        return pid

    async def open(self) -> None:
        await self.connection.execute("SELECT pg_advisory_unlock($1)", KEY)

    async def _is_waiting(self) -> bool:
        return await self.connection.fetchval(_BLOCKED, KEY) is not None


@pytest.fixture
async def gate(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gate]:
    monkeypatch.setattr(statements, "_STORE", stopping(statements._STORE))
    async with _connected(database) as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", KEY)
        yield Gate(connection)


@asynccontextmanager
async def _connected(database: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(database_url(database))
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_member_who_is_removed_before_the_lock_cannot_send(world: World, gate: Gate) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    sending = asyncio.create_task(bo.call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "late"}))
    await gate.waiting()
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/remove_participant/", {"user_id": bo.id}, status=204)
    await gate.open()
    assert (await sending).status_code == 404
    assert all(message["content"] != "late" for message in await ana.history(chat))


async def test_a_message_whose_conversation_changed_before_the_lock_follows_the_change(
    world: World, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    sending = asyncio.create_task(bo.send(chat, "follows"))
    await gate.waiting()
    changed = await ana.ok("PATCH", f"/chat/conversations/{chat['id']}/", {"title": "Changed"})
    await gate.open()
    assert (await sending)["seq"] == changed["last_seq"] + 1
    assert "batch_failed" not in caplog.text


async def test_a_message_whose_session_is_terminated_is_stored_once(world: World, gate: Gate) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sending = asyncio.create_task(ana.send(chat, "once"))
    await gate.connection.execute("SELECT pg_terminate_backend($1)", await gate.waiting())
    await gate.open()
    assert (await sending)["seq"] == 1
    assert [message["content"] for message in await bo.history(chat)] == ["once"]
