"""Permission is read inside each write's transaction: a removal that commits first wins."""

import asyncio
from collections.abc import Callable, Coroutine
from uuid import UUID

import pytest

from tests.support.world import Json, Person, SocketClient, World, rows
from wasgo_chat.conversations import participants
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access

Write = Callable[[Person, SocketClient, Json, Json, Json], Coroutine[None, None, str]]
"""Writes as a member, with an own and a foreign message; returns the `code` of the rejection."""


async def _http(person: Person, path: str, body: Json | None = None) -> str:
    response = await person.call("POST", path, body)
    return str(response.json().get("code", response.status_code))


async def _socket(live: SocketClient, frame_type: str, **fields: object) -> str:
    answer = await live.request(frame_type, **fields)
    return str(answer.get("code", answer["type"]))


WRITES: dict[str, Write] = {
    "send by HTTP": lambda bo, live, chat, own, other: _http(
        bo, "/chat/messages/", {"conversation": chat["id"], "content": "late", "client_id": "late"}
    ),
    "send": lambda bo, live, chat, own, other: _socket(live, "send_message", content="late"),
    "edit": lambda bo, live, chat, own, other: _socket(live, "edit_message", message_id=own["id"], content="late"),
    "edit by HTTP": lambda bo, live, chat, own, other: _http(
        bo, f"/chat/messages/{own['id']}/edit/", {"content": "late"}
    ),
    "delete": lambda bo, live, chat, own, other: _socket(live, "delete_message", message_id=own["id"]),
    "react": lambda bo, live, chat, own, other: _socket(live, "react", message_id=other["id"], emoji="👍"),
    "read": lambda bo, live, chat, own, other: _socket(live, "mark_read", message_ids=[other["id"]]),
    "read all": lambda bo, live, chat, own, other: _http(bo, f"/chat/conversations/{chat['id']}/mark_read/"),
    "add a member": lambda bo, live, chat, own, other: _http(
        bo, f"/chat/conversations/{chat['id']}/add_participant/", {"user_id": f"{bo.id}-friend"}
    ),
}


@pytest.mark.parametrize("name", WRITES)
async def test_a_write_that_waits_for_the_removal_is_rejected(world: World, name: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, moderator=bo)
    own, other = await bo.send(chat, "mine"), await ana.send(chat, "hers")
    conversation_id, admin = UUID(chat["id"]), Actor(user_id=ana.id)
    async with bo.connect(chat) as live:
        async with world.worker.db.transaction() as tx:
            await access.authorize(tx, admin, conversation_id, lock=True)
            writing = asyncio.create_task(WRITES[name](bo, live, chat, own, other))
            await _somebody_waits(world)
            await participants.remove(tx, admin, conversation_id, bo.id)
        assert await writing in ("not_found", "forbidden")
        assert (await live.wait_closed())[0] == 4403
    log = await rows(
        world.worker, "SELECT type, actor_id FROM events WHERE conversation_id = :id AND seq > 2 ORDER BY seq",
        id=chat["id"],
    )  # fmt: skip
    assert [(row.type, row.actor_id) for row in log] == [("participant_removed", ana.id), ("new_message", ana.id)]
    reads = await rows(world.worker, "SELECT 1 FROM reads WHERE conversation_id = :id", id=chat["id"])
    assert reads == []


async def _somebody_waits(world: World) -> None:
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() "
        "AND query ILIKE '%conversations%'"
    )
    async with asyncio.timeout(10):
        while not await rows(world.worker, waiting):  # noqa: ASYNC110  only the database knows
            await asyncio.sleep(0.01)
