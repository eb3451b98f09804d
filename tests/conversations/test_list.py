"""The conversation list: order, filters, pages, and archiving."""

import json
from typing import Any

import pytest

from tests.support.world import Json, Person, World, count_queries, pages

CHATS = "/chat/conversations/"


async def listed(by: Person, **query: Any) -> list[str]:
    page = await by.ok("GET", CHATS, params={"limit": 100, **query})
    return [chat["id"] for chat in page["results"]]


async def test_the_most_recent_activity_comes_first(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    with_bo, with_cy = await ana.direct(bo), await ana.direct(cy)
    job = await world.job(admin=cy, observer=ana)
    assert await listed(ana) == [job["id"], with_cy["id"], with_bo["id"]]
    await bo.send(with_bo)
    assert await listed(ana) == [with_bo["id"], job["id"], with_cy["id"]]
    await cy.send(job)
    assert await listed(ana) == [job["id"], with_bo["id"], with_cy["id"]]


async def test_a_list_entry_equals_the_conversation(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await bo.send(chat, "hi")
    entry = (await ana.ok("GET", CHATS))["results"][0]
    assert entry == await ana.get_conversation(chat)
    assert (entry["unread_count"], entry["is_archived"], entry["last_message"]) == (1, False, sent)
    assert entry["last_seq"] == 1


async def test_filters_narrow_the_list(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    direct = await ana.direct(bo)
    job, other = await world.job(admin=ana, participant=bo), await world.job(admin=bo, participant=ana)
    await bo.send(direct)
    await bo.send(job)
    await ana.send(job, "an answer does not read it")
    for query, expected in (
        ({"conversation_type": "direct"}, {direct["id"]}),
        ({"conversation_type": "job"}, {job["id"], other["id"]}),
        ({"conversation_type": "dispute"}, set()),
        ({"reference_type": "job"}, {job["id"], other["id"]}),
        ({"reference_type": "job", "reference_id": job["reference"]["id"]}, {job["id"]}),
        ({"reference_type": "bid", "reference_id": job["reference"]["id"]}, set()),
        ({"reference_id": other["reference"]["id"]}, {other["id"]}),
        ({"unread": True}, {direct["id"], job["id"]}),
        ({"unread": False}, {other["id"]}),
        ({"unread": True, "conversation_type": "job"}, {job["id"]}),
        ({"archived": True}, set()),
        ({"archived": False}, {direct["id"], job["id"], other["id"]}),
    ):
        assert set(await listed(ana, **query)) == expected, query


@pytest.mark.parametrize(
    "query",
    [
        {"conversation_type": "poem"},
        {"archived": "perhaps"},
        {"unread": "2"},
        {"reference_type": "x" * 65},
        {"reference_id": ""},
        {"reference_id": "a\x00b"},
        {"limit": 0},
        {"limit": 101},
        {"cursor": "nonsense"},
        {"cursor": "a\x00"},
    ],
    ids=str,
)
async def test_a_meaningless_filter_is_rejected(world: World, query: Json) -> None:
    await world.person("ana").refused("GET", CHATS, params=query, status=422, code="invalid")


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_pages_can_be_followed_forward_and_back(world: World, limit: int) -> None:
    ana = world.person("ana")
    made = [(await support_case(ana))["id"] for _ in range(7)]
    made.reverse()
    forward = await pages(ana, CHATS, limit=limit)
    assert [chat["id"] for page in forward for chat in page] == made
    assert all(len(page) == limit for page in forward[:-1])
    page = await ana.ok("GET", CHATS, params={"limit": limit})
    assert page["previous"] is None
    while page["next"]:
        page = await ana.ok("GET", CHATS, params={"limit": limit, "cursor": page["next"]})
    if page["previous"]:
        back = await pages(ana, CHATS, cursor=page["previous"], direction="previous", limit=limit)
        before = [chat["id"] for part in reversed(back) for chat in part]
        assert before + [chat["id"] for chat in page["results"]] == made


async def test_a_cursor_is_bound_to_its_list_and_filters_but_not_to_its_limit(world: World) -> None:
    ana = world.person("ana")
    made = [(await support_case(ana))["id"] for _ in range(4)]
    cursor = (await ana.ok("GET", CHATS, params={"limit": 1}))["next"]
    assert await listed(ana, cursor=cursor) == made[2::-1]
    for wrong in ({"archived": True}, {"unread": False}, {"conversation_type": "support"}):
        query = {**wrong, "cursor": cursor}
        await ana.refused("GET", CHATS, params=query, status=422, code="invalid")
    await ana.refused("GET", "/chat/messages/", params={"cursor": cursor}, status=422, code="invalid")
    for at in range(0, len(cursor) - 2, 7):
        tampered = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        await ana.refused("GET", CHATS, params={"cursor": tampered}, status=422, code="invalid")


async def test_a_cursor_of_another_user_reveals_nothing(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    for _ in range(3):
        await support_case(ana)
    cursor = (await ana.ok("GET", CHATS, params={"limit": 1}))["next"]
    response = await bo.call("GET", CHATS, params={"cursor": cursor})
    assert response.status_code in (200, 422)
    assert response.json().get("results", []) == []


async def test_an_archived_conversation_is_hidden_until_the_next_message(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await bo.send(chat)
    path = f"{CHATS}{chat['id']}"
    archived = await ana.ok("POST", f"{path}/archive/")
    assert (archived["is_archived"], archived["unread_count"]) == (True, 1)
    assert await ana.get_conversation(chat) == archived
    assert await listed(ana) == []
    assert await listed(ana, archived=True) == [chat["id"]]
    assert await listed(bo) == [chat["id"]]
    assert (await bo.get_conversation(chat))["is_archived"] is False
    await ana.ok("POST", f"/chat/messages/{archived['last_message']['id']}/react/", {"emoji": "👍"})
    assert await listed(ana) == []
    await bo.send(chat)
    assert await listed(ana) == [chat["id"]]
    assert (await ana.get_conversation(chat))["is_archived"] is False
    await ana.ok("POST", f"{path}/archive/")
    assert (await ana.ok("POST", f"{path}/archive/"))["is_archived"] is True
    assert (await ana.ok("POST", f"{path}/unarchive/"))["is_archived"] is False
    assert await listed(ana) == [chat["id"]]
    assert {event["type"] for event in await ana.events(chat)} == {"new_message", "reaction_update"}


async def test_an_empty_conversation_can_be_archived_too(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.ok("POST", f"{CHATS}{chat['id']}/archive/")
    assert await listed(ana) == []
    await ana.send(chat, "an own message brings it back")
    assert await listed(ana) == [chat["id"]]


async def test_a_returning_participant_does_not_find_the_conversation_archived(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    path = f"{CHATS}{chat['id']}"
    await bo.ok("POST", f"{path}/archive/")
    await ana.ok("POST", f"{path}/remove_participant/", {"user_id": bo.id}, status=204)
    await ana.ok("POST", f"{path}/add_participant/", {"user_id": bo.id}, status=201)
    assert await listed(bo) == [chat["id"]]


async def test_the_log_is_read_page_by_page(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    for number in range(5):
        await ana.send(chat, str(number))
    path = f"{CHATS}{chat['id']}/events/"
    parts, after = [], "0"
    while after is not None:
        page = await bo.ok("GET", path, params={"after_seq": after, "limit": 2})
        assert page["last_seq"] == 5
        parts.append([event["seq"] for event in page["results"]])
        after = page["next"]
    assert parts == [[1, 2], [3, 4], [5]]
    assert (await bo.ok("GET", path, params={"after_seq": 99}))["results"] == []
    assert '"me"' not in json.dumps(await bo.events(chat))
    for wrong in ({"after_seq": -1}, {"after_seq": 2**63}, {"after_seq": "x"}, {"limit": 101}):
        await bo.refused("GET", path, params=wrong, status=422, code="invalid")


async def test_a_page_takes_the_same_few_queries_whatever_it_contains(world: World) -> None:
    ana, *others = world.people("ana", *(f"friend{number}" for number in range(12)))
    for friend in others:
        chat = await ana.direct(friend)
        message = await friend.send(chat, "hello")
        await ana.ok("POST", f"/chat/messages/{message['id']}/react/", {"emoji": "👍"})
    with count_queries(world.worker, max=6) as few:
        await ana.ok("GET", CHATS, params={"limit": 1})
    with count_queries(world.worker, max=6) as many:
        page = await ana.ok("GET", CHATS, params={"limit": 100})
    assert len(page["results"]) == 12
    assert len(many.statements) == len(few.statements)


async def test_a_list_has_the_caller_and_some_others_of_a_large_conversation(world: World) -> None:
    ids = [world.unique(f"member{number:02}") for number in range(30)]
    ana, zoe = world.people("ana", "zoe")
    members = [{"user_id": user_id} for user_id in [ana.id, *ids, zoe.id]]
    path = f"/jobs/{world.unique('job')}/conversation/"
    chat = await world.service.ok("PUT", path, {"participants": members}, status=201)
    assert (len(chat["participants"]), chat["participant_count"]) == (32, 32)
    small = await ana.direct(zoe)
    for caller in (ana, zoe):
        entries = {entry["id"]: entry for entry in (await caller.ok("GET", CHATS))["results"]}
        shown = [participant["user"]["id"] for participant in entries[chat["id"]]["participants"]]
        assert set(shown) == {caller.id, *sorted({ana.id, zoe.id, *ids} - {caller.id})[:19]}
        assert entries[chat["id"]]["participant_count"] == 32
        assert entries[small["id"]]["participant_count"] == len(entries[small["id"]]["participants"]) == 2
    await world.service.ok("POST", f"{CHATS}{chat['id']}/remove_participant/", {"user_id": ids[0]}, status=204)
    (entry, _) = (await zoe.ok("GET", CHATS))["results"]
    assert (entry["participant_count"], len(entry["participants"])) == (31, 20)
    detail = await zoe.get_conversation(chat)
    assert len(detail["participants"]) == detail["participant_count"] == 31


async def support_case(person: Person) -> Json:
    made: Json = await person.ok("POST", f"{CHATS}create_support_conversation/", {"support_type": "x"}, status=201)
    return made
