"""Creating conversations: who may create which type, one per pair, limits of metadata, and idempotency keys."""

import asyncio
from typing import Any

import pytest

from tests.support.workers import make_settings
from tests.support.world import Json, World, rows, world_with

CHATS = "/chat/conversations/"


def nested(levels: int) -> Json:
    value: Json = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


async def test_a_direct_conversation_is_one_per_pair_whoever_creates_it(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    body = {"conversation_type": "direct", "participant_ids": [bo.id]}
    first = await ana.ok("POST", CHATS, body, status=201)
    assert {(place["user"]["id"], place["role"]) for place in first["participants"]} == {
        (ana.id, "participant"),
        (bo.id, "participant"),
    }
    again = await ana.ok("POST", CHATS, {**body, "participant_ids": [ana.id, bo.id]})
    assert again == first
    mirrored = {"conversation_type": "direct", "participants": [{"user_id": ana.id}]}
    assert (await bo.ok("POST", CHATS, mirrored))["id"] == first["id"]


async def test_ten_concurrent_requests_make_one_direct_conversation(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    pairs = [(ana, bo), (bo, ana)] * 5
    answers = await asyncio.gather(
        *(one.call("POST", CHATS, {"conversation_type": "direct", "participant_ids": [two.id]}) for one, two in pairs)
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_direct_conversation_has_exactly_two_participants(world: World) -> None:
    ana = world.person("ana")
    for others in ([], [ana.id], ["bo", "cy"]):
        body = {"conversation_type": "direct", "participant_ids": others}
        problem = await ana.refused("POST", CHATS, body, status=422, code="invalid")
        assert problem["errors"][0]["loc"]
    about = {"conversation_type": "direct", "participant_ids": ["bo"], "reference": {"type": "job", "id": "1"}}
    await ana.refused("POST", CHATS, about, status=422, code="invalid")


async def test_an_unknown_user_id_is_accepted_and_stored(world: World) -> None:
    ana, stranger = world.person("ana"), world.unique("stranger")
    made = await ana.ok("POST", CHATS, {"conversation_type": "direct", "participant_ids": [stranger]}, status=201)
    assert stranger in {place["user"]["username"] for place in made["participants"]}


async def test_the_creator_of_a_support_conversation_is_its_admin(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    body = {
        "conversation_type": "support",
        "title": "Login",
        "participants": [{"user_id": bo.id, "role": "observer"}, {"user_id": ana.id, "role": "observer"}],
        "metadata": {"device": "phone"},
    }
    made = await ana.ok("POST", CHATS, body, status=201)
    assert {place["user"]["id"]: place["role"] for place in made["participants"]} == {
        ana.id: "admin",
        bo.id: "observer",
    }
    assert (made["title"], made["metadata"], made["status"]) == ("Login", {"device": "phone"}, "open")
    assert (made["last_seq"], made["last_message"], made["unread_count"]) == (0, None, 0)
    assert made["settings"] == {}
    assert made["reference"] is None
    assert await ana.get_conversation(made) == made
    assert await bo.history(made) == []


@pytest.mark.parametrize("kind", ["job", "bid", "request", "dispute"])
async def test_users_may_not_create_types_reserved_for_the_platform(world: World, kind: str) -> None:
    ana = world.person("ana")
    body = {"conversation_type": kind, "reference": {"type": kind, "id": world.unique(kind)}}
    await ana.refused("POST", CHATS, body, status=403, code="conversation_type_forbidden")
    await ana.refused("POST", CHATS, {"conversation_type": kind}, status=403, code="conversation_type_forbidden")


async def test_the_types_users_may_create_are_a_setting(database: str) -> None:
    async with world_with(make_settings(database, user_conversation_types=["job"])) as world:
        ana = world.person("ana")
        reference = {"type": "job", "id": world.unique("job")}
        await ana.ok("POST", CHATS, {"conversation_type": "job", "reference": reference}, status=201)
        await ana.refused("POST", CHATS, {"conversation_type": "job"}, status=422, code="invalid")
        body = {"conversation_type": "direct", "participant_ids": ["bo"]}
        await ana.refused("POST", CHATS, body, status=403, code="conversation_type_forbidden")
        bo = world.person("bo")
        taken = {"conversation_type": "job", "reference": reference}
        await bo.refused("POST", CHATS, taken, status=404, code="not_found")


async def test_a_service_creates_any_type_and_gets_the_existing_one_of_a_reference(world: World) -> None:
    ana = world.person("ana")
    body = {
        "conversation_type": "bid",
        "reference": {"type": "bid", "id": world.unique("bid")},
        "participants": [{"user_id": ana.id, "role": "admin"}],
    }
    first = await world.service.ok("POST", CHATS, body, status=201)
    assert first["reference"] == body["reference"]
    assert (await world.service.ok("POST", CHATS, {**body, "title": "Other"}))["id"] == first["id"]
    without = world.make_service("other", "chat:act_as", "chat:moderate", "chat:system_message")
    await without.refused("POST", CHATS, body, status=403, code="scope_required")
    del body["reference"]
    await world.service.refused("POST", CHATS, body, status=422, code="invalid")


async def test_user_ids_and_participants_cannot_both_be_given(world: World) -> None:
    body = {"conversation_type": "support", "participant_ids": ["a"], "participants": [{"user_id": "b"}]}
    await world.person("ana").refused("POST", CHATS, body, status=422, code="invalid")


@pytest.mark.parametrize("field", ["metadata", "settings"])
async def test_metadata_and_settings_have_limits_of_size_and_depth(world: World, field: str) -> None:
    ana = world.person("ana")
    chat = await world.job(admin=ana)
    path = f"{CHATS}{chat['id']}/"
    empty = len('{"a":""}')
    for fits in (nested(8), {"a": "x" * (8192 - empty)}, {"a": [[[[[[[1]]]]]]]}):
        assert (await ana.ok("PATCH", path, {field: fits}))[field] == fits
    before = await ana.get_conversation(chat)
    for too_much in (nested(9), {"a": "x" * (8193 - empty)}, {"a": "é" * 4096}, {"a": [[[[[[[[1]]]]]]]]}):
        problem = await ana.refused("PATCH", path, {field: too_much}, status=422, code="invalid")
        assert problem["errors"][0]["loc"] == [field]
    assert await ana.get_conversation(chat) == before
    if field == "metadata":
        body = {"conversation_type": "support", "metadata": nested(9)}
        await ana.refused("POST", CHATS, body, status=422, code="invalid")


@pytest.mark.parametrize(
    "value",
    [2**63 - 1, -(2**63) + 1, 0.1, 1.5e-9, 1e15, -1.5e18, True, None, "é 👍🏽 \n\t", [], {}, [1, [2]]],
    ids=repr,
)
async def test_metadata_is_returned_unchanged(world: World, value: Any) -> None:
    ana = world.person("ana")
    body = {"conversation_type": "support", "metadata": {"value": value}}
    made = await ana.ok("POST", CHATS, body, status=201)
    assert made["metadata"] == {"value": value}
    assert (await ana.get_conversation(made))["metadata"] == {"value": value}
    sent = await ana.send(made, metadata={"value": value})
    assert (await ana.history(made))[0]["metadata"] == sent["metadata"] == {"value": value}


@pytest.mark.parametrize("number", [1e19, 1e300, -1e300, 1e-300])
async def test_a_number_that_would_be_stored_with_hundreds_of_digits_is_rejected(world: World, number: float) -> None:
    ana = world.person("ana")
    body = {"conversation_type": "support", "metadata": {"values": [number] * 1000}}
    await ana.refused("POST", CHATS, body, status=422, code="invalid")


async def test_an_idempotency_key_returns_the_first_response_again(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    body = {"conversation_type": "support", "title": "Login"}
    headers = {"Idempotency-Key": world.unique("key")}
    first = await ana.call("POST", CHATS, body, headers=headers)
    again = await ana.call("POST", CHATS, body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.content == first.content
    other = {**body, "title": "Payment"}
    await ana.refused("POST", CHATS, other, headers=headers, status=409, code="idempotency_conflict")
    assert (await bo.ok("POST", CHATS, body, headers=headers, status=201))["id"] != first.json()["id"]
    for bad in ("", "x" * 201):
        await ana.refused("POST", CHATS, body, headers={"Idempotency-Key": bad}, status=422, code="invalid")


async def test_one_key_used_ten_times_concurrently_creates_one_conversation(world: World) -> None:
    ana = world.person("ana")
    body, headers = {"conversation_type": "support"}, {"Idempotency-Key": "k"}
    answers = await asyncio.gather(*(ana.call("POST", CHATS, body, headers=headers) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    statement = "SELECT count(*) FROM conversations WHERE created_by = :user_id"
    assert (await rows(world.worker, statement, user_id=ana.id))[0][0] == 1


async def test_a_key_with_a_rejected_request_is_still_unused(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    headers = {"Idempotency-Key": "k"}
    body = {"conversation_type": "direct", "participant_ids": [ana.id]}
    await ana.refused("POST", CHATS, body, headers=headers, status=422, code="invalid")
    body["participant_ids"] = [bo.id]
    await ana.ok("POST", CHATS, body, headers=headers, status=201)
