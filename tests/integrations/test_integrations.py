"""Routes for the platform: conversations of its objects, system messages, and profiles of its users."""

import asyncio
from uuid import uuid4

import pytest

from tests.support.world import Json, World, rows

KINDS = {"bids": "bid", "jobs": "job", "requests": "request", "disputes": "dispute"}


def place(user_id: str, role: str = "participant", **more: str) -> Json:
    return {"user_id": user_id, "role": role, **more}


def roles(chat: Json) -> dict[str, str]:
    return {one["user"]["id"]: one["role"] for one in chat["participants"]}


@pytest.mark.parametrize(("plural", "kind"), KINDS.items())
async def test_an_object_of_the_platform_has_one_conversation(world: World, plural: str, kind: str) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    reference_id = world.unique(kind)
    path = f"/{plural}/{reference_id}/conversation/"
    await ana.refused("GET", path, status=404, code="not_found")
    body = {"title": "Paint", "participants": [place(ana.id, "admin"), place(bo.id)], "metadata": {"city": "Lisboa"}}
    made = await world.service.ok("PUT", path, body, status=201)
    assert (made["conversation_type"], made["reference"]) == (kind, {"type": kind, "id": reference_id})
    assert (made["title"], made["metadata"], made["status"]) == ("Paint", {"city": "Lisboa"}, "open")
    assert roles(made) == {ana.id: "admin", bo.id: "participant"}
    assert (made["last_seq"], made["last_message"]) == (0, None)
    assert (await ana.ok("GET", path))["id"] == made["id"]
    assert await ana.ok("GET", path) == await ana.get_conversation(made)
    foreign = await cy.call("GET", path)
    unknown = await cy.call("GET", f"/{plural}/{uuid4()}/conversation/")
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    await world.service.refused("GET", path, status=403, code="act_as_required")
    for other in KINDS.keys() - {plural}:
        await ana.refused("GET", f"/{other}/{reference_id}/conversation/", status=404, code="not_found")


async def test_concurrent_first_calls_make_one_conversation(world: World) -> None:
    path = f"/jobs/{world.unique('job')}/conversation/"
    people = [world.unique("user") for _ in range(5)]
    answers = await asyncio.gather(
        *(
            world.service.call("PUT", path, {"participants": [place(user_id, "admin") for user_id in order]})
            for order in (people, people[::-1]) * 5
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert all(roles(answer.json()) == dict.fromkeys(people, "admin") for answer in answers)
    assert answers[0].json()["last_seq"] == 0


async def test_concurrent_calls_with_different_participants_lose_nobody(world: World) -> None:
    ana = world.person("ana")
    path = f"/jobs/{world.unique('job')}/conversation/"
    people = [world.unique("user") for _ in range(8)]
    answers = await asyncio.gather(
        *(
            world.service.call("PUT", path, {"participants": [place(ana.id, "admin"), place(user_id)]})
            for user_id in people
        )
    )
    assert {answer.status_code for answer in answers} == {200, 201}
    chat = await ana.ok("GET", path)
    assert roles(chat).keys() == {ana.id, *people}
    assert [event["seq"] for event in await ana.events(chat)] == list(range(1, chat["last_seq"] + 1))


async def test_a_second_call_adds_missing_participants_and_removes_nobody(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    path = f"/jobs/{world.unique('job')}/conversation/"
    body = {"title": "Paint", "participants": [place(ana.id, "admin"), place(bo.id)], "metadata": {"a": 1}}
    first = await world.service.ok("PUT", path, body, status=201)
    second = await world.service.ok("PUT", path, {"participants": [place(cy.id, "observer"), place(ana.id)]})
    assert second["id"] == first["id"]
    assert roles(second) == {ana.id: "admin", bo.id: "participant", cy.id: "observer"}
    assert (second["title"], second["metadata"]) == ("Paint", {"a": 1})
    notes = [message["metadata"] for message in await ana.history(first)]
    assert notes == [{"action": "participant_added", "user_id": cy.id, "role": "observer", "by": None}]


async def test_a_second_call_updates_a_given_title_and_metadata(world: World) -> None:
    ana = world.person("ana")
    path = f"/jobs/{world.unique('job')}/conversation/"
    body = {"title": "Paint", "participants": [place(ana.id, "admin")], "metadata": {"a": 1}}
    chat = await world.service.ok("PUT", path, body, status=201)
    assert (await world.service.ok("PUT", path, {"title": "Walls"}))["title"] == "Walls"
    changed = await world.service.ok("PUT", path, {"metadata": {"b": 2}})
    assert (changed["title"], changed["metadata"]) == ("Walls", {"b": 2})
    events = [event["type"] for event in await ana.events(chat)]
    assert events == ["conversation_updated"] * 2
    again = await world.service.ok("PUT", path, {"title": "Walls", "metadata": {"b": 2}})
    assert (again["title"], again["metadata"], again["last_seq"]) == ("Walls", {"b": 2}, changed["last_seq"])
    assert len(await ana.events(chat)) == 2


async def test_a_call_adds_removed_participants_again(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    leave = {"user_id": bo.id}
    await bo.ok("POST", f"/chat/conversations/{chat['id']}/remove_participant/", leave, status=204)
    path = f"/jobs/{chat['reference']['id']}/conversation/"
    await world.service.ok("PUT", path, {"title": "Walls"})
    await bo.refused("GET", path, status=404, code="not_found")
    await world.service.ok("PUT", path, {"participants": [place(bo.id, "observer")]})
    assert roles(await bo.ok("GET", path)) == {ana.id: "admin", bo.id: "observer"}


async def test_the_platform_sets_the_profiles_of_its_users(world: World) -> None:
    known, unknown = world.unique("known"), world.unique("unknown")
    body = {"participants": [place(known, username="ana", display_name="Ana Á."), place(unknown)]}
    chat = await world.service.ok("PUT", f"/jobs/{world.unique('job')}/conversation/", body, status=201)
    users = {one["user"]["id"]: one["user"] for one in chat["participants"]}
    assert users[known] == {"id": known, "username": "ana", "display_name": "Ana Á.", "avatar_url": None}
    assert users[unknown]["username"] == unknown


async def test_a_profile_is_updated_field_by_field(world: World) -> None:
    user_id = world.unique("user")
    path = f"/chat/users/{user_id}/"
    whole = {
        "username": "ana",
        "display_name": "Ana",
        "avatar_url": "https://x.example/a.png",
        "email": "ana@x.example",
        "locale": "pt-PT",
        "is_staff": True,
    }
    shown = {"id": user_id, "username": "ana", "display_name": "Ana", "avatar_url": "https://x.example/a.png"}
    assert await world.service.ok("PUT", path, whole) == shown
    assert await world.service.ok("PUT", path, {"display_name": "Anna"}) == {**shown, "display_name": "Anna"}
    statement = "SELECT username, email, locale, is_staff FROM users WHERE id = :id"
    found = [tuple(row) for row in await rows(world.worker, statement, id=user_id)]
    assert found == [("ana", "ana@x.example", "pt-PT", True)]
    for wrong in ({"avatar_url": "javascript:alert(1)"}, {"email": "a"}, {"locale": "p t"}):
        await world.service.refused("PUT", path, wrong, status=422, code="invalid")


@pytest.mark.parametrize("nothing", [None, "", "\u200b"])
async def test_null_or_an_empty_text_removes_a_value_of_a_profile(world: World, nothing: str | None) -> None:
    user_id = world.unique("user")
    path = f"/chat/users/{user_id}/"
    whole = {"username": "ana", "display_name": "Ana", "avatar_url": "https://x.example/a", "email": "a@x.example"}
    await world.service.ok("PUT", path, {**whole, "locale": "pt", "is_staff": True})
    addresses = {} if nothing == "\u200b" else {"avatar_url": nothing, "email": nothing, "locale": nothing}
    shown = await world.service.ok("PUT", path, {"username": nothing, "display_name": nothing, **addresses})
    assert (shown["username"], shown["display_name"]) == (user_id, None)
    if addresses:
        await world.service.ok("PUT", path, {"is_staff": None})
        statement = "SELECT avatar_url, email, locale, is_staff FROM users WHERE id = :id"
        found = [tuple(row) for row in await rows(world.worker, statement, id=user_id)]
        assert found == [(None, None, None, False)]


async def test_null_empties_title_and_metadata_and_what_is_left_out_stays(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    path = f"/chat/conversations/{chat['id']}/"
    await ana.ok("PATCH", path, {"metadata": {"a": 1}, "settings": {"b": 2}})
    assert (await ana.ok("PATCH", path, {"title": None, "settings": None}))["metadata"] == {"a": 1}
    shown = await ana.get_conversation(chat)
    assert (shown["title"], shown["settings"], shown["status"]) == ("", {}, "open")
    again = f"/jobs/{chat['reference']['id']}/conversation/"
    assert (await world.service.ok("PUT", again, {"title": "Walls"}))["metadata"] == {"a": 1}
    assert (await world.service.ok("PUT", again, {"metadata": None}))["metadata"] == {}


async def test_a_name_is_shown_without_invisible_characters_at_its_ends(world: World) -> None:
    path = f"/chat/users/{world.unique('user')}/"
    shown = await world.service.ok("PUT", path, {"username": "\u200bana\u2060 ", "display_name": "\u3164Ana ❤️"})
    assert (shown["username"], shown["display_name"]) == ("ana", "Ana ❤️")


async def test_a_changed_name_appears_in_earlier_messages(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    await world.service.ok("PUT", f"/chat/users/{ana.id}/", {"display_name": "Ana Á."})
    assert (await bo.history(chat))[0]["sender"]["display_name"] == "Ana Á."
    names = {place["user"]["display_name"] for place in (await bo.get_conversation(chat))["participants"]}
    assert "Ana Á." in names


async def test_a_system_message_has_no_sender_and_is_never_unread(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    path = f"/chat/conversations/{chat['id']}/system_messages/"
    body = {"content": "Provider has been assigned to this job", "metadata": {"action": "provider_assigned"}}
    sent = await world.service.ok("POST", path, body, status=201)
    assert (sent["sender"], sent["message_type"], sent["seq"]) == (None, "system", 1)
    assert (sent["content"], sent["metadata"]) == (body["content"], body["metadata"])
    assert await bo.history(chat) == [sent]
    assert (await bo.get_conversation(chat))["unread_count"] == 0
    assert (await bo.get_conversation(chat))["last_message"] == sent
    event = (await bo.events(chat))[0]
    assert (event["type"], event["seq"]) == ("new_message", 1)
    only = world.make_service("notes", "chat:system_message")
    await only.ok("POST", path, body, status=201)
    unknown = f"/chat/conversations/{uuid4()}/system_messages/"
    await only.refused("POST", unknown, body, status=404, code="not_found")


async def test_a_system_message_has_limits(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    path = f"/chat/conversations/{chat['id']}/system_messages/"
    for wrong in (
        {"content": ""},
        {"content": "x" * 10_001},
        {"content": "x", "metadata": {"a": "x" * 8192}},
        {"content": "x", "message_type": "text"},
        {"content": "x", "sender": ana.id},
    ):
        await world.service.refused("POST", path, wrong, status=422, code="invalid")
    assert await ana.events(chat) == []


async def test_a_system_message_with_a_key_is_stored_once(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat, other = await ana.direct(bo), await world.job(admin=ana)
    headers, body = {"Idempotency-Key": "k"}, {"content": "once"}
    path = f"/chat/conversations/{chat['id']}/system_messages/"
    first = await world.service.ok("POST", path, body, headers=headers, status=201)
    again = await world.service.call("POST", path, body, headers=headers)
    assert (again.status_code, again.headers["Idempotent-Replay"], again.json()) == (201, "true", first)
    wrong = {"content": "twice"}
    await world.service.refused("POST", path, wrong, headers=headers, status=409, code="idempotency_conflict")
    elsewhere = f"/chat/conversations/{other['id']}/system_messages/"
    await world.service.ok("POST", elsewhere, body, headers=headers, status=201)
    assert len(await ana.history(chat)) == 1
