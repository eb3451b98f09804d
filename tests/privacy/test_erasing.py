"""Erasing a person: nothing of them is left, everybody else's conversation is whole, and nobody brings them back."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.privacy.life import Ana, dump, stored, told
from tests.support.mirror import Mirror
from tests.support.world import World, rows
from wasgo_chat.core.people import Person
from wasgo_chat.core.tokens import mint_user


@pytest.fixture
async def ana(world: World) -> Ana:
    made = Ana(world)
    await made.live()
    await told(world)
    return made


async def test_nothing_of_an_erased_person_is_left_in_database_or_store(ana: Ana, folder: Path) -> None:
    before, files = await dump(ana.world.worker), stored(folder)
    assert all(canary in before for canary in ana.canaries)
    assert ana.words.encode() in files
    assert await rows(ana.world.worker, "SELECT 1 FROM deliveries WHERE user_id = :id", id=ana.id)
    assert await rows(ana.world.worker, "SELECT 1 FROM notifications WHERE user_id = :id", id=ana.id)
    assert (await ana.erase())["state"] == "running"
    done = await ana.erased()
    after, files = await dump(ana.world.worker), stored(folder)
    for canary in ana.canaries:
        assert canary not in after, [line for line in after.splitlines() if canary in line][:3]
        assert canary.encode() not in files
    assert done["messages"] == 3 * 2 + 1 + 2
    assert done["conversations"] == 3
    links = (ana.picture["url"], ana.picture["thumbnail_url"], ana.unclaimed["url"])
    for link in links:
        path = httpx.URL(link).raw_path.decode()
        assert (await ana.bo.call("GET", path)).status_code == 404


async def test_the_order_of_the_log_stands_and_everybody_else_keeps_their_words(ana: Ana) -> None:
    theirs = [one["content"] for one in await ana.bo.history(ana.job) if (one["sender"] or {}).get("id") == ana.bo.id]
    await ana.erase()
    await ana.erased()
    events = await ana.bo.events(ana.job)
    assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
    messages = await ana.bo.history(ana.job)
    assert [one["content"] for one in messages if (one["sender"] or {}).get("id") == ana.bo.id] == theirs
    gone = [one for one in messages if (one["sender"] or {}).get("username") == "erased user"]
    assert gone
    assert all(one["is_deleted"] and one["content"] is None and not one["attachments"] for one in gone)
    notes = [one["content"] for one in messages if one["message_type"] == "system"]
    assert "erased user is now moderator" in notes
    assert "erased user was assigned" in notes
    previews = [one["reply_preview"] for one in messages if one["reply_preview"]]
    assert all(one["content"] is None and one["sender"]["username"] == "erased user" for one in previews)
    assert (await ana.bo.sees(ana.job))["title"] == ""


async def test_who_follows_and_who_comes_back_arrive_where_a_fresh_load_does(ana: Ana) -> None:
    chats = (ana.job, ana.direct)
    here = [await Mirror.of(ana.bo, chat) for chat in chats]
    away = [await Mirror.of(ana.bo, chat) for chat in chats]
    assert all(ana.id in mirror.people for mirror in here)
    async with ana.bo.at(chats[0]) as live, ana.bo.at(chats[1]) as other:
        await ana.erase()
        await ana.erased()
        fresh = [await Mirror.of(ana.bo, chat) for chat in chats]
        for mirror, socket, now in zip(here, (live, other), fresh, strict=True):
            while mirror.last_seq < now.last_seq:
                frame = await socket.next()
                if "seq" in frame:
                    mirror.apply(frame)
    for mirror, chat in zip(away, chats, strict=True):
        for frame in await ana.bo.events(chat, mirror.last_seq):
            mirror.apply(frame)
    assert [one.state() for one in here] == [one.state() for one in fresh]
    assert [one.state() for one in away] == [one.state() for one in fresh]
    assert all(ana.id not in mirror.people for mirror in [*here, *away])


async def test_sockets_close_tokens_are_refused_and_nobody_comes_back(ana: Ana) -> None:
    async with ana.person.at(None) as live, ana.person.at(ana.job) as there:
        await ana.erase()
        assert (await live.closed())[0] == 4401
        assert (await there.closed())[0] in (4401, 4403)
    service, path = ana.world.service, f"/chat/conversations/{ana.job['id']}/add_participant/"
    later = mint_user(ana.world.worker.settings, ana.id, ttl_s=3600)
    for state in ("running", "done"):
        if state == "done":
            await ana.erased()
        for bearer in (ana.person.bearer, later):
            headers = {"Authorization": f"Bearer {bearer}"}
            answer = await service.call("GET", "/chat/conversations/unread_counts/", headers=headers)
            assert answer.status_code == 401
        refused: dict[str, Any] = {"status": 409, "code": "user_erased"}
        await service.refused("PUT", f"/chat/users/{ana.id}/", {"username": "ana"}, **refused)
        await service.refused("POST", f"/chat/users/{ana.id}/revoke/", **refused)
        await service.refused("POST", path, {"user_id": ana.id}, **refused)
        await service.acting_as(ana.person).refused("GET", "/chat/notifications/", **refused)
        await service.refused("GET", f"/chat/users/{ana.id}/export/", status=404, code="not_found")
        again = await ana.erase()
        assert again["state"] == state or state == "running"
    assert not await rows(ana.world.worker, "SELECT 1 FROM users WHERE id = :id", id=ana.id)


async def test_an_id_that_never_was_is_kept_out_too(world: World) -> None:
    nobody = Ana(world)
    await world.service.refused("GET", f"/chat/users/{nobody.id}/erasure/", status=404, code="not_found")
    await nobody.erase()
    await nobody.erased()
    answer = await nobody.person.call("GET", "/chat/notifications/")
    assert answer.status_code == 401
    assert nobody.mark not in await dump(world.worker)


async def test_erasing_takes_both_scopes(world: World) -> None:
    ana = Ana(world)
    for scopes in (["chat:provision"], ["chat:moderate"], ["chat:act_as"], []):
        service = world.make_service("half", *scopes)
        await service.refused("DELETE", f"/chat/users/{ana.id}/", status=403, code="scope_required")
    await world.make_service("reader", "chat:moderate").refused(
        "GET", f"/chat/users/{ana.id}/erasure/", status=403, code="scope_required"
    )
    await ana.bo.refused("DELETE", f"/chat/users/{ana.id}/", status=403, code="scope_required")


def test_a_name_goes_out_of_a_text_as_a_whole_word_only() -> None:
    ann = Person("ann", "erased-1", ["Ann", "Ann (the painter)", "李明", "x"])
    assert ann.forgotten("Annex of Ann (the painter), ANN's; x") == "Annex of erased user, erased user's; x"
    assert ann.forgotten("李明 joined") == "erased user joined"
    assert ann.forgotten({"by": "ann", "Ann": ["ann", 3, None]}) == {
        "by": "erased-1",
        "erased user": ["erased-1", 3, None],
    }
    assert Person("a", "erased-2", []).forgotten("a fence") == "a fence"
