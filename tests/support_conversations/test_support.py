"""Support conversations: how they are assigned and handed over."""

import asyncio

from tests.support.workers import make_settings
from tests.support.world import World, world_with

CREATE = "/chat/conversations/create_support_conversation/"


async def test_without_staff_a_conversation_is_still_created(database: str) -> None:
    async with world_with(make_settings(database, support_staff=["later-staff"])) as world:
        ana = world.person("ana")
        body = {"support_type": "technical", "title": "Login Issue", "content": "I cannot log in"}
        made = await ana.ok("POST", CREATE, body, status=201)
        assert [(one["user"]["id"], one["role"]) for one in made["participants"]] == [(ana.id, "admin")]
        assert (made["title"], made["metadata"]) == ("Login Issue", {"support_type": "technical"})
        assert made["last_message"]["content"] == "I cannot log in"
        path = f"/chat/conversations/{made['id']}/assign/"
        for assignee in (ana.id, world.person("bo").id):
            await world.service.refused("POST", path, {"user_id": assignee}, status=409, code="nobody_free")
        assigned = await world.service.ok("POST", path, {"user_id": "later-staff"})
        assert assigned["last_message"]["metadata"]["action"] == "assigned"
        assert {one["role"] for one in assigned["participants"]} == {"admin", "moderator"}


async def test_the_least_busy_of_the_configured_staff_is_assigned(world: World, database: str) -> None:
    names = [world.unique("staff") for _ in range(3)]
    async with world_with(make_settings(database, support_staff=names)) as there:
        for name in names:
            await there.service.ok("PUT", f"/chat/users/{name}/", {"username": name})
        people = there.people(*(f"user{number}" for number in range(6)))
        made = await asyncio.gather(*(one.ok("POST", CREATE, {"support_type": "t"}, status=201) for one in people))
        participants = [person for one in made for person in one["participants"]]
        taken = sorted(person["user"]["id"] for person in participants if person["role"] == "moderator")
        assert taken == sorted(names * 2)


async def test_a_user_has_a_limited_number_of_open_conversations(database: str) -> None:
    async with world_with(make_settings(database, max_open_support=2)) as world:
        ana, bo = world.people("ana", "bo")
        first, _ = [await ana.ok("POST", CREATE, {"support_type": "t"}, status=201) for _ in range(2)]
        await ana.refused("POST", CREATE, {"support_type": "t"}, status=409, code="limit_reached")
        await bo.ok("POST", CREATE, {"support_type": "t"}, status=201)
        await ana.ok("PATCH", f"/chat/conversations/{first['id']}/", {"status": "closed"})
        await ana.ok("POST", CREATE, {"support_type": "t"}, status=201)


async def test_users_cannot_make_staff_appear_busy(database: str) -> None:
    async with world_with(make_settings(database)) as first:
        one, two = first.people("one", "two")
    async with world_with(make_settings(database, support_staff=[one.id, two.id])) as world:
        for person in (one, two):
            await world.service.ok("PUT", f"/chat/users/{person.id}/", {"username": person.name})
        ana, bo = world.people("ana", "bo")
        made = await ana.ok("POST", CREATE, {"support_type": "t"}, status=201)
        holder = next(one["user"]["id"] for one in made["participants"] if one["role"] == "moderator")
        other = ({one.id, two.id} - {holder}).pop()
        path = f"/chat/conversations/{made['id']}"
        for user_id in (other, bo.id):
            await world.make_known(user_id)
            body = {"user_id": user_id, "role": "moderator"}
            await ana.refused("POST", f"{path}/add_participant/", body, status=403, code="assigned_staff")
        removal = {"user_id": holder}
        await ana.refused("POST", f"{path}/remove_participant/", removal, status=403, code="assigned_staff")
        demotion = f"{path}/participants/{holder}/"
        await ana.refused("PATCH", demotion, {"role": "observer"}, status=403, code="assigned_staff")
        await ana.ok("POST", f"{path}/add_participant/", {"user_id": other}, status=201)
        await ana.refused(
            "PATCH", f"{path}/participants/{other}/", {"role": "admin"}, status=403, code="assigned_staff"
        )
        again = await bo.ok("POST", CREATE, {"support_type": "t"}, status=201)
        assert other in {one["user"]["id"] for one in again["participants"] if one["role"] == "moderator"}


async def test_a_conversation_is_handed_over_by_its_assignee(database: str) -> None:
    async with world_with(make_settings(database)) as first:
        one, two = first.people("one", "two")
        settings = make_settings(database, support_staff=[one.id, two.id])
    async with world_with(settings) as world:
        for person in (one, two):
            await world.service.ok("PUT", f"/chat/users/{person.id}/", {"username": person.name})
        ana = world.person("ana")
        made = await ana.ok("POST", CREATE, {"support_type": "t"}, status=201)
        holder = next(one["user"]["id"] for one in made["participants"] if one["role"] == "moderator")
        other = ({one.id, two.id} - {holder}).pop()
        path = f"/chat/conversations/{made['id']}/assign/"
        await ana.refused("POST", path, {}, status=403, code="forbidden")
        await world.service.acting_as(one if one.id == holder else two).ok("POST", path, {}, status=204)
        roles = {one["user"]["id"]: one["role"] for one in (await ana.get_conversation(made))["participants"]}
        assert roles == {ana.id: "admin", other: "moderator"}
        chat = await ana.direct(world.person("bo"))
        path = f"/chat/conversations/{chat['id']}/assign/"
        await world.service.refused("POST", path, {}, status=409, code="not_support")
        await ana.refused("POST", path, {}, status=403, code="forbidden")
        assignee = world.make_service("other", "chat:act_as")
        for asked in (path, "/chat/conversations/01a2048d-78c0-74aa-9509-437c15040017/assign/"):
            await assignee.refused("POST", asked, {}, status=403, code="scope_required")


async def test_two_requests_with_one_key_make_one_conversation(world: World) -> None:
    ana = world.person("ana")
    headers = {"Idempotency-Key": "ask-1"}
    first = await ana.ok("POST", CREATE, {"support_type": "t"}, status=201, headers=headers)
    again = await ana.ok("POST", CREATE, {"support_type": "t"}, status=201, headers=headers)
    assert again["id"] == first["id"]
    await ana.refused(
        "POST", CREATE, {"support_type": "other"}, status=409, code="idempotency_conflict", headers=headers
    )
