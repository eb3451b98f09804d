"""Creating conversations: who may create which type, one per pair, limits of metadata, and idempotency keys."""

import asyncio
import json
import re
from typing import Any

import pytest

from tests.support.workers import make_settings
from tests.support.world import Json, World, count_queries, rows, wait_for, world_with

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
    ana = world.person("ana")
    body = {"support_type": "login", "title": "Login"}
    made = await ana.ok("POST", f"{CHATS}create_support_conversation/", body, status=201)
    assert {place["user"]["id"]: place["role"] for place in made["participants"]}[ana.id] == "admin"
    assert (made["title"], made["metadata"], made["status"]) == ("Login", {"support_type": "login"}, "open")
    assert (made["last_seq"], made["last_message"], made["unread_count"]) == (0, None, 0)
    assert made["settings"] == {}
    assert made["reference"] is None
    assert await ana.get_conversation(made) == made
    assert await ana.history(made) == []


async def test_users_ask_for_support_by_its_own_route_only(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    await world.make_known(bo.id)
    about = {"reference": {"type": "job", "id": world.unique("job")}}
    for more in ({}, {"participant_ids": [bo.id]}, {"participants": [{"user_id": bo.id, "role": "moderator"}]}, about):
        body = {"conversation_type": "support", **more}
        await ana.refused("POST", CHATS, body, status=403, code="conversation_type_forbidden")
        acting = world.service.acting_as(ana)
        await acting.refused("POST", CHATS, body, status=403, code="conversation_type_forbidden")
        made = await world.service.ok("POST", CHATS, body, status=201)
        assert made["reference"] == more.get("reference")


async def test_users_name_few_people_and_do_not_learn_who_exists(database: str) -> None:
    settings = make_settings(database, user_conversation_types=["job"], max_user_participants=4)
    async with world_with(settings) as world:
        ana, *others = world.people("ana", "bo", "cy", "di", "ed")
        for other in others:
            await world.make_known(other.id)

        def about(*ids: str) -> Json:
            reference = {"type": "job", "id": world.unique("job")}
            return {"conversation_type": "job", "reference": reference, "participant_ids": list(ids)}

        ids = [other.id for other in others]
        problem = await ana.refused("POST", CHATS, about(*ids), status=422, code="invalid")
        assert problem["errors"][0]["code"] == "too_long"
        chat = await ana.ok("POST", CHATS, about(*ids[:2]), status=201)
        path = f"{CHATS}{chat['id']}/add_participant/"
        await ana.ok("POST", path, {"user_id": ids[2]}, status=201)
        await ana.refused("POST", path, {"user_id": ids[3]}, status=409, code="limit_reached")
        await world.service.ok("POST", path, {"user_id": ids[3]}, status=201)
        erased = world.person("erased")
        await world.make_known(erased.id)
        await world.service.ok("DELETE", f"/chat/users/{erased.id}/", status=202)
        await wait_for(lambda: _is_done(world, f"/chat/users/{erased.id}/erasure/"))
        for stranger in (erased.id, world.unique("unknown")):
            made = await ana.ok("POST", CHATS, about(ids[0], stranger), status=201)
            await ana.ok("POST", f"{CHATS}{made['id']}/remove_participant/", {"user_id": stranger}, status=204)
            added = await ana.ok("POST", f"{CHATS}{made['id']}/add_participant/", {"user_id": stranger}, status=201)
            assert added["user"] == {"id": stranger, "username": stranger, "display_name": None, "avatar_url": None}
        await world.service.refused("POST", path, {"user_id": erased.id}, status=409, code="user_erased")
        foreign = {**about(), "reference": {"type": "bid", "id": "1"}}
        problem = await ana.refused("POST", CHATS, foreign, status=422, code="invalid")
        assert problem["errors"][0]["code"] == "reference_type"


async def test_people_whom_a_user_adds_are_counted(database: str) -> None:
    async with world_with(make_settings(database, rate_people_per_minute=3)) as world:
        ana, bo = world.people("ana", "bo")
        job = await world.job(admin=ana)
        for _ in range(2):
            await ana.ok("POST", CHATS, direct_with(world.unique("x")), status=201)
        await ana.ok("POST", f"{CHATS}{job['id']}/add_participant/", {"user_id": bo.id}, status=201)
        await ana.refused("POST", CHATS, direct_with(world.unique("x")), status=429, code="rate_limited")
        await world.service.acting_as(ana).ok("POST", CHATS, direct_with(world.unique("x")), status=201)
        await bo.ok("POST", CHATS, direct_with(world.unique("x")), status=201)


async def test_an_erased_an_unknown_and_an_existing_user_look_the_same(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    for person in (bo, cy):
        body = {"username": person.name, "display_name": "A Name", "avatar_url": "https://x.example/a.png"}
        await world.service.ok("PUT", f"/chat/users/{person.id}/", body)
    await world.service.ok("DELETE", f"/chat/users/{cy.id}/", status=202)
    path = f"/chat/users/{cy.id}/erasure/"
    await wait_for(lambda: _is_done(world, path))
    views = []
    for user_id in (bo.id, cy.id, world.unique("nobody")):
        made = await ana.ok("POST", CHATS, direct_with(user_id), status=201)
        again = await ana.ok("POST", CHATS, direct_with(user_id))
        sent = await ana.send(made, "hello")
        (listed,) = [one for one in (await ana.ok("GET", CHATS))["results"] if one["id"] == made["id"]]
        presence = await ana.ok("GET", "/chat/presence/", params={"user_ids": user_id})
        receipts = await ana.ok("GET", f"/chat/messages/{sent['id']}/receipts/")
        shown = [made["participants"], again["participants"], listed["participants"], presence, receipts]
        views.append(re.sub(r'"20\d\d-[^"]*"', '""', json.dumps(shown).replace(user_id, "ID")))
    assert views[0] == views[1] == views[2]
    # The erased id still cannot be used: by nobody who has its token, and by no service.
    await cy.refused("GET", CHATS, status=401, code="unauthenticated")
    await world.service.refused("PUT", f"/chat/users/{cy.id}/", {}, status=409, code="user_erased")


async def _is_done(world: World, path: str) -> bool:
    return bool((await world.service.ok("GET", path))["state"] == "done")


async def test_a_name_is_shown_once_its_owner_has_written(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    body = {"username": "bo", "display_name": "Bo Chen"}
    await world.service.ok("PUT", f"/chat/users/{bo.id}/", body)
    chat = await ana.direct(bo)
    stranger = {"id": bo.id, "username": bo.id, "display_name": None, "avatar_url": None}
    acquaintance = {**stranger, "username": "bo", "display_name": "Bo Chen"}

    async def shown() -> list[Json]:
        detail = (await ana.get_conversation(chat))["participants"]
        listed = (await ana.ok("GET", CHATS))["results"][0]["participants"]
        return [one["user"] for one in (*detail, *listed) if one["user"]["id"] == bo.id]

    sent = await ana.send(chat)
    await bo.ok("POST", f"/chat/messages/{sent['id']}/mark_read/")
    assert await shown() == [stranger, stranger]
    receipts = await ana.ok("GET", f"/chat/messages/{sent['id']}/receipts/")
    assert [one["user"] for one in receipts["results"]] == [stranger]
    names = [one["user"]["username"] for one in (await bo.get_conversation(chat))["participants"]]
    assert sorted(names) == ["ana", "bo"]  # who is written to sees who writes
    await bo.send(chat)
    assert await shown() == [acquaintance, acquaintance]


async def test_frames_of_a_stranger_have_no_name_until_they_have_written(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    await world.service.ok("PUT", f"/chat/users/{bo.id}/", {"username": "bo"})
    chat = await ana.direct(bo)
    sent = await ana.send(chat)

    async def named_in_reactions() -> str:
        async with ana.connect(chat) as watching, bo.connect(chat) as live:
            await live.request("react", message_id=sent["id"], emoji="👍")
            name: str = (await watching.wait_for("reaction_update"))["username"]
        return name

    assert await named_in_reactions() == bo.id
    await bo.send(chat)
    assert await named_in_reactions() == "bo"


async def test_nobody_sees_a_stranger_type_until_they_have_written(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    await world.service.ok("PUT", f"/chat/users/{bo.id}/", {"username": "bo"})
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    async with ana.connect(chat) as watching, bo.connect(chat) as live:
        await watching.send("typing", is_typing=True)
        assert (await live.wait_for("typing"))["user_id"] == ana.id  # who is written to sees who writes
        assert (await live.request("typing", is_typing=True))["type"] == "ack"
        await live.request("typing", is_typing=False)
        await live.request("react", message_id=sent["id"], emoji="👍")
        before_reaction = []
        while (frame := await watching.next_frame())["type"] != "reaction_update":
            before_reaction.append(frame["type"])
        assert "typing" not in before_reaction
        await bo.send(chat)
        await live.request("typing", is_typing=True)
        assert (await watching.wait_for("typing"))["username"] == "bo"


async def test_people_in_a_conversation_of_the_platform_are_acquainted(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    await world.job(admin=ana, participant=bo)
    made = await ana.ok("POST", CHATS, direct_with(bo.id), status=201)
    assert {one["user"]["username"] for one in made["participants"]} == {"ana", "bo"}


async def test_hundreds_of_people_are_added_in_a_few_statements(world: World) -> None:
    ids = [world.unique("user") for _ in range(499)]
    people = [{"user_id": user_id, **({"username": f"n{n}"} if n % 2 else {})} for n, user_id in enumerate(ids)]
    with count_queries(world.worker, max=20):
        made = await world.service.ok(
            "PUT", f"/jobs/{world.unique('job')}/conversation/", {"participants": people}, status=201, timeout=30
        )
    names = {one["user"]["id"]: one["user"]["username"] for one in made["participants"]}
    assert names == {user_id: f"n{n}" if n % 2 else user_id for n, user_id in enumerate(ids)}


def direct_with(user_id: str) -> Json:
    return {"conversation_type": "direct", "participant_ids": [user_id]}


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
        body = {**direct_with("bo"), "metadata": nested(9)}
        await ana.refused("POST", CHATS, body, status=422, code="invalid")


@pytest.mark.parametrize(
    "value",
    [2**63 - 1, -(2**63) + 1, 0.1, 1.5e-9, 1e15, -1.5e18, True, None, "é 👍🏽 \n\t", [], {}, [1, [2]]],
    ids=repr,
)
async def test_metadata_is_returned_unchanged(world: World, value: Any) -> None:
    ana = world.person("ana")
    body = {**direct_with(world.unique("bo")), "metadata": {"value": value}}
    made = await ana.ok("POST", CHATS, body, status=201)
    assert made["metadata"] == {"value": value}
    assert (await ana.get_conversation(made))["metadata"] == {"value": value}
    sent = await ana.send(made, metadata={"value": value})
    assert (await ana.history(made))[0]["metadata"] == sent["metadata"] == {"value": value}


@pytest.mark.parametrize("number", [1e19, 1e300, -1e300, 1e-300])
async def test_a_number_that_would_be_stored_with_hundreds_of_digits_is_rejected(world: World, number: float) -> None:
    ana = world.person("ana")
    body = {**direct_with(world.unique("bo")), "metadata": {"values": [number] * 1000}}
    await ana.refused("POST", CHATS, body, status=422, code="invalid")


async def test_an_idempotency_key_returns_the_first_response_again(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    body = {**direct_with(world.unique("cy")), "title": "Login"}
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
    body, headers = direct_with(world.unique("bo")), {"Idempotency-Key": "k"}
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
