"""`ws/notifications/`: unread counts, conversations and notifications, across workers."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.gateway.sockets import connect_notifications
from tests.support.workers import Worker, make_settings
from tests.support.world import World, world_with


async def test_the_current_counts_come_on_connect_and_whenever_they_change(world: World, other_worker: Worker) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat, "one")
    async with connect_notifications(bo, other_worker) as b:
        counts = await b.wait_for("unread_counts")
        assert (counts["total"], counts["conversations"]) == (1, {chat["id"]: 1})
        await ana.send(chat, "two")
        assert (await b.wait_for("unread_counts"))["total"] == 2
        await bo.ok("POST", f"/chat/conversations/{chat['id']}/mark_read/")
        assert (await b.wait_for("unread_counts"))["conversations"] == {}


async def test_added_changed_and_removed_conversations_are_reported(world: World, other_worker: Worker) -> None:
    ana, bo = world.people("ana", "bo")
    async with connect_notifications(bo, other_worker) as b:
        await b.wait_for("unread_counts")
        chat = await world.job(admin=ana, participant=bo)
        added = await b.wait_for("conversation_added")
        assert added["conversation"] == await bo.get_conversation(chat)
        await ana.ok("PATCH", f"/chat/conversations/{chat['id']}/", {"title": "New title"})
        assert (await b.wait_for("conversation_updated"))["conversation"]["title"] == "New title"
        path = f"/chat/conversations/{chat['id']}/remove_participant/"
        await ana.ok("POST", path, {"user_id": bo.id}, status=204)
        assert (await b.wait_for("conversation_removed"))["conversation_id"] == chat["id"]


async def test_a_table_that_is_locked_for_a_while_does_not_end_the_feed(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wasgo_chat.gateway.delivery.notification_feed.FULL_SYNC_S", 0.2)
    async with world_with(make_settings(database, lock_timeout_s=0.1)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with connect_notifications(bo, world.worker) as b:
            await b.wait_for("unread_counts")
            async with world.worker.db.transaction() as tx:
                await tx.execute(text("SET LOCAL lock_timeout = '10s'"))
                await tx.execute(text("LOCK TABLE participants IN ACCESS EXCLUSIVE MODE"))  # as a migration would
                for _ in range(20):
                    world.worker.parts.notification_feed.mark_changed([UUID(chat["id"])])
                    await asyncio.sleep(0.05)
            await ana.send(chat)
            assert (await b.wait_for("unread_counts"))["total"] == 1


async def test_a_notification_is_pushed_to_its_user_on_any_worker(world: World, other_worker: Worker) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with connect_notifications(bo, other_worker) as b:
        await b.wait_for("unread_counts")
        message = await ana.send(chat, "for you")
        frame = await b.wait_for("notification")
        assert frame["notification"]["message_id"] == message["id"]
        listed = await bo.ok("GET", "/chat/notifications/")
        assert listed["results"][0] == frame["notification"]
