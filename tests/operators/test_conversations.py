"""The operators' list of all conversations, one of them, and the audit entries of looking at them."""

from typing import Any

import pytest

from tests.support.world import Json, Person, World, count_queries, pages

PATH = "/chat/operators/conversations/"


async def found(staff: Person, **query: Any) -> list[str]:
    return [one["id"] for page in await pages(staff, PATH, **query) for one in page]


async def looked(world: World, staff: Person) -> list[Json]:
    """The audit entries of staff access, oldest first."""
    rows = [one for page in await pages(world.service, "/chat/audit/", actor=staff.id) for one in page][::-1]
    return [{name: one[name] for name in ("action", "conversation", "user_id", "target")} for one in rows]


@pytest.fixture
async def chats(world: World) -> dict[str, Any]:
    """An open job, a closed dispute and a direct conversation, all with the same ana."""
    ana, bo = world.people("ana", "bo")
    job = await world.job(admin=ana, participant=bo)
    path = f"/disputes/{world.unique('dispute')}/conversation/"
    body = {"title": f"Late {world.unique('fence')}", "participants": [{"user_id": ana.id, "role": "admin"}]}
    dispute = await world.service.ok("PUT", path, body, status=201)
    await ana.ok("PATCH", f"/chat/conversations/{dispute['id']}/", {"status": "closed"})
    direct = await ana.direct(bo)
    await ana.send(direct, "private words")
    return {"ana": ana, "bo": bo, "job": job, "dispute": dispute, "direct": direct}


async def test_all_conversations_are_listed_newest_first_and_by_type(staff: Person, chats: dict[str, Any]) -> None:
    mine = {"participant": chats["ana"].id}
    job, dispute, direct = (chats[name]["id"] for name in ("job", "dispute", "direct"))
    assert await found(staff, **mine) == [direct, dispute, job]
    assert await found(staff, **mine, limit=1) == [direct, dispute, job]
    assert await found(staff, **mine, conversation_type="dispute") == [dispute]
    assert await found(staff, **mine, status="closed") == [dispute]
    assert await found(staff, **mine, status="open", conversation_type="job") == [job]
    reference = chats["dispute"]["reference"]
    assert await found(staff, reference_type="dispute", reference_id=reference["id"]) == [dispute]
    assert await found(staff, reference_type="job", reference_id=reference["id"]) == []


async def test_pages_can_be_followed_back(staff: Person, chats: dict[str, Any]) -> None:
    query = {"participant": chats["ana"].id, "limit": 2}
    first = await staff.ok("GET", PATH, params=query)
    second = await staff.ok("GET", PATH, params={**query, "cursor": first["next"]})
    assert [len(first["results"]), len(second["results"]), second["next"]] == [2, 1, None]
    again = await staff.ok("GET", PATH, params={**query, "cursor": second["previous"]})
    assert again["results"] == first["results"]
    other = {"participant": chats["bo"].id, "limit": 2, "cursor": first["next"]}
    await staff.refused("GET", PATH, params=other, status=422, code="invalid")


async def test_a_title_is_found_by_prefixes_of_its_words(staff: Person, chats: dict[str, Any]) -> None:
    dispute = chats["dispute"]
    _, word, *rest = dispute["title"].replace("-", " ").split()
    for words in (dispute["title"], f"{rest[-1][:4]} {word.upper()} lat", f"late !! {rest[0]}"):
        assert dispute["id"] in await found(staff, title=words, participant=chats["ana"].id), words
    for words in ("late roof", "ence", "late & ! | fence:*"):
        is_found = dispute["id"] in await found(staff, title=words, participant=chats["ana"].id)
        assert is_found == words.endswith(":*"), words
    for words in ("", "&", "  "):
        await staff.refused("GET", PATH, params={"title": words}, status=422, code="invalid")


async def test_the_list_names_participants_and_no_content(staff: Person, chats: dict[str, Any]) -> None:
    page = await staff.ok("GET", PATH, params={"participant": chats["ana"].id, "conversation_type": "direct"})
    (direct,) = page["results"]
    assert {one["id"] for one in direct["people"]} == {chats["ana"].id, chats["bo"].id}
    assert (direct["participant_count"], direct["message_count"]) == (2, 1)
    assert "private words" not in str(page)


async def test_a_page_takes_the_same_queries_whatever_it_contains(staff: Person, chats: dict[str, Any]) -> None:
    await staff.ok("GET", PATH, params={"limit": 1})
    counts = []
    for query in ({"limit": 1}, {"limit": 3, "participant": chats["ana"].id}, {"title": "nobody calls it this"}):
        with count_queries(staff.world.worker, max=3) as seen:
            await staff.ok("GET", PATH, params=query)
        counts.append(len(seen.statements))
    assert len(set(counts)) == 1
    with count_queries(staff.world.worker, max=4):
        await staff.ok("GET", f"{PATH}{chats['job']['id']}/")
    with count_queries(staff.world.worker, max=5):
        await staff.ok("GET", f"{PATH}{chats['direct']['id']}/messages/")


async def test_the_detail_includes_participants_who_left(world: World, staff: Person, chats: dict[str, Any]) -> None:
    job, bo = chats["job"]["id"], chats["bo"]
    body = {"user_id": bo.id}
    await chats["ana"].ok("POST", f"/chat/conversations/{job}/remove_participant/", body, status=204)
    detail = await staff.ok("GET", f"{PATH}{job}/")
    assert [(one["user"]["id"], one["role"], one["left_at"] is None) for one in detail["participants"]] == [
        (chats["ana"].id, "admin", True),
        (bo.id, "participant", False),
    ]
    assert detail["participant_count"] == 1
    unknown = {"user_id": world.unique("x")}["user_id"]
    await staff.refused("GET", f"{PATH}{unknown}/", status=404, code="not_found")


async def test_messages_of_any_conversation_are_read_page_by_page(staff: Person, chats: dict[str, Any]) -> None:
    for n in range(4):
        await chats["bo"].send(chats["direct"], f"more {n}")
    read = await pages(staff, f"{PATH}{chats['direct']['id']}/messages/", limit=2)
    assert [[one["content"] for one in page] for page in read] == [
        ["more 3", "more 2"],
        ["more 1", "more 0"],
        ["private words"],
    ]


async def test_every_access_leaves_an_audit_entry_without_content(
    world: World, staff: Person, chats: dict[str, Any]
) -> None:
    direct = chats["direct"]["id"]
    (message,) = (await staff.ok("GET", f"{PATH}{direct}/messages/"))["results"]
    await staff.ok("GET", PATH, params={"title": "secret", "participant": chats["ana"].id})
    await staff.ok("GET", f"{PATH}{direct}/")
    await staff.ok("GET", f"/chat/operators/messages/{message['id']}/")
    await staff.ok("GET", PATH)
    blank = {"conversation": None, "user_id": None, "target": None}
    assert await looked(world, staff) == [
        {**blank, "action": "messages_inspected", "conversation": direct},
        {**blank, "action": "conversations_listed", "target": "participant,title"},
        {**blank, "action": "conversation_inspected", "conversation": direct},
        {
            "action": "message_inspected",
            "conversation": direct,
            "user_id": chats["ana"].id,
            "target": message["id"],
        },
        {**blank, "action": "conversations_listed"},
    ]


async def test_participants_cannot_see_that_staff_looked(staff: Person, chats: dict[str, Any]) -> None:
    ana, direct = chats["ana"], chats["direct"]
    before = await ana.get_conversation(direct)
    await staff.ok("GET", f"{PATH}{direct['id']}/messages/")
    await staff.refused("GET", f"/chat/conversations/{direct['id']}/", status=404, code="not_found")
    assert await ana.get_conversation(direct) == before


async def test_a_service_grants_and_revokes_staff_status_with_immediate_effect(world: World) -> None:
    ana, boss = world.person("ana"), world.person("boss", staff=True)
    await ana.refused("GET", PATH, status=403, code="staff_required")
    await world.service.ok("PUT", f"/chat/users/{ana.id}/", {"is_staff": True})
    await ana.ok("GET", PATH)
    await boss.ok("GET", PATH)
    for person in (ana, boss):
        await world.service.ok("PUT", f"/chat/users/{person.id}/", {"is_staff": False})
        await person.refused("GET", PATH, status=403, code="staff_required")
