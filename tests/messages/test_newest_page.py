"""The newest page: the same as the general one, and not sent again while nothing changed."""

import json
from typing import Any
from uuid import UUID

from tests.support.world import Json, Person, World
from wasgo_chat.core.encoding import encode
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.messages.history.pages import MessageFilters, fetch_page

MESSAGES = "/chat/messages/"


async def page(person: Person, chat: Json, etag: str | None = None, **query: Any) -> Any:
    headers = {"If-None-Match": etag} if etag else {}
    return await person.call("GET", MESSAGES, params={"conversation": chat["id"], **query}, headers=headers)


async def lively(world: World, ana: Person, bo: Person) -> Json:
    """A conversation with everything that a page without attachments can contain."""
    chat = await world.job(admin=ana, participant=bo)
    first = await ana.send(chat, "first", metadata={"b": 1, "a": [1.5, None, "ü"]})
    await bo.send(chat, "answer", reply_to=first["id"], mentions=[ana.id], client_id="c1")
    for person, emoji in [(bo, "👍"), (ana, "👍"), (bo, "🎉")]:
        await person.ok("POST", f"{MESSAGES}{first['id']}/react/", {"emoji": emoji})
    edited = await bo.send(chat, "before")
    await bo.ok("POST", f"{MESSAGES}{edited['id']}/edit/", {"content": "after"})
    gone = await ana.send(chat, "gone")
    await bo.send(chat, "to one that is gone", reply_to=gone["id"])
    await ana.ok("POST", f"{MESSAGES}{gone['id']}/delete/")
    place = {"lat": 1, "lng": -2.5}
    await ana.send(chat, "", message_type="location", metadata={"location": place})
    path = f"/chat/conversations/{chat['id']}/system_messages/"
    await world.service.ok("POST", path, {"content": "noted"}, status=201)
    return chat


async def test_it_equals_the_general_page(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await lively(world, ana, bo)
    queries: list[dict[str, Any]] = [
        {},
        {"limit": 3},
        {"before_seq": 5},
        {"before_seq": 5, "limit": 2},
        {"before_seq": 1},
    ]
    for query in queries:
        answer = (await page(bo, chat, **query)).json()
        filters = MessageFilters(UUID(chat["id"]), before_seq=query.get("before_seq"))
        async with world.worker.db.snapshot() as tx:
            general = await fetch_page(tx, Actor(bo.id), filters, limit=query.get("limit", 50), cursor=None)
        assert answer == {**json.loads(encode(general)), "epoch": answer["epoch"]}


async def test_its_cursors_lead_through_all_messages_and_back(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    for at in range(7):
        await ana.send(chat, str(at))
    seen: list[int] = []
    query: dict[str, str] = {}
    while True:
        found = (await page(bo, chat, limit=3, **query)).json()
        seen += [message["seq"] for message in found["results"]]
        if found["next"] is None:
            break
        query = {"cursor": found["next"]}
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    before = (await page(bo, chat, limit=3, cursor=found["previous"])).json()
    assert [message["seq"] for message in before["results"]] == [4, 3, 2]


async def test_an_unchanged_page_is_304_and_a_changed_one_is_not(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    sent = await ana.send(chat, "first")
    path = f"{MESSAGES}{sent['id']}"
    changes = [
        ("POST", MESSAGES, {"conversation": chat["id"], "content": "second"}),
        ("POST", f"{path}/edit/", {"content": "better"}),
        ("POST", f"{path}/react/", {"emoji": "👍"}),
        ("POST", f"{path}/delete/", None),
        ("PATCH", f"/chat/conversations/{chat['id']}/", {"title": "New"}),
    ]
    for method, where, body in changes:
        etag = (await page(bo, chat)).headers["etag"]
        for query, status in ({}, 304), ({"limit": 10}, 200):
            again = await page(bo, chat, etag, **query)
            assert again.status_code == status
        assert again.headers["cache-control"] == "private, no-cache"
        assert (await page(ana, chat, etag)).status_code == 200, "every user has a different page"
        assert (await ana.call(method, where, body)).status_code < 300
        assert (await page(bo, chat, etag)).status_code == 200


async def test_an_etag_grants_no_access(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    await ana.send(chat)
    etag = (await page(bo, chat)).headers["etag"]
    assert (await page(cy, chat, etag)).status_code == 404
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/remove_participant/", {"user_id": bo.id}, status=204)
    assert (await page(bo, chat, etag)).status_code == 404
