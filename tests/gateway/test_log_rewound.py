"""After a failover the log may end earlier than what was delivered: sockets are told to resync and continue."""

import pytest
from sqlalchemy import text

from tests.gateway.sockets import receive_seqs, refuse_frames, send_messages
from tests.support.world import Json, World

FORGET = (
    "DELETE FROM events WHERE conversation_id = :id AND seq > 2",
    "DELETE FROM messages WHERE conversation_id = :id AND seq > 2",
    "UPDATE conversations SET last_seq = 2, message_count = 2 WHERE id = :id",
)

READ_NOTHING = (
    "DELETE FROM reads WHERE conversation_id = :id",
    "UPDATE participants SET read = '{}' WHERE conversation_id = :id",
    "UPDATE conversations SET reads_version = 0 WHERE id = :id",
)


async def forget(world: World, chat: Json, *more: str) -> None:
    """Rewind the database as a failover does that loses the last commits."""
    async with world.worker.db.transaction() as tx:
        for statement in (*FORGET, *more):
            await tx.execute(text(statement), {"id": chat["id"]})


async def test_a_log_that_lost_its_end_causes_a_resync_and_continues(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with bo.connect(chat) as live:
        await send_messages(ana, chat, 4)
        assert await receive_seqs(live, 4) == [1, 2, 3, 4]
        await forget(world, chat)
        assert (await live.receive("resync"))["last_seq"] == 2
        await send_messages(ana, chat, 2)
        assert await receive_seqs(live, 4) == [3, 4]
    async with bo.connect(chat, after_seq=2) as live:
        assert await receive_seqs(live, 4) == [3, 4]


async def test_a_participant_removed_after_a_rewind_sees_nothing_more(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    await send_messages(ana, chat, 4)
    async with bo.connect(chat) as live:
        await forget(world, chat)
        assert (await live.receive("resync"))["last_seq"] == 2
        path = f"/chat/conversations/{chat['id']}/remove_participant/"
        await ana.ok("POST", path, {"user_id": bo.id}, status=204)
        await send_messages(ana, chat, 2)
        assert (await live.receive("participant_removed"))["user_id"] == bo.id
        assert (await live.wait_closed())[0] == 4403


async def test_read_receipts_after_a_rewind_are_delivered(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await send_messages(ana, chat, 4)
    first, second, *_ = await ana.history(chat, after_seq=0)
    for message in (first, second):
        await bo.ok("POST", f"/chat/messages/{message['id']}/mark_read/")
    async with ana.connect(chat) as live:
        await forget(world, chat, *READ_NOTHING)
        assert (await live.receive("resync"))["last_seq"] == 2
        await bo.ok("POST", f"/chat/messages/{first['id']}/mark_read/")
        assert (await live.receive("messages_read"))["message_ids"] == [first["id"]]
    async with ana.connect(chat) as live:
        assert live.hello["reads"].get(bo.id, 0) == first["seq"]


async def test_a_socket_that_cannot_be_told_to_resync_is_closed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await send_messages(ana, chat, 4)
    async with bo.connect(chat) as live:
        refuse_frames(monkeypatch, b'"resync"')
        await forget(world, chat)
        assert (await live.wait_closed())[0] == 4408
