"""Messages sent without waiting for acknowledgements: many share a commit, in the order of their sender."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.support.world import Json, Person, SocketClient, World, rows, wait_until
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.messages.sending import statements

MANY = 90


async def _answers(live: SocketClient, count: int) -> dict[str, Json]:
    found: dict[str, Json] = {}
    while len(found) < count:
        frame = await live.wait_until(lambda frame: frame.get("ref") is not None)
        assert frame["ref"] not in found, "two replies"
        found[frame["ref"]] = frame
    return found


async def _said(person: Person, chat: Json) -> list[str]:
    return [event["message"]["content"] for event in await person.events(chat) if event["type"] == "new_message"]


async def test_pipelined_messages_share_commits_and_keep_their_order(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with ana.connect(chat) as live:
        for at in range(MANY):
            await live.send("send_message", ref=str(at), content=str(at), client_id=f"c{at}")
        answers = await _answers(live, MANY)
    assert [answers[str(at)]["seq"] for at in range(MANY)] == list(range(1, MANY + 1))
    assert await _said(ana, chat) == [str(at) for at in range(MANY)]
    commits = await rows(world.worker, "SELECT DISTINCT xmin::text FROM messages WHERE sender_id = :ana", ana=ana.id)
    assert len(commits) < MANY / 2


async def test_a_message_that_cannot_be_batched_delays_only_the_messages_after_it(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await ana.direct(bo)
    upload = {"file": ("note.txt", b"words", "text/plain")}
    attached = await ana.ok("POST", "/chat/attachments/", status=201, files=upload, data={"conversation": chat["id"]})
    odd: dict[int, dict[str, Any]] = {
        7: {"mentions": [cy.id]},
        11: {"client_id": "c10"},  # used before with other content
        19: {"attachment_ids": [attached["id"]]},
        23: {"content": "22", "client_id": "c22"},  # the same again
        31: {"reply_to": cy.id.rjust(36, "0")},
    }
    async with ana.connect(chat) as live:
        for at in range(40):
            body = {"content": str(at), "client_id": f"c{at}", **odd.get(at, {})}
            await live.send("send_message", ref=str(at), **body)
        answers = await _answers(live, 40)
    refused = {at: answers[str(at)]["code"] for at in range(40) if answers[str(at)]["type"] == "error"}
    assert refused == {7: "invalid", 11: "idempotency_conflict", 31: "invalid"}
    assert answers["23"]["seq"] == answers["22"]["seq"]
    assert await _said(ana, chat) == [str(at) for at in range(40) if at not in (7, 11, 23, 31)]
    assert (await ana.history(chat, around_seq=answers["19"]["seq"]))[0]["attachments"] is not None


async def test_a_locked_conversation_keeps_the_order_of_all_queued_messages(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    group = world.worker.parts.group_commit
    async with ana.connect(chat) as live:
        async with world.worker.db.transaction() as tx:
            await tx.execute(text("SELECT FROM conversations WHERE id = :id FOR UPDATE"), {"id": chat["id"]})
            for at in range(20):
                await live.send("send_message", ref=str(at), content=str(at))
            await wait_until(lambda: group.blocked_lanes == 1)
            for at in range(20, 40):
                await live.send("send_message", ref=str(at), content=str(at))
        await _answers(live, 40)
    assert await _said(ana, chat) == [str(at) for at in range(40)]


async def test_other_frames_are_answered_after_the_messages_before_them(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with ana.connect(chat) as live:
        for at in range(10):
            await live.send("send_message", ref=str(at), content=str(at))
        await live.send("typing", ref="typing", is_typing=True)
        refs = [(await live.wait_until(lambda frame: frame.get("ref") is not None))["ref"] for _ in range(11)]
    assert refs == [*map(str, range(10)), "typing"]


async def test_everything_that_arrived_before_a_disconnect_is_stored(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with ana.connect(chat) as live:
        for at in range(30):
            await live.send("send_message", content=str(at))
        await live.request("typing", is_typing=False)
        for at in range(30, 50):
            await live.send("send_message", content=str(at))
        live.connection.transport.abort()
    parts = world.worker.parts
    await wait_until(lambda: ana.id not in parts.hub.peers and not parts.group_commit.waiting)
    said = await _said(ana, chat)
    assert len(said) >= 30
    assert said == [str(at) for at in range(len(said))]


async def test_messages_after_a_failed_one_fail_too_so_that_its_retry_does_not_come_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    store, began, ends = statements.insert_batch, asyncio.Event(), asyncio.Event()

    async def fail_once(*given: Any, **more: Any) -> Any:
        monkeypatch.setattr(statements, "insert_batch", store)
        began.set()
        await ends.wait()
        raise Unavailable

    async with ana.connect(chat) as live:
        monkeypatch.setattr(statements, "insert_batch", fail_once)
        await live.send("send_message", ref="0", content="0", client_id="c0")
        await began.wait()
        for at in range(1, 5):
            await live.send("send_message", ref=str(at), content=str(at), client_id=f"c{at}")
        await wait_until(lambda: world.worker.parts.group_commit.waiting == 5)
        ends.set()
        answers = await _answers(live, 5)
        assert {answer.get("code") for answer in answers.values()} == {"unavailable"}
        assert (await live.wait_closed())[0] == 1013
    assert await _said(ana, chat) == []
    async with ana.connect(chat) as live:
        for at in range(5):
            await live.send("send_message", ref=str(at), content=str(at), client_id=f"c{at}")
        await _answers(live, 5)
    assert await _said(ana, chat) == [str(at) for at in range(5)]
