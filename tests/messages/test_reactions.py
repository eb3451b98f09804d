"""Reactions: sets of users by emoji, toggled or set, with one normal form per emoji."""

import asyncio

import pytest

from tests.support.world import Json, Person, World


async def react(by: Person, message: Json, emoji: str, action: str | None = None) -> Json:
    body = {"emoji": emoji, **({"action": action} if action else {})}
    result: Json = await by.ok("POST", f"/chat/messages/{message['id']}/react/", body)
    return result


async def test_without_an_action_a_reaction_toggles(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    added = await react(bo, sent, "👍")
    assert added == {
        "action": "added",
        "reactions": [{"emoji": "👍", "count": 1, "user_ids": [bo.id], "me": True}],
    }
    seen = (await ana.history(chat))[0]["reactions"]
    assert seen == [{"emoji": "👍", "count": 1, "user_ids": [bo.id], "me": False}]
    assert await react(bo, sent, "👍") == {"action": "removed", "reactions": []}
    assert await ana.history(chat) == [sent]


async def test_with_an_action_a_reaction_is_set_whatever_it_was(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    assert (await react(bo, sent, "👍", "remove")) == {"action": "removed", "reactions": []}
    first = await react(bo, sent, "👍", "add")
    assert await react(bo, sent, "👍", "add") == first
    assert (await react(bo, sent, "👍", "remove"))["reactions"] == []
    actions = [event["action"] for event in await ana.events(chat) if event["type"] == "reaction_update"]
    assert actions == ["added", "removed"]


async def test_each_user_adds_their_own_reaction(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo, observer=cy)
    sent = await ana.send(chat)
    await react(ana, sent, "👍")
    await react(bo, sent, "❤️")
    await react(bo, sent, "👍")
    seen = {one["emoji"]: one for one in (await cy.history(chat))[0]["reactions"]}
    assert (seen["👍"]["user_ids"], seen["👍"]["count"], seen["👍"]["me"]) == ([ana.id, bo.id], 2, False)
    assert (seen["❤️"]["user_ids"], seen["❤️"]["me"]) == ([bo.id], False)
    mine = {one["emoji"]: one["me"] for one in (await ana.get_conversation(chat))["last_message"]["reactions"]}
    assert mine == {"👍": True, "❤️": False}


async def test_reactions_are_events_that_do_not_change_the_revision(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await bo.send(chat)  # ana sees the name of a user who has written to her
    sent = await ana.send(chat)
    await react(bo, sent, "👍")
    seen = (await ana.history(chat))[-1]
    assert (seen["revision"], seen["is_edited"]) == (1, False)
    frame = (await ana.events(chat))[2]
    assert (frame["type"], frame["seq"], frame["message_id"]) == ("reaction_update", 3, sent["id"])
    assert (frame["user_id"], frame["username"]) == (bo.id, "bo")
    assert (frame["emoji"], frame["action"]) == ("👍", "added")
    assert "me" not in frame["reactions"][0]


@pytest.mark.parametrize(
    ("one", "other"), [("❤", "❤️"), ("❤\ufe0e", "❤️"), ("☺️", "☺"), ("👁‍🗨", "👁️‍🗨️"), ("🏳‍🌈", "🏳️‍🌈"), ("#⃣", "#️⃣")]
)
async def test_an_emoji_written_in_two_ways_is_one_reaction(world: World, one: str, other: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    await react(ana, sent, one)
    assert [found["count"] for found in (await react(bo, sent, other))["reactions"]] == [2]
    assert (await react(ana, sent, other))["action"] == "removed"


@pytest.mark.parametrize("emoji", ["👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🫠"])
async def test_an_emoji_of_many_code_points_is_one(world: World, emoji: str) -> None:
    ana, bo = world.people("ana", "bo")
    sent = await ana.send(await ana.direct(bo))
    assert (await react(bo, sent, emoji))["reactions"][0]["emoji"] == emoji


@pytest.mark.parametrize("text", ["", "a", "1", "👍👍", "👍 ", " 👍", "👍a", "<b>", ":+1:", "🏽", "‍", "️", "x" * 65])
async def test_anything_but_exactly_one_emoji_is_rejected(world: World, text: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    path = f"/chat/messages/{sent['id']}/react/"
    problem = await bo.refused("POST", path, {"emoji": text}, status=422, code="invalid")
    assert problem["errors"][0]["loc"] == ["emoji"]
    assert await bo.history(chat) == [sent]


async def test_an_action_is_add_or_remove(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    sent = await ana.send(await ana.direct(bo))
    path = f"/chat/messages/{sent['id']}/react/"
    await bo.refused("POST", path, {"emoji": "👍", "action": "toggle"}, status=422, code="invalid")


async def test_a_user_has_a_limited_number_of_reactions_per_message(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    faces = [chr(0x1F600 + number) for number in range(21)]
    for face in faces[:20]:
        await react(bo, sent, face)
    body = {"emoji": faces[20]}
    await bo.refused("POST", f"/chat/messages/{sent['id']}/react/", body, status=409, code="limit_reached")
    await react(bo, sent, faces[0])
    assert len((await react(bo, sent, faces[20]))["reactions"]) == 20
    assert len((await react(ana, sent, faces[0]))["reactions"]) == 21


async def test_one_reaction_added_ten_times_concurrently_is_one(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.send(chat)
    results = await asyncio.gather(*(react(bo, sent, "👍", "add") for _ in range(10)))
    assert {result["reactions"][0]["count"] for result in results} == {1}
    assert len(await ana.events(chat)) == 2


async def test_a_system_message_can_be_reacted_to(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana)
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/add_participant/", {"user_id": bo.id}, status=201)
    note = (await bo.history(chat))[0]
    assert (await react(bo, note, "🎉"))["action"] == "added"
