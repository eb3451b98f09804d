"""Sending: a message is stored once, as sent, by those who may write."""

import asyncio
from uuid import uuid4

import pytest

from tests.support.workers import make_settings
from tests.support.world import Json, World, world_with

MESSAGES = "/chat/messages/"


async def test_a_sent_message_is_stored_and_listed(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "Hello, Bo!\n\tTabs and 👍🏽 stay.", client_id="m1")
    assert sent["seq"] == 1
    assert sent["sender"]["id"] == ana.id
    assert (await bo.history(chat)) == [sent]
    assert (await bo.get_conversation(chat))["last_message"] == sent


async def test_the_same_client_id_returns_the_first_message_again(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "once", client_id="c1")
    body = {"conversation": chat["id"], "content": "once", "client_id": "c1"}
    response = await ana.call("POST", "/chat/messages/", body)
    assert response.status_code == 200
    assert response.headers["Idempotent-Replay"] == "true"
    assert response.json() == sent
    body["content"] = "twice"
    await ana.refused("POST", "/chat/messages/", body, status=409, code="idempotency_conflict")
    assert len(await bo.history(chat)) == 1


async def test_an_idempotency_key_replaces_a_missing_client_id(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    body, headers = {"conversation": chat["id"], "content": "once"}, {"Idempotency-Key": "k1"}
    sent = await ana.ok("POST", MESSAGES, body, headers=headers, status=201)
    assert sent["client_id"] == "k1"
    assert await ana.ok("POST", MESSAGES, body, headers=headers) == sent
    assert await ana.ok("POST", MESSAGES, {**body, "client_id": "k1"}) == sent
    own = await ana.ok("POST", MESSAGES, {**body, "client_id": "k2"}, headers=headers, status=201)
    assert own["client_id"] == "k2"


async def test_ten_concurrent_sends_with_one_client_id_are_one_message(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    body = {"conversation": chat["id"], "content": "once", "client_id": "c1"}
    answers = await asyncio.gather(*(ana.call("POST", MESSAGES, body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert len(await bo.events(chat)) == 1


async def test_a_client_id_is_separate_for_each_conversation_and_sender(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat, other = await ana.direct(bo), await ana.direct(cy)
    sent = [
        await ana.send(chat, client_id="c"),
        await ana.send(other, client_id="c"),
        await bo.send(chat, client_id="c"),
    ]
    assert len({message["id"] for message in sent}) == 3


async def test_a_reply_shows_the_message_it_answers(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    asked = await ana.send(chat, "é" * 200)
    reply = await bo.send(chat, "yes", reply_to=asked["id"])
    assert reply["reply_to"] == asked["id"]
    assert reply["reply_preview"] == {
        "id": asked["id"],
        "seq": asked["seq"],
        "sender": asked["sender"],
        "message_type": "text",
        "content": "é" * 140,
        "is_deleted": False,
    }
    assert asked["reply_preview"] is None


async def test_a_reply_refers_to_its_own_conversation_only(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat, other, foreign = await ana.direct(bo), await ana.direct(cy), await bo.direct(cy)
    answers = []
    for wrong in (await ana.send(other), await bo.send(foreign), {"id": str(uuid4())}):
        body = {"conversation": chat["id"], "content": "x", "reply_to": wrong["id"]}
        answers.append(await ana.refused("POST", MESSAGES, body, status=422, code="invalid"))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["errors"][0]["loc"] == ["reply_to"]


async def test_only_participants_can_be_mentioned(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    sent = await ana.send(chat, "@bo", mentions=[bo.id, ana.id, bo.id])
    assert sent["mentions"] == [bo.id, ana.id]
    for wrong in ([cy.id], [bo.id, "nobody"]):
        body = {"conversation": chat["id"], "content": "x", "mentions": wrong}
        problem = await ana.refused("POST", MESSAGES, body, status=422, code="invalid")
        assert problem["errors"][0]["loc"] == ["mentions"]
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/remove_participant/", {"user_id": bo.id}, status=204)
    body = {"conversation": chat["id"], "content": "x", "mentions": [bo.id]}
    await ana.refused("POST", MESSAGES, body, status=422, code="invalid")


@pytest.mark.parametrize(
    "location",
    [{"lat": 90, "lng": -180}, {"lat": -1.5, "lng": 0}, {"lat": 0, "lng": 0, "label": "Home"}],
    ids=str,
)
async def test_a_location_needs_no_content(world: World, location: Json) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat, "", message_type="location", metadata={"location": location})
    assert (sent["content"], sent["metadata"]) == ("", {"location": location})


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"location": None},
        {"location": [1, 2]},
        {"location": {"lat": 1}},
        {"location": {"lat": 90.1, "lng": 0}},
        {"location": {"lat": 0, "lng": -180.1}},
        {"location": {"lat": "1", "lng": 2}},
        {"location": {"lat": True, "lng": 2}},
        {"location": {"lat": 1, "lng": 2, "label": 3}},
        {"location": {"lat": 1, "lng": 2, "label": "x" * 201}},
        {"location": {"lat": 1, "lng": 2, "altitude": 3}},
    ],
    ids=str,
)
async def test_an_invalid_location_is_rejected(world: World, metadata: Json) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    body = {"conversation": chat["id"], "message_type": "location", "metadata": metadata}
    problem = await ana.refused("POST", MESSAGES, body, status=422, code="invalid")
    assert problem["errors"][0]["loc"][:2] == ["metadata", "location"]


async def test_content_is_neither_empty_nor_too_long(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    for content in ("", "  \n\t ", "x" * 10_001):
        body = {"conversation": chat["id"], "content": content}
        problem = await ana.refused("POST", MESSAGES, body, status=422, code="invalid")
        assert problem["errors"][0]["loc"] == ["content"]
    for kind in ("image", "file", "audio", "video", "system"):
        body = {"conversation": chat["id"], "content": "x", "message_type": kind}
        await ana.refused("POST", MESSAGES, body, status=422, code="invalid")
    assert await bo.events(chat) == []
    assert len((await ana.send(chat, "👍" * 10_000))["content"]) == 10_000


async def test_a_sender_above_the_rate_limit_is_told_when_to_retry(database: str) -> None:
    async with world_with(make_settings(database, message_rate=3)) as world:
        ana, bo, cy = world.people("ana", "bo", "cy")
        chat, other = await ana.direct(bo), await ana.direct(cy)
        for _ in range(3):
            await ana.send(chat)
        response = await ana.call("POST", MESSAGES, {"conversation": chat["id"], "content": "one more"})
        assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(response.headers["Retry-After"]) <= 10
        assert 0 < response.json()["retry_after_s"] <= 10
        await bo.send(chat, "others may")
        await ana.send(other, "elsewhere too")
        assert len(await bo.history(chat)) == 4
