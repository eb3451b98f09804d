"""Concurrent requests, and requests with the property of other users."""

import asyncio

import pytest

from tests.security.raw import connected
from tests.support.world import Json, Person, World


async def write(bo: Person, chat: Json, first: Json, content: str) -> None:
    """Send, edit and react: each succeeds or is 404."""
    body = {"conversation": chat["id"], "content": content}
    response = await bo.call("POST", "/chat/messages/", body)
    assert response.status_code in (201, 404), response.text
    for operation, given in (("edit", {"content": content}), ("react", {"emoji": "👍"})):
        response = await bo.call("POST", f"/chat/messages/{first['id']}/{operation}/", given)
        assert response.status_code in (200, 404), response.text


async def test_a_removed_participants_concurrent_writes_have_no_effect(world: World) -> None:
    for _ in range(3):
        ana, bo = world.people("ana", "bo")
        chat = await world.job(admin=ana, participant=bo)
        first = await bo.send(chat)
        path = f"/chat/conversations/{chat['id']}/remove_participant/"
        remove = ana.ok("POST", path, {"user_id": bo.id}, status=204)
        writes = [write(bo, chat, first, str(n)) for n in range(12)]
        await asyncio.gather(*writes[:6], remove, *writes[6:])
        events = await ana.events(chat)
        removed = next(one["seq"] for one in events if one["type"] == "participant_removed")
        later = [one for one in events if one["seq"] > removed]
        assert [one["message"]["message_type"] for one in later] == ["system"], later


async def test_property_of_others_cannot_be_used(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chats = [await world.job(admin=ana, participant=bo) for _ in range(3)]
    cursor = (await ana.ok("GET", "/chat/conversations/", params={"limit": 1}))["next"]
    page = await cy.ok("GET", "/chat/conversations/", params={"limit": 1, "cursor": cursor})
    assert page["results"] == []  # a cursor is a position in the caller's own list, and cy's is empty
    messages = [await ana.send(chats[0]) for _ in range(3)]
    where = {"conversation": chats[0]["id"], "limit": 1}
    cursor = (await ana.ok("GET", "/chat/messages/", params=where))["next"]
    await cy.refused("GET", "/chat/messages/", params={**where, "cursor": cursor}, status=404, code="not_found")
    for params in ({"limit": 1, "cursor": cursor}, {"conversation": chats[1]["id"], "cursor": cursor}):
        await ana.refused("GET", "/chat/messages/", params=params, status=422, code="invalid")
    headers = {"Idempotency-Key": "one"}
    path, body = "/chat/conversations/create_support_conversation/", {"support_type": "x"}
    made = await ana.ok("POST", path, body, status=201, headers=headers)
    own = await bo.ok("POST", path, body, status=201, headers=headers)
    assert own["id"] != made["id"]
    sent = await ana.send(chats[0], "x", client_id="one")
    assert (await bo.send(chats[0], "x", client_id="one"))["id"] != sent["id"]
    assert (await ana.send(chats[1], "x", client_id="one"))["id"] != sent["id"]
    async with ana.connect(
        chats[1]
    ) as live:  # a member of both; a frame still refers to the conversation of the socket
        for kind, more in (("edit_message", {"content": "y"}), ("delete_message", {}), ("react", {"emoji": "👍"})):
            assert (await live.request(kind, message_id=messages[0]["id"], **more))["code"] == "not_found"
        assert (await live.request("mark_read", message_ids=[messages[0]["id"]]))["code"] == "not_found"
        assert (await live.request("typing", conversation_id=chats[0]["id"]))["code"] == "not_found"


async def test_acting_for_an_unknown_user_gives_no_access(world: World) -> None:
    ana, unknown = world.people("ana", "nobody")
    chat = await ana.direct(world.person("bo"))
    acting = world.service.acting_as(unknown)
    assert (await acting.ok("GET", "/chat/conversations/"))["results"] == []
    await acting.refused("GET", f"/chat/conversations/{chat['id']}/", status=404, code="not_found")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "PROPFIND", "DEBUG"])
async def test_trace_and_connect_are_rejected(world: World, method: str) -> None:
    async with connected(world.worker) as raw:
        request = f"{method} /healthz HTTP/1.1\r\nHost: x\r\nX-Secret: mirrored\r\nConnection: close\r\n\r\n"
        await raw.send(request.encode())
        said = await raw.ended()
    assert said.split(b" ")[1] in (b"400", b"404", b"405")
    assert b"mirrored" not in said
