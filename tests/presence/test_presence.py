"""Presence: online and offline, the grace period, last seen, several workers, and who may see whom."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.gateway.sockets import connect_notifications
from tests.support.workers import Worker, make_settings
from tests.support.world import Json, Person, World, wait_for, world_with
from wasgo_chat.presence import tracker
from wasgo_chat.presence.registry import PresenceRegistry
from wasgo_chat.presence.tracker import Presence

PATH = "/chat/presence/"


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wasgo_chat.presence.tracker.GRACE_S", 0.05)
    monkeypatch.setattr("wasgo_chat.presence.tracker.HEARTBEAT_S", 0.1)


async def presence_of(caller: Person, *user_ids: str) -> list[Json]:
    results: list[Json] = (await caller.ok("GET", PATH, params={"user_ids": ",".join(user_ids)}))["results"]
    return results


async def is_online(caller: Person, user: Person) -> bool:
    return bool((await presence_of(caller, user.id))[0]["online"])


@pytest.fixture
async def registry(world: World) -> AsyncIterator[PresenceRegistry]:
    """The registry as another worker sees it. A worker knows its own connections before they are registered."""
    assert world.worker.settings.redis_url is not None
    opened = PresenceRegistry(world.worker.settings.redis_url, world.unique("observer"))
    yield opened
    await opened.close()


async def is_registered(registry: PresenceRegistry, user: Person) -> bool:
    return await registry.online_among([user.id]) == [user.id]


async def is_unregistered(registry: PresenceRegistry, user: Person) -> bool:
    return await registry.online_among([user.id]) == []


async def test_presence_is_published_to_users_who_share_a_conversation(world: World, other_worker: Worker) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    users = bo.id, cy.id, "nobody"
    async with connect_notifications(ana, world.worker) as a:
        await a.wait_for("unread_counts")
        async with bo.connect(chat, other_worker):
            assert await a.receive("presence") == {
                "type": "presence",
                "user_id": bo.id,
                "online": True,
                "last_seen": None,
            }
            async with cy.connect(None, other_worker):
                assert [one["online"] for one in await presence_of(ana, *users)] == [True, False, False]
        gone = await a.receive("presence")
        assert (gone["user_id"], gone["online"]) == (bo.id, False)
        assert gone["last_seen"] is not None
        shown = await presence_of(ana, *users)
        assert [one["online"] for one in shown] == [False, False, False]
        assert [one["last_seen"] is None for one in shown] == [False, True, True]


async def test_presence_is_hidden_from_who_opened_a_conversation_until_the_other_has_written(
    world: World, registry: PresenceRegistry
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    async with connect_notifications(ana, world.worker) as a:
        await a.wait_for("unread_counts")
        async with bo.connect(chat):
            await wait_for(is_registered, registry, bo)
            assert await presence_of(ana, bo.id) == [{"user_id": bo.id, "online": False, "last_seen": None}]
        await wait_for(is_unregistered, registry, bo)
        async with ana.connect(chat):
            await wait_for(is_online, bo, ana)  # who is written to sees who writes
        await bo.send(chat)
        async with bo.connect(chat):
            frame = await a.wait_for("presence")  # the first one: nothing was published before
            assert (frame["user_id"], frame["online"]) == (bo.id, True)
            assert await is_online(ana, bo)


async def test_a_user_who_left_the_last_shared_conversation_is_not_visible(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    async with bo.connect(None):
        await wait_for(is_online, ana, bo)
        path = f"/chat/conversations/{chat['id']}/remove_participant/"
        await ana.ok("POST", path, {"user_id": bo.id}, status=204)
        assert await presence_of(ana, bo.id) == [{"user_id": bo.id, "online": False, "last_seen": None}]
        assert await is_online(bo, bo)


async def test_a_reconnect_within_the_grace_period_is_not_published(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    await bo.direct(ana)
    await cy.direct(ana)
    async with connect_notifications(ana, world.worker) as a:
        await a.wait_for("unread_counts")
        monkeypatch.setattr("wasgo_chat.presence.tracker.GRACE_S", 0.3)
        async with bo.connect(None):
            assert (await a.receive("presence"))["user_id"] == bo.id
        async with bo.connect(None):
            monkeypatch.setattr("wasgo_chat.presence.tracker.GRACE_S", 0.4)
            async with cy.connect(None):
                assert (await a.receive("presence"))["user_id"] == cy.id
            # cy disconnected after bo, so bo's grace period ends first.
            gone = await a.receive("presence")
            assert (gone["user_id"], gone["online"]) == (cy.id, False)
            assert await is_online(ana, bo)


async def test_a_connection_is_published_after_a_heartbeat_and_the_end_of_an_earlier_grace_period(world: World) -> None:
    settings, user_id = world.worker.settings, world.unique("bo")
    published: list[tuple[str, bool]] = []

    async def listener(changed_id: str, is_online: bool) -> None:
        published.append((changed_id, is_online))

    async def is_published() -> bool:
        return published == [(user_id, True)]

    presence = Presence(world.worker.db, settings.redis_url, world.unique("worker"))
    presence.add_listener(listener)
    presence.connected(user_id)
    presence.disconnected(user_id)
    presence.connected(user_id)
    await asyncio.sleep(2 * tracker.GRACE_S)
    running = asyncio.create_task(presence.run())  # it begins with a heartbeat
    try:
        await wait_for(is_published)
    finally:
        running.cancel()
        await presence.close()


async def test_a_user_is_online_until_the_last_connection_on_any_worker_closes(
    world: World, other_worker: Worker
) -> None:
    ana, bo = world.people("ana", "bo")
    await bo.direct(ana)
    async with connect_notifications(ana, world.worker) as a:
        await a.wait_for("unread_counts")
        async with bo.connect(None, world.worker):
            assert (await a.receive("presence"))["online"] is True
            async with bo.connect(None, other_worker), bo.connect(None, other_worker):
                assert await is_online(ana, bo)
            assert await is_online(ana, bo)
        # Only the last of three disconnects is published.
        assert (await a.receive("presence"))["online"] is False
        assert not await is_online(ana, bo)


async def test_presence_left_by_a_crashed_worker_expires_and_is_published_once(
    database: str, other_worker: Worker
) -> None:
    settings = make_settings(database)
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        await bo.direct(ana)
        assert settings.redis_url is not None
        crashed = PresenceRegistry(settings.redis_url, world.unique("crashed"))
        async with connect_notifications(ana, world.worker) as a:
            await a.wait_for("unread_counts")
            await crashed.register([bo.id], ttl_s=-600)  # its last heartbeat was ten minutes ago
            assert (await a.receive("presence"))["online"] is False
            assert not await is_online(ana, bo)
            async with bo.connect(None, other_worker):
                assert (await a.receive("presence"))["online"] is True
        await crashed.close()


async def test_presence_of_no_user_is_422(world: World) -> None:
    ana = world.person("ana")
    for wrong in ("", ",", "x" * 129, ",".join(str(one) for one in range(101))):
        await ana.refused("GET", PATH, params={"user_ids": wrong}, status=422, code="invalid")
