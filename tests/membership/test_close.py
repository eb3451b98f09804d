"""Closing a conversation: it can be read but not written to until it is reopened."""

import pytest

from tests.support.world import World


async def test_a_closed_conversation_can_be_read_but_not_written_to(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    path = f"/chat/conversations/{chat['id']}"
    own, other = await bo.send(chat, "own"), await ana.send(chat, "other")
    closed = await ana.ok("PATCH", f"{path}/", {"status": "closed"})
    assert closed["status"] == "closed"
    events = await ana.events(chat)
    for who, at, body in (
        (bo, "/chat/messages/", {"conversation": chat["id"], "content": "late"}),
        (bo, f"/chat/messages/{own['id']}/edit/", {"content": "late"}),
        (bo, f"/chat/messages/{own['id']}/delete/", None),
        (bo, f"/chat/messages/{other['id']}/react/", {"emoji": "👍"}),
        (ana, f"/chat/messages/{own['id']}/delete/", None),
    ):
        await who.refused("POST", at, body, status=409, code="conversation_closed")
    assert await ana.events(chat) == events
    assert (await bo.get_conversation(chat))["status"] == "closed"
    assert len(await bo.history(chat)) == 3
    marked = await bo.ok("POST", f"/chat/messages/{other['id']}/mark_read/")
    assert marked == {"marked": 1, "unread_count": 0}
    await bo.ok("POST", f"{path}/mark_read/")
    await bo.ok("POST", f"{path}/archive/")
    await bo.ok("POST", f"{path}/unarchive/")
    await ana.ok("PATCH", f"{path}/", {"status": "open"})
    await bo.send(chat, "again")


async def test_an_observer_gets_the_role_error_rather_than_the_closed_error(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, observer=bo)
    await ana.ok("PATCH", f"/chat/conversations/{chat['id']}/", {"status": "closed"})
    body = {"conversation": chat["id"], "content": "hi"}
    await bo.refused("POST", "/chat/messages/", body, status=403, code="forbidden")


async def test_a_message_sent_before_the_closing_is_returned_again_after_it(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    sent = await bo.send(chat, "hi", client_id="c1")
    await ana.ok("PATCH", f"/chat/conversations/{chat['id']}/", {"status": "closed"})
    body = {"conversation": chat["id"], "content": "hi", "client_id": "c1"}
    assert await bo.ok("POST", "/chat/messages/", body) == sent


async def test_participants_can_be_added_to_and_removed_from_a_closed_conversation(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    path = f"/chat/conversations/{chat['id']}"
    await ana.ok("PATCH", f"{path}/", {"status": "closed"})
    await ana.ok("POST", f"{path}/add_participant/", {"user_id": cy.id}, status=201)
    await bo.ok("POST", f"{path}/remove_participant/", {"user_id": bo.id}, status=204)
    people = {place["user"]["id"] for place in (await cy.get_conversation(chat))["participants"]}
    assert people == {ana.id, cy.id}


@pytest.mark.parametrize("status", ["archived", "CLOSED", "", 1])
async def test_a_conversation_is_open_or_closed_and_nothing_else(world: World, status: object) -> None:
    ana = world.person("ana")
    chat = await world.job(admin=ana)
    path = f"/chat/conversations/{chat['id']}/"
    await ana.refused("PATCH", path, {"status": status}, status=422, code="invalid")


async def test_closing_twice_is_one_event(world: World) -> None:
    ana = world.person("ana")
    chat = await world.job(admin=ana)
    path = f"/chat/conversations/{chat['id']}/"
    for _ in range(2):
        await ana.ok("PATCH", path, {"status": "closed"})
    assert [event["type"] for event in await ana.events(chat)] == ["conversation_updated", "new_message"]
