"""Editing and deleting: revisions increase, a tombstone stays, and all readers get the current content."""

import asyncio

from tests.support.world import Json, Person, World


async def edit(by: Person, message: Json, content: str) -> Json:
    edited: Json = await by.ok("POST", f"/chat/messages/{message['id']}/edit/", {"content": content})
    return edited


async def delete(by: Person, message: Json) -> Json:
    tombstone: Json = await by.ok("POST", f"/chat/messages/{message['id']}/delete/")
    return tombstone


async def kinds(by: Person, chat: Json) -> list[str]:
    return [event["type"] for event in await by.events(chat)]


async def test_an_edit_increases_the_revision_and_is_visible_to_all(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "Draft", metadata={"a": 1})
    assert (sent["revision"], sent["is_edited"], sent["edited_at"]) == (1, False, None)
    edited = await edit(ana, sent, "Final")
    assert (edited["content"], edited["revision"], edited["is_edited"]) == ("Final", 2, True)
    assert edited["edited_at"] > sent["created_at"]
    same = {"content", "revision", "is_edited", "edited_at"}
    assert {key: value for key, value in edited.items() if key not in same} == {
        key: value for key, value in sent.items() if key not in same
    }
    assert await bo.history(chat) == [edited]
    assert (await bo.get_conversation(chat))["last_message"] == edited
    assert (await edit(ana, sent, "Last"))["revision"] == 3


async def test_an_edit_to_the_same_content_changes_nothing(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "same")
    assert await edit(ana, sent, "same") == sent
    assert await kinds(bo, chat) == ["new_message"]


async def test_only_the_sender_edits_a_message(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    sent = await bo.send(chat, "mine")
    path = f"/chat/messages/{sent['id']}/edit/"
    await ana.refused("POST", path, {"content": "yours"}, status=403, code="forbidden")
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/add_participant/", {"user_id": "cy"}, status=201)
    note = (await ana.history(chat))[0]
    await ana.refused("POST", f"/chat/messages/{note['id']}/edit/", {"content": "x"}, status=403, code="forbidden")
    assert bo.id == (await bo.history(chat))[-1]["sender"]["id"]
    assert (await bo.history(chat))[-1] == sent


async def test_an_edit_has_the_limits_of_a_message(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "hi")
    path = f"/chat/messages/{sent['id']}/edit/"
    for bad in ("", " \n\t", "x" * 10_001):
        problem = await ana.refused("POST", path, {"content": bad}, status=422, code="invalid")
        assert problem["errors"][0]["loc"] == ["content"]
    assert (await edit(ana, sent, "x" * 10_000))["revision"] == 2


async def test_a_deleted_message_stays_as_a_tombstone(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "secret")
    await bo.ok("POST", f"/chat/messages/{sent['id']}/react/", {"emoji": "👍"})
    tombstone = await delete(ana, sent)
    assert (tombstone["content"], tombstone["is_deleted"], tombstone["revision"]) == (None, True, 2)
    assert (tombstone["attachments"], tombstone["reactions"]) == ([], [])
    assert tombstone["deleted_at"] is not None
    assert (tombstone["id"], tombstone["seq"], tombstone["sender"]) == (sent["id"], sent["seq"], sent["sender"])
    assert await bo.history(chat) == [tombstone]
    assert (await bo.get_conversation(chat))["last_message"] == tombstone
    assert await bo.ok("GET", f"/chat/messages/{sent['id']}/") == tombstone
    events = await bo.events(chat)
    assert [event["type"] for event in events] == ["new_message", "reaction_update", "message_deleted"]
    assert "secret" not in str(events)


async def test_deleting_twice_is_one_event(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    first = await delete(ana, sent)
    assert await delete(ana, sent) == first
    assert await kinds(bo, chat) == ["new_message", "message_deleted"]


async def test_a_tombstone_can_be_neither_edited_nor_reacted_to(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    tombstone = await delete(ana, sent)
    path = f"/chat/messages/{sent['id']}"
    await ana.refused("POST", f"{path}/edit/", {"content": "back"}, status=409, code="message_deleted")
    await bo.refused("POST", f"{path}/react/", {"emoji": "👍"}, status=409, code="message_deleted")
    assert await bo.history(chat) == [tombstone]


async def test_a_deleted_message_is_no_longer_unread(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    first, _ = await ana.send(chat, "one"), await ana.send(chat, "two")
    await delete(ana, first)
    assert (await bo.get_conversation(chat))["unread_count"] == 1


async def test_a_moderator_deletes_messages_of_others(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=cy, moderator=ana, participant=bo)
    sent = await bo.send(chat, "rude")
    tombstone = await delete(ana, sent)
    assert tombstone["sender"]["id"] == bo.id
    assert (await bo.history(chat)) == [tombstone]
    boss = await cy.send(chat, "boss")
    assert (await delete(ana, boss))["is_deleted"] is True


async def test_in_a_direct_conversation_participants_delete_only_their_own_messages(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    await bo.refused("POST", f"/chat/messages/{sent['id']}/delete/", status=403, code="forbidden")
    assert await bo.history(chat) == [sent]


async def test_a_reply_preview_shows_the_current_content(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "Draft")
    reply = await bo.send(chat, "reply", reply_to=sent["id"])
    assert reply["reply_preview"]["content"] == "Draft"
    await edit(ana, sent, "Final")
    assert (await bo.history(chat))[0]["reply_preview"]["content"] == "Final"
    await delete(ana, sent)
    preview = (await bo.history(chat))[0]["reply_preview"]
    assert (preview["content"], preview["is_deleted"], preview["id"]) == (None, True, sent["id"])
    events = await bo.events(chat)
    assert "Draft" not in str(events)
    assert "Final" not in str(events)


async def test_a_client_id_finds_its_message_after_an_edit_and_a_deletion(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "once", client_id="c1")
    body = {"conversation": chat["id"], "content": "once", "client_id": "c1"}
    edited = await edit(ana, sent, "twice")
    assert await ana.ok("POST", "/chat/messages/", body) == edited
    changed = {**body, "content": "twice"}
    await ana.refused("POST", "/chat/messages/", changed, status=409, code="idempotency_conflict")
    tombstone = await delete(ana, sent)
    assert await ana.ok("POST", "/chat/messages/", body) == tombstone


async def test_concurrent_edits_each_take_a_revision(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "0")
    await asyncio.gather(*(edit(ana, sent, str(number)) for number in range(1, 9)))
    assert (await bo.history(chat))[0]["revision"] == 9
    assert [event["seq"] for event in await bo.events(chat)] == list(range(1, 10))
