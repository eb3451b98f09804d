"""History: by seq in one conversation, by time across all, with filters and cursors in both directions."""

from typing import Any

import pytest

from tests.support.world import Json, Person, World, pages

MESSAGES = "/chat/messages/"


async def busy(ana: Person, bo: Person, count: int = 12) -> Json:
    """A conversation with `count` messages of two senders; a reaction after each third makes gaps in their seqs."""
    chat = await ana.direct(bo)
    for number in range(count):
        sent = await (ana, bo)[number % 2].send(chat, f"m{number}")
        if number % 3 == 2:
            await ana.ok("POST", f"{MESSAGES}{sent['id']}/react/", {"emoji": "👍"})
    return chat


def seqs(messages: list[Json]) -> list[int]:
    return [message["seq"] for message in messages]


async def test_a_conversation_is_listed_newest_first_with_its_head(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await busy(ana, bo)
    page = await bo.ok("GET", MESSAGES, params={"conversation": chat["id"]})
    assert [message["content"] for message in page["results"]] == [f"m{number}" for number in reversed(range(12))]
    assert seqs(page["results"]) == sorted(seqs(page["results"]), reverse=True)
    assert (page["last_seq"], page["next"], page["previous"]) == (16, None, None)
    assert page["last_seq"] == (await bo.get_conversation(chat))["last_seq"]


async def test_before_and_after_limit_the_page(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await busy(ana, bo)
    every = sorted(seqs(await bo.history(chat)))
    seventh = every[6]
    assert seqs(await bo.history(chat, before_seq=seventh)) == every[:6][::-1]
    assert seqs(await bo.history(chat, after_seq=seventh)) == every[7:]
    assert seqs(await bo.history(chat, after_seq=every[2], before_seq=every[5])) == every[3:5]
    assert seqs(await bo.history(chat, after_seq=0, limit=3)) == every[:3]
    assert await bo.history(chat, before_seq=1) == []
    assert await bo.history(chat, after_seq=10_000) == []
    assert seqs(await bo.history(chat, after_seq=seventh + 1)) == [seq for seq in every if seq > seventh + 1]


async def test_around_a_seq_there_is_half_a_page_on_either_side(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await busy(ana, bo)
    every = sorted(seqs(await bo.history(chat)))
    params = {"conversation": chat["id"], "around_seq": every[6], "limit": 4}
    page = await bo.ok("GET", MESSAGES, params=params)
    assert seqs(page["results"]) == every[5:9][::-1]
    query = {"conversation": chat["id"], "around_seq": every[6], "limit": 4}
    older = await pages(bo, MESSAGES, cursor=page["next"], **query)
    newer = await pages(bo, MESSAGES, cursor=page["previous"], direction="previous", **query)
    assert [seq for part in older for seq in seqs(part)] == every[:5][::-1]
    assert [seq for part in reversed(newer) for seq in seqs(part)] == every[9:][::-1]
    assert seqs(await bo.history(chat, around_seq=0, limit=4)) == every[:2][::-1]
    assert seqs(await bo.history(chat, around_seq=10_000, limit=4)) == every[-4:][::-1]


async def test_sender_and_type_narrow_the_list(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    await ana.send(chat, "text")
    where = {"location": {"lat": 1, "lng": 2}}
    await bo.send(chat, "", message_type="location", metadata=where)
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/add_participant/", {"user_id": cy.id}, status=201)
    for query, expected in (
        ({"sender": ana.id}, ["text"]),
        ({"sender": bo.id}, ["location"]),
        ({"sender": cy.id}, []),
        ({"message_type": "system"}, ["system"]),
        ({"message_type": "text", "sender": bo.id}, []),
        ({"message_type": "image"}, []),
    ):
        found = await cy.history(chat, **query)
        assert [message["message_type"] for message in found] == expected, query
        across = await cy.ok("GET", MESSAGES, params=query)
        assert across["results"] == found


@pytest.mark.parametrize("limit", [1, 4, 5, 12, 100])
@pytest.mark.parametrize("query", [{}, {"after_seq": 2}, {"before_seq": 14}, {"sender": "bo"}], ids=str)
async def test_pages_can_be_followed_forward_and_back_without_a_gap(
    world: World, limit: int, query: dict[str, Any]
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await busy(ana, bo)
    query = {**query, **({"sender": bo.id} if "sender" in query else {}), "conversation": chat["id"]}
    whole = (await bo.ok("GET", MESSAGES, params={**query, "limit": 100}))["results"]
    forward = await pages(bo, MESSAGES, limit=limit, **query)
    assert [message for page in forward for message in page] == whole
    assert all(len(page) == limit for page in forward[:-1])
    last = await _last_page(bo, {"limit": limit, **query})
    if last["previous"] is None:
        assert last["results"] == whole
        return
    back = await pages(bo, MESSAGES, cursor=last["previous"], direction="previous", limit=limit, **query)
    assert [message for page in reversed(back) for message in page] + last["results"] == whole


async def _last_page(caller: Person, query: dict[str, Any]) -> Json:
    page: Json = await caller.ok("GET", MESSAGES, params=query)
    while page["next"]:
        page = await caller.ok("GET", MESSAGES, params={**query, "cursor": page["next"]})
    return page


async def test_new_messages_shift_no_page(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await busy(ana, bo, 6)
    whole = await bo.history(chat)
    first = await bo.ok("GET", MESSAGES, params={"conversation": chat["id"], "limit": 3})
    await ana.send(chat, "in between")
    rest = await pages(bo, MESSAGES, cursor=first["next"], conversation=chat["id"], limit=3)
    assert first["results"] + [message for page in rest for message in page] == whole


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_without_a_conversation_all_of_the_callers_messages_are_listed_by_time(world: World, limit: int) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    with_bo, with_cy, theirs = await ana.direct(bo), await ana.direct(cy), await bo.direct(cy)
    job = await world.job(admin=cy, observer=ana)
    sent = []
    for number in range(4):
        sent += [await bo.send(with_bo, f"b{number}"), await ana.send(with_cy, f"c{number}")]
        sent.append(await cy.send(job, f"j{number}"))
        await bo.send(theirs, "not for ana")
    forward = await pages(ana, MESSAGES, limit=limit)
    assert [message["id"] for page in forward for message in page] == [message["id"] for message in reversed(sent)]
    last = await _last_page(ana, {"limit": limit})
    if last["previous"]:
        back = await pages(ana, MESSAGES, cursor=last["previous"], direction="previous", limit=limit)
        ids = [message["id"] for page in reversed(back) for message in page]
        assert ids + [message["id"] for message in last["results"]] == [message["id"] for message in reversed(sent)]


async def test_a_cursor_is_valid_for_its_own_list_only(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat, other = await busy(ana, bo), await busy(ana, cy)
    own = {"conversation": chat["id"], "limit": 2}
    cursor = (await ana.ok("GET", MESSAGES, params=own))["next"]
    await ana.ok("GET", MESSAGES, params={**own, "cursor": cursor})
    flipped = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for wrong in (
        {**own, "cursor": flipped},
        {**own, "cursor": cursor[1:]},
        {**own, "cursor": ""},
        {**own, "cursor": "é"},
        {**own, "cursor": "x" * 501},
        {**own, "cursor": cursor, "sender": ana.id},
        {"conversation": other["id"], "cursor": cursor},
        {"cursor": cursor},
    ):
        problem = await ana.refused("GET", MESSAGES, params=wrong, status=422, code="invalid")
        assert problem["errors"][0]["loc"] == ["query", "cursor"]
    path = "/chat/conversations/"
    await ana.refused("GET", path, params={"cursor": cursor}, status=422, code="invalid")


async def test_meaningless_filters_are_rejected(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    own = {"conversation": chat["id"]}
    for wrong in (
        {"after_seq": 1},
        {"before_seq": 1},
        {"around_seq": 1},
        {**own, "around_seq": 1, "after_seq": 1},
        {**own, "after_seq": -1},
        {**own, "before_seq": 2**63},
        {**own, "before_seq": "x"},
        {**own, "limit": 0},
        {**own, "limit": 101},
        {**own, "message_type": "poem"},
        {"conversation": "nonsense"},
    ):
        await ana.refused("GET", MESSAGES, params=wrong, status=422, code="invalid")
