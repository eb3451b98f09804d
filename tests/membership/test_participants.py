"""Joining, leaving, returning, roles: what changes, what is logged, and what is rejected."""

import asyncio

import pytest

from tests.support.workers import make_settings
from tests.support.world import Json, Person, World, world_with


def path_of(chat: Json) -> str:
    return f"/chat/conversations/{chat['id']}"


async def add(by: Person, chat: Json, whom: Person, status: int = 201, **more: str) -> Json:
    body = {"user_id": whom.id, **more}
    place: Json = await by.ok("POST", f"{path_of(chat)}/add_participant/", body, status=status)
    return place


async def remove(by: Person, chat: Json, whom: Person) -> None:
    await by.ok("POST", f"{path_of(chat)}/remove_participant/", {"user_id": whom.id}, status=204)


async def notes(by: Person, chat: Json) -> list[Json]:
    """The metadata of every system message, oldest first."""
    found = await by.history(chat, message_type="system", after_seq=0)
    assert all(note["sender"] is None and note["content"] for note in found)
    return [note["metadata"] for note in found]


async def test_adding_twice_is_201_and_then_200(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana)
    first = await add(ana, chat, bo, role="observer")
    assert (first["user"]["id"], first["role"], first["left_at"]) == (bo.id, "observer", None)
    before = await ana.events(chat)
    assert await add(ana, chat, bo, status=200, role="observer") == first
    assert (await add(ana, chat, bo, status=200, role="participant"))["role"] == "observer"
    assert await ana.events(chat) == before


async def test_removing_twice_is_204_both_times(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    await remove(ana, chat, bo)
    before = await ana.events(chat)
    await remove(ana, chat, bo)
    assert await ana.events(chat) == before
    assert [place["user"]["id"] for place in (await ana.get_conversation(chat))["participants"]] == [ana.id]


async def test_a_user_who_never_joined_cannot_be_removed_or_promoted(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana)
    body = {"user_id": bo.id}
    await ana.refused("POST", f"{path_of(chat)}/remove_participant/", body, status=404, code="not_found")
    place = f"{path_of(chat)}/participants/{bo.id}/"
    await ana.refused("PATCH", place, {"role": "observer"}, status=404, code="not_found")
    await add(ana, chat, bo)
    await remove(ana, chat, bo)
    await ana.refused("PATCH", place, {"role": "observer"}, status=404, code="not_found")


async def test_a_removed_participant_sees_nothing_and_a_returning_one_everything(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    before = await ana.send(chat, "before")
    own = await bo.send(chat, "own")
    await remove(ana, chat, bo)
    during = await ana.send(chat, "during")
    await bo.refused("GET", f"{path_of(chat)}/", status=404, code="not_found")
    await bo.refused("GET", f"/chat/messages/{own['id']}/", status=404, code="not_found")
    assert (await bo.ok("GET", "/chat/messages/"))["results"] == []
    assert (await bo.ok("GET", "/chat/conversations/"))["results"] == []
    assert (await bo.ok("GET", "/chat/conversations/unread_counts/"))["total"] == 0
    again = await add(ana, chat, bo, role="observer")
    assert (again["role"], again["left_at"]) == ("observer", None)
    texts = [message["content"] for message in await bo.history(chat) if message["message_type"] != "system"]
    assert texts == [during["content"], own["content"], before["content"]]
    assert await bo.events(chat) == await ana.events(chat)
    assert (await bo.get_conversation(chat))["unread_count"] == 0
    await ana.send(chat, "after")
    assert (await bo.get_conversation(chat))["unread_count"] == 1


async def test_joins_leaves_and_role_changes_are_system_messages(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    assert await ana.history(chat) == []
    assert await ana.events(chat) == []
    await add(ana, chat, cy, role="moderator")
    await ana.ok("PATCH", f"{path_of(chat)}/participants/{cy.id}/", {"role": "participant"})
    await remove(ana, chat, cy)
    await remove(bo, chat, bo)
    await ana.ok("PATCH", f"{path_of(chat)}/", {"status": "closed"})
    await ana.ok("PATCH", f"{path_of(chat)}/", {"status": "open"})
    about_cy = {"user_id": cy.id, "by": ana.id}
    assert await notes(ana, chat) == [
        {"action": "participant_added", "role": "moderator", **about_cy},
        {"action": "participant_updated", "role": "participant", **about_cy},
        {"action": "participant_removed", **about_cy},
        {"action": "participant_removed", "user_id": bo.id, "by": bo.id},
        {"action": "conversation_closed", "by": ana.id},
        {"action": "conversation_reopened", "by": ana.id},
    ]
    kinds = [event["type"] for event in await ana.events(chat)]
    assert [kind for kind in kinds if kind != "new_message"] == [
        "participant_added",
        "participant_updated",
        "participant_removed",
        "participant_removed",
        "conversation_updated",
        "conversation_updated",
    ]
    assert (await ana.get_conversation(chat))["unread_count"] == 0


async def test_assigning_the_current_role_changes_nothing(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    place = await ana.ok("PATCH", f"{path_of(chat)}/participants/{bo.id}/", {"role": "participant"})
    assert place["role"] == "participant"
    assert await ana.events(chat) == []


async def test_setting_the_current_title_changes_nothing(world: World) -> None:
    ana = world.person("ana")
    chat = await world.job(admin=ana)
    body = {"title": chat["title"], "metadata": {}, "settings": {}, "status": "open"}
    assert await ana.ok("PATCH", f"{path_of(chat)}/", body) == await ana.get_conversation(chat)
    assert await ana.events(chat) == []
    updated = await ana.ok("PATCH", f"{path_of(chat)}/", {"title": "Walls", "settings": {"pinned": True}})
    assert (updated["title"], updated["settings"], updated["status"]) == ("Walls", {"pinned": True}, "open")
    assert [event["type"] for event in await ana.events(chat)] == ["conversation_updated"]


async def test_the_participants_of_a_direct_conversation_are_fixed(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await ana.direct(bo)
    path, caller = path_of(chat), world.make_service("provider", "chat:provision")
    for who in (ana, caller):
        for method, at, body in (
            ("POST", "add_participant/", {"user_id": cy.id}),
            ("POST", "remove_participant/", {"user_id": bo.id}),
            ("POST", "remove_participant/", {"user_id": ana.id}),
            ("PATCH", f"participants/{bo.id}/", {"role": "admin"}),
            ("PATCH", f"participants/{bo.id}/", {"role": "observer"}),
            ("PATCH", "", {"status": "closed"}),
        ):
            response = await who.call(method, f"{path}/{at}", body)
            assert response.status_code == 403, (method, at, response.text)
    assert await ana.get_conversation(chat) == chat
    assert await bo.events(chat) == []
    assert await notes(ana, chat) == []


async def test_the_number_of_participants_is_limited(database: str) -> None:
    async with world_with(make_settings(database, max_participants=3)) as world:
        ana, bo, cy, di = world.people("ana", "bo", "cy", "di")
        chat = await world.job(admin=ana, participant=bo)
        await add(ana, chat, cy)
        add_path, body = f"{path_of(chat)}/add_participant/", {"user_id": di.id}
        await ana.refused("POST", add_path, body, status=409, code="limit_reached")
        await add(ana, chat, cy, status=200)
        await remove(ana, chat, cy)
        await add(ana, chat, di)
        many = {"conversation_type": "support", "participant_ids": ["1", "2", "3", "4"]}
        await world.service.refused("POST", "/chat/conversations/", many, status=422, code="invalid")
        people = {"participants": [{"user_id": name} for name in "1234"]}
        path = f"/jobs/{world.unique('job')}/conversation/"
        await world.service.refused("PUT", path, people, status=422, code="invalid")
        full = {"participants": [{"user_id": cy.id}]}
        again = f"/jobs/{chat['reference']['id']}/conversation/"
        await world.service.refused("PUT", again, full, status=409, code="limit_reached")


async def test_two_admins_who_leave_concurrently_leave_one_behind(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, admin_2=bo, participant=cy)
    answers = await asyncio.gather(
        *(who.call("POST", f"{path_of(chat)}/remove_participant/", {"user_id": who.id}) for who in (ana, bo))
    )
    assert sorted(answer.status_code for answer in answers) == [204, 403]
    roles = [place["role"] for place in (await cy.get_conversation(chat))["participants"]]
    assert sorted(roles) == ["admin", "participant"]


async def test_concurrent_joins_and_leaves_leave_a_log_without_a_gap(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana)
    verbs = ["add_participant", "remove_participant"] * 8
    await add(ana, chat, bo)
    answers = await asyncio.gather(
        *(ana.call("POST", f"{path_of(chat)}/{verb}/", {"user_id": bo.id}) for verb in verbs),
        *(bo.call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "hi"}) for _ in range(8)),
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404}
    events = await ana.events(chat)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    is_in = False
    for event in events:
        if event["type"].startswith("participant_"):
            assert is_in is (event["type"] == "participant_removed")
            is_in = not is_in
        elif event["message"]["sender"] is not None:
            assert is_in, "a message of a user who was not a member"
    stored = [event for event in events if event["type"] == "new_message" and event["message"]["sender"]]
    sent = [answer for answer in answers[len(verbs) :] if answer.status_code == 201]
    assert len(stored) == len(sent)


@pytest.mark.parametrize("verb", ["add_participant", "remove_participant"])
async def test_a_participant_may_have_any_opaque_id(world: World, verb: str) -> None:
    ana = world.person("ana")
    chat = await world.job(admin=ana)
    for user_id in ("Ünïcödé", "a/b c?d#e%", "x" * 128, "🙂"):
        await world.make_known(user_id)
        await ana.ok("POST", f"{path_of(chat)}/add_participant/", {"user_id": user_id}, status=201)
        if verb == "remove_participant":
            await ana.ok("POST", f"{path_of(chat)}/remove_participant/", {"user_id": user_id}, status=204)
    present = {place["user"]["id"] for place in (await ana.get_conversation(chat))["participants"]}
    assert len(present) == (5 if verb == "add_participant" else 1)


async def test_a_user_who_left_is_added_again_by_the_platform_only(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo, participant_2=cy)
    path = f"{path_of(chat)}/add_participant/"
    await remove(bo, chat, bo)
    await ana.refused("POST", path, {"user_id": bo.id}, status=409, code="participant_left")
    acting = world.service.acting_as(ana)
    await acting.refused("POST", path, {"user_id": bo.id}, status=409, code="participant_left")
    await remove(ana, chat, cy)
    await add(ana, chat, cy)  # who was removed, not who left
    await world.service.ok("POST", path, {"user_id": bo.id}, status=201)
    assert (await bo.get_conversation(chat))["id"] == chat["id"]


async def test_a_repeated_key_does_not_add_a_user_again(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana)
    headers = {"Idempotency-Key": "k"}
    path, body = f"{path_of(chat)}/add_participant/", {"user_id": bo.id}
    await ana.ok("POST", path, body, headers=headers, status=201)
    await remove(ana, chat, bo)
    again = await ana.call("POST", path, body, headers=headers)
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")
    assert [place["user"]["id"] for place in (await ana.get_conversation(chat))["participants"]] == [ana.id]
    other = {**body, "role": "observer"}
    await ana.refused("POST", path, other, headers=headers, status=409, code="idempotency_conflict")
