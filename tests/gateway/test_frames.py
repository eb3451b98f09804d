"""The frames of the protocol, in both directions, exactly as specified."""

import pytest

from tests.support.workers import Worker
from tests.support.world import World


async def test_a_message_reaches_all_participants_and_its_sender_is_acked(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with ana.connect(chat) as a, bo.connect(chat) as b:
        await a.send("send_message", content="Hello!", message_type="text", ref="r1", client_id="c1")
        seen = await b.receive("new_message")
        own = await a.wait_until(lambda frame: frame["type"] == "new_message")
        assert own == seen
        assert (seen["conversation_id"], seen["seq"]) == (chat["id"], 1)
        assert seen["message"] == {**(await bo.history(chat))[0]}
        again = await a.request("send_message", content="Hello!", message_type="text", client_id="c1")
        assert (again["type"], again["seq"], again["message_id"]) == ("ack", 1, seen["message"]["id"])
        body = {"conversation": chat["id"], "content": "Hello!", "client_id": "c1"}
        assert (await ana.ok("POST", "/chat/messages/", body))["id"] == seen["message"]["id"]
        body = {"conversation": chat["id"], "content": "Hello!", "client_id": "c1"}
        assert (await ana.ok("POST", "/chat/messages/", body))["id"] == seen["message"]["id"]
        conflict = await a.request("send_message", content="Other", client_id="c1")
        assert (conflict["type"], conflict["code"]) == ("error", "idempotency_conflict")


async def test_the_examples_of_the_specification_need_no_ref(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await bo.send(chat)  # ana sees the name of a user who has written to her
    async with ana.connect(chat) as a, bo.connect(chat) as b:
        await a.send("send_message", content="Hello!", message_type="text")
        message = (await b.receive("new_message"))["message"]
        await b.send("typing", is_typing=True)
        await b.send("typing", is_typing=False)
        await b.send("mark_read", message_ids=[message["id"]])
        await a.receive("new_message")
        typing = await a.receive("typing")
        assert (typing["user_id"], typing["username"], typing["is_typing"]) == (bo.id, "bo", True)
        assert (await a.receive("typing"))["is_typing"] is False
        read = await a.receive("messages_read")
        assert (read["message_ids"], read["user_id"]) == ([message["id"]], bo.id)
        assert "seq" not in typing
        assert "seq" not in read


async def test_edits_reactions_and_deletions_arrive_with_their_seq(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with ana.connect(chat) as a, bo.connect(chat) as b:
        sent = await a.request("send_message", content="Draft")
        message_id = sent["message_id"]
        edited = await a.request("edit_message", message_id=message_id, content="Final")
        assert edited["revision"] == 2
        added = await b.request("react", message_id=message_id, emoji="👍")
        assert added["action"] == "added"
        removed = await b.request("react", message_id=message_id, emoji="👍")
        assert removed["action"] == "removed"
        await a.request("delete_message", message_id=message_id)
    frames = await bo.events(chat)
    assert [frame["type"] for frame in frames] == [
        "new_message",
        "message_edited",
        "reaction_update",
        "reaction_update",
        "message_deleted",
    ]
    assert [frame["seq"] for frame in frames] == [1, 2, 3, 4, 5]
    assert [frame["action"] for frame in frames[2:4]] == ["added", "removed"]
    assert frames[4]["message_id"] == message_id
    assert frames[4]["message"]["content"] is None


async def test_adding_a_reaction_twice_is_one_event_however_it_is_written(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    message = await ana.send(chat)
    async with bo.connect(chat) as b:
        for emoji in ("❤", "❤️"):
            ack = await b.request("react", message_id=message["id"], emoji=emoji, action="add")
            assert (ack["action"], ack["reactions"][0]["count"]) == ("added", 1)
    assert [frame["type"] for frame in await ana.events(chat)] == ["new_message", "reaction_update"]


async def test_membership_and_title_changes_arrive(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    path = f"/chat/conversations/{chat['id']}"
    async with bo.connect(chat) as b:
        await ana.ok("POST", f"{path}/add_participant/", {"user_id": cy.id}, status=201)
        assert (await b.receive("participant_added"))["participant"]["user"]["id"] == cy.id
        note = (await b.receive("new_message"))["message"]
        assert (note["message_type"], note["sender"]) == ("system", None)
        assert note["metadata"] == {
            "action": "participant_added",
            "user_id": cy.id,
            "role": "participant",
            "by": ana.id,
        }
        await ana.ok("PATCH", f"{path}/participants/{cy.id}/", {"role": "observer"})
        assert (await b.receive("participant_updated"))["participant"]["role"] == "observer"
        await b.receive("new_message")
        await ana.ok("PATCH", f"{path}/", {"title": "Paint the gate"})
        updated = await b.receive("conversation_updated")
        assert updated["conversation"]["title"] == "Paint the gate"
        assert "unread_count" not in updated["conversation"]
        await ana.ok("POST", f"{path}/remove_participant/", {"user_id": cy.id}, status=204)
        removed = await b.receive("participant_removed")
        assert (removed["user_id"], removed["by"]) == (cy.id, ana.id)


async def test_hello_names_the_user_and_the_read_state_of_every_participant(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(moderator=ana, participant=bo)
    await ana.send(chat, "one")
    async with ana.connect(chat) as a:
        assert a.hello["user_id"] == ana.id
        assert a.hello["role"] == "moderator"
        assert a.hello["last_seq"] == 1
        assert a.hello["reads"] == {ana.id: 1, bo.id: 0}
        assert a.hello["heartbeat_s"] > 0
        limits = a.hello["limits"]
        assert (limits["content_chars"], limits["attachment_bytes"], limits["attachments"]) == (10_000, 26_214_400, 10)
        assert a.hello["features"] == ["presence", "attachments", "notifications", "support"]


async def test_one_socket_follows_many_conversations(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    first, second = await ana.direct(bo), await world.job(admin=cy, participant=ana)
    await bo.send(first, "before")
    async with ana.connect(None) as a:
        await a.send("subscribe", conversation_id=first["id"], after_seq=0, ref="s")
        subscribed = await a.receive("subscribed")
        assert (subscribed["conversation_id"], subscribed["last_seq"]) == (first["id"], 1)
        assert (await a.wait_for("new_message"))["message"]["content"] == "before"
        unnamed = await a.request("send_message", content="where?")
        assert unnamed["code"] == "invalid"
        assert (await a.request("subscribe", conversation_id=second["id"]))["type"] == "ack"
        assert (await a.request("send_message", conversation_id=second["id"], content="here"))["seq"] == 1
        path = f"/chat/conversations/{second['id']}/remove_participant/"
        await cy.ok("POST", path, {"user_id": ana.id}, status=204)
        ended = await a.wait_for("unsubscribed")
        assert (ended["conversation_id"], ended["code"]) == (second["id"], 4403)
        gone = await a.request("send_message", conversation_id=second["id"], content="still here?")
        assert gone["code"] == "not_found"
        assert (await a.request("send_message", conversation_id=first["id"], content="yes"))["type"] == "ack"
        foreign = await bo.direct(cy)
        assert (await a.request("subscribe", conversation_id=foreign["id"]))["code"] == "not_found"
        await a.send("unsubscribe", conversation_id=first["id"])
        assert (await a.wait_for("unsubscribed"))["code"] == 1000


async def test_typing_stops_when_its_socket_closes(world: World, other_worker: Worker) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await bo.direct(ana)
    async with ana.connect(chat, other_worker) as a:
        async with bo.connect(chat) as b:
            await b.send("typing", is_typing=True)
            assert (await a.receive("typing"))["is_typing"] is True
        assert (await a.receive("typing"))["is_typing"] is False


async def test_typing_that_is_not_repeated_expires(
    world: World, other_worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wasgo_chat.gateway.delivery.channel.TYPING_TTL_S", 0.1)
    ana, bo = world.people("ana", "bo")
    chat = await bo.direct(ana)
    async with ana.connect(chat, other_worker) as a, bo.connect(chat) as b:
        await b.send("typing", is_typing=True)
        assert (await a.receive("typing"))["is_typing"] is True
        assert (await a.receive("typing"))["is_typing"] is False
