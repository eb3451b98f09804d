"""After a failover the log may end earlier than what was delivered: sockets are told to resync and continue."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from tests.gateway.sockets import receive_seqs, receive_until_closed, refuse_frames, send_messages
from tests.support.workers import make_settings, running
from tests.support.world import Json, Person, SocketClient, World
from wasgo_chat.events.epochs import begin_epoch

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


async def restore(world: World, chat: Json, *contents: str, more: Sequence[str] = ()) -> None:
    """Rewind the database, begin an epoch, and let the log grow again before any worker compares it."""
    async with world.worker.db.transaction() as tx:
        for statement in (*FORGET, *more):
            await tx.execute(text(statement), {"id": chat["id"]})
        await begin_epoch(tx)
        for content in contents:
            await tx.execute(text(SEND), {"id": chat["id"], "content": content})


SEND = """
WITH head AS (
    UPDATE conversations SET last_seq = last_seq + 1, message_count = message_count + 1 WHERE id = CAST(:id AS uuid)
    RETURNING id, last_seq, message_count
), stored AS (
    INSERT INTO messages (conversation_id, id, seq, number, sender_id, message_type, content, created_at)
    SELECT id, gen_random_uuid(), last_seq, message_count,
           (SELECT min(user_id) FROM participants p WHERE p.conversation_id = head.id), 'text', :content, now()
    FROM head
    RETURNING conversation_id, seq, id, sender_id
)
INSERT INTO events (conversation_id, seq, type, actor_id, message_id, revision, created_at)
SELECT conversation_id, seq, 'new_message', sender_id, id, 1, now() FROM stored
"""


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


async def contents_after(live: SocketClient, count: int) -> list[str]:
    """The contents of the next messages of a socket."""
    return [(await live.wait_for("new_message"))["message"]["content"] for _ in range(count)]


async def epoch_of(person: Person, chat: Json) -> str:
    async with person.connect(chat) as live:
        return str(live.hello["epoch"])


async def test_a_log_that_went_back_and_overtook_causes_a_resync_at_every_worker(world: World, database: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await send_messages(ana, chat, 4)
    async with (
        running(make_settings(database, redis_url=None)) as other,
        bo.connect(chat) as live,
        bo.connect(chat, worker=other) as elsewhere,
        bo.connect(None, worker=other) as for_many,
    ):
        await for_many.send("subscribe", conversation_id=chat["id"])
        before = (await for_many.receive("subscribed"))["epoch"]
        assert before == live.hello["epoch"] == elsewhere.hello["epoch"] == for_many.hello["epoch"]
        await restore(world, chat, "one", "two", "three")
        told = [await socket.wait_for("resync") for socket in (live, elsewhere, for_many)]
        assert {frame["last_seq"] for frame in told} == {5}
        (after,) = {frame["epoch"] for frame in told}
        assert after not in ("", before)
        await ana.send(chat, "four")
        assert [await contents_after(socket, 1) for socket in (live, elsewhere, for_many)] == [["four"]] * 3


async def test_a_head_that_went_back_begins_an_epoch_for_every_conversation(world: World, database: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat, quiet = await ana.direct(bo), await world.job(admin=ana, participant=bo)
    await send_messages(ana, chat, 4)
    await send_messages(ana, quiet, 1)
    before = await epoch_of(bo, quiet)
    async with (
        running(make_settings(database, redis_url=None)) as other,
        bo.connect(chat) as live,
        bo.connect(quiet, other) as calm,
    ):
        await forget(world, chat)
        frames = [await live.receive("resync"), await calm.receive("resync")]
        assert [frame["last_seq"] for frame in frames] == [2, calm.hello["last_seq"]]
        assert frames[0]["epoch"] == frames[1]["epoch"] != before
    async with bo.connect(quiet, after_seq=1, epoch=before) as live:
        assert (await live.receive("resync"))["epoch"] == live.hello["epoch"] == frames[0]["epoch"]


async def test_a_client_that_was_away_is_told_that_its_seq_is_of_another_epoch(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await send_messages(ana, chat, 4)
    before = await epoch_of(bo, chat)
    async with bo.connect(chat, after_seq=3, epoch=before) as live:
        assert await receive_seqs(live, 4) == [4]
    await restore(world, chat, "one", "two", "three")
    async with bo.connect(chat, after_seq=4, epoch=before) as live:
        assert live.hello["epoch"] != before
        resync = await live.receive("resync")
        assert (resync["last_seq"], resync["epoch"]) == (5, live.hello["epoch"])
        await ana.send(chat, "four")
        assert await contents_after(live, 1) == ["four"]
    async with bo.connect(None) as live:
        await live.send("subscribe", conversation_id=chat["id"], after_seq=4, epoch=before)
        after = (await live.receive("subscribed"))["epoch"]
        assert (await live.receive("resync"))["epoch"] == after
        await live.send("subscribe", conversation_id=chat["id"], after_seq=4, epoch=after)
        await live.wait_for("subscribed")
        assert await receive_seqs(live, 6) == [5, 6]


async def test_a_client_that_knows_no_epochs_resumes_by_its_seq(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await send_messages(ana, chat, 4)
    await restore(world, chat, "one", "two", "three")
    async with bo.connect(chat, after_seq=4) as live:
        assert await receive_seqs(live, 5) == [5]
    async with bo.connect(chat, epoch="of no use without after_seq") as live:
        await ana.send(chat, "four")
        assert await receive_seqs(live, 6) == [6]


async def test_pages_carry_the_epoch_and_are_not_taken_for_unchanged(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await send_messages(ana, chat, 4)
    epochs: list[set[str]] = []
    for page in (1, 2):
        answers = [
            await bo.ok("GET", f"/chat/messages/?conversation={chat['id']}"),
            await bo.ok("GET", f"/chat/messages/?conversation={chat['id']}&after_seq=0"),
            await bo.ok("GET", "/chat/messages/"),
            await bo.ok("GET", f"/chat/conversations/{chat['id']}/events/"),
        ]
        epochs.append({answer["epoch"] for answer in answers} | {await epoch_of(bo, chat)})
        if page == 1:
            tag = (await bo.call("GET", f"/chat/messages/?conversation={chat['id']}")).headers["etag"]
            await restore(world, chat, "one", "two")
    assert [len(found) for found in epochs] == [1, 1]
    assert epochs[0] != epochs[1]
    again = await bo.call("GET", f"/chat/messages/?conversation={chat['id']}", headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert [message["content"] for message in again.json()["results"]][:2] == ["two", "one"]


async def test_a_user_whose_joining_was_lost_receives_nothing_more(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/add_participant/", {"user_id": cy.id}, status=201)
    async with cy.connect(chat) as live, bo.connect(chat) as member:
        forgotten = "DELETE FROM participants WHERE conversation_id = :id AND user_id = '" + cy.id + "'"
        await restore(world, chat, "one", more=[forgotten])
        await ana.send(chat, "not for cy")
        await member.wait_for("resync")
        frames, code = await receive_until_closed(live)
        assert (code, [frame for frame in frames if frame["type"] == "resync"]) == (4403, [])
