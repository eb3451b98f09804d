"""The purge: what is deleted, what stays, what clients see, and concurrency with other work."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.attachments.samples import picture
from tests.support.workers import Worker, make_settings, running
from tests.support.world import Json, Person, World, pages, rows, wait_until
from wasgo_chat.gateway.delivery.channel import ConversationChannel
from wasgo_chat.gateway.delivery.subscription import Subscription
from wasgo_chat.notifications.feature import FEATURE as NOTIFICATIONS
from wasgo_chat.retention import steps
from wasgo_chat.retention.cli import purge as purge_command
from wasgo_chat.retention.task import purge_now
from wasgo_chat.settings.config import Settings

DAYS = 30


@pytest.fixture(scope="session")
async def retaining(database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worker]:
    """A worker that keeps direct conversations for a month and purges only on request."""
    folder = tmp_path_factory.mktemp("retained")
    given = {"retention_days": {"direct": DAYS}, "storage_dir": folder, "purge_s": 3600.0}
    async with running(make_settings(database, **given)) as started:
        yield started


@pytest.fixture
async def world(retaining: Worker) -> AsyncIterator[World]:
    made = World(retaining)
    yield made
    await made.close()


async def age(world: World, chat: Json, *, upto: int, days: int = DAYS + 1) -> None:
    """Age everything up to a seq."""
    statements = (
        "UPDATE events SET created_at = created_at - :by WHERE conversation_id = :id AND seq <= :upto",
        "UPDATE messages SET created_at = created_at - :by WHERE conversation_id = :id AND seq <= :upto",
        "UPDATE reads SET read_at = read_at - :by WHERE conversation_id = :id AND upper(numbers) <= :upto + 1",
    )
    async with world.worker.db.transaction() as tx:
        for statement in statements:
            bound = text(statement.replace(":by", f"interval '{days} days'"))
            await tx.execute(bound, {"id": chat["id"], "upto": upto})


async def told_of(world: World, chat: Json, count: int) -> None:
    """Wait until the consumer has created some number of notifications of a conversation."""
    told = "SELECT id FROM notifications WHERE conversation_id = :id"
    async with asyncio.timeout(10):
        while len(await rows(world.worker, told, id=chat["id"])) < count:  # noqa: ASYNC110  polling is the point
            await asyncio.sleep(0.05)


def stored(folder: Path, attachment: str) -> list[Path]:
    return list(folder.glob(f"*/{attachment}.*"))


async def talk(person: Person, chat: Json, count: int) -> list[Json]:
    return [await person.send(chat, f"m{n}") for n in range(count)]


async def test_old_messages_are_deleted_and_the_others_keep_their_numbers(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await talk(ana, chat, 6)
    await age(world, chat, upto=4)
    await purge_now(world.worker.db)
    assert [message["seq"] for message in await bo.history(chat)] == [6, 5]
    await bo.refused("GET", f"/chat/messages/{sent[0]['id']}/", status=404, code="not_found")
    assert (await ana.send(chat, "on"))["seq"] == 7
    page = await bo.ok("GET", f"/chat/conversations/{chat['id']}/events/", params={"after_seq": 0})
    assert [event["seq"] for event in page["results"]] == [5, 6, 7]
    assert page["purged_seq"] == 4


async def test_paging_ends_at_the_oldest_kept_message(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await talk(ana, chat, 8)
    await age(world, chat, upto=3)
    await purge_now(world.worker.db)
    back = await pages(bo, "/chat/messages/", conversation=chat["id"], limit=2)
    assert [message["seq"] for page in back for message in page] == [8, 7, 6, 5, 4]
    around = await bo.ok("GET", "/chat/messages/", params={"conversation": chat["id"], "around_seq": 2, "limit": 4})
    assert [message["seq"] for message in around["results"]] == [5, 4]
    assert around["next"] is None
    assert await bo.history(chat, before_seq=4) == []
    assert [message["seq"] for message in await bo.history(chat, after_seq=1)] == [4, 5, 6, 7, 8]


async def test_a_client_from_before_the_truncation_has_to_resync(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await talk(ana, chat, 5)
    await age(world, chat, upto=3)
    await purge_now(world.worker.db)
    async with bo.connect(chat, after_seq=2) as live:
        assert (await live.receive("resync"))["last_seq"] == 5
        await ana.send(chat, "live")
        assert (await live.receive("new_message"))["seq"] == 6
    async with bo.connect(chat, after_seq=3) as live:
        assert [(await live.receive("new_message"))["seq"] for _ in range(3)] == [4, 5, 6]


async def test_a_log_truncated_during_a_replay_is_a_resync(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await talk(ana, chat, 4)
    replay = world.worker.hub.replay
    replay_page = replay._replay_page

    async def after_a_purge(channel: ConversationChannel, subscription: Subscription) -> bool:
        await age(world, chat, upto=3)
        await purge_now(world.worker.db)
        monkeypatch.setattr(replay, "_replay_page", replay_page)
        return await replay_page(channel, subscription)

    monkeypatch.setattr(replay, "_replay_page", after_a_purge)
    async with bo.connect(chat, after_seq=1) as live:
        assert (await live.receive("resync"))["last_seq"] == 3
        assert (await live.receive("new_message"))["seq"] == 4


async def test_a_worker_that_missed_a_purge_continues(world: World, other_worker: Worker) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await talk(ana, chat, 4)
    async with bo.connect(chat, other_worker) as live:
        channel = next(one for key, one in other_worker.hub.channels.items() if str(key) == chat["id"])
        await age(world, chat, upto=3)
        await purge_now(world.worker.db)
        channel.delivered_head = channel.known_head = 1  # only now, or it could wake up during the purge
        for subscription in channel.subscriptions:
            subscription.watermark = 1
        assert (await live.wait_for("resync"))["last_seq"] == 3
        assert (await live.receive("new_message"))["seq"] == 4


async def test_a_reply_to_a_purged_message_has_no_preview(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    first = await ana.send(chat, "the question")
    reply = await bo.send(chat, "the answer", reply_to=first["id"])
    await age(world, chat, upto=1)
    await purge_now(world.worker.db)
    (found,) = await ana.history(chat)
    assert (found["id"], found["reply_to"], found["reply_preview"]) == (reply["id"], first["id"], None)
    body = {"conversation": chat["id"], "content": "late", "reply_to": first["id"]}
    await ana.refused("POST", "/chat/messages/", body, status=422, code="invalid")


async def test_a_recently_changed_message_loses_its_content_and_keeps_its_place(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    first, second, _ = await talk(ana, chat, 3)
    await bo.ok("POST", f"/chat/messages/{first['id']}/react/", {"emoji": "👍"})
    await ana.ok("POST", f"/chat/messages/{second['id']}/edit/", {"content": "secret, again"})
    await age(world, chat, upto=3)
    await purge_now(world.worker.db)
    found = await bo.history(chat)
    assert [(one["seq"], one["is_deleted"], one["content"], one["reactions"]) for one in found] == [
        (2, True, None, []),
        (1, True, None, []),
    ]
    assert [event["type"] for event in await bo.events(chat, 3)] == ["reaction_update", "message_edited"]
    assert (
        await rows(world.worker, "SELECT revision FROM message_revisions WHERE conversation_id = :id", id=chat["id"])
        == []
    )
    await bo.refused("POST", f"/chat/messages/{first['id']}/react/", {"emoji": "❤️"}, status=409, code="message_deleted")
    await ana.send(chat, "fresh")
    await age(world, chat, upto=5)
    await purge_now(world.worker.db)
    assert [message["seq"] for message in await bo.history(chat)] == [6]


async def test_the_last_message_loses_its_content_too_and_the_log_continues(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await talk(ana, chat, 3)
    await age(world, chat, upto=3)
    purged = await purge_now(world.worker.db)
    assert purged.tombstones >= 1
    (only,) = await bo.history(chat)
    assert (only["seq"], only["is_deleted"], only["content"]) == (3, True, None)
    assert (await bo.get_conversation(chat))["last_message"]["content"] is None
    async with bo.connect(chat, after_seq=2) as live:
        assert (await live.receive("new_message"))["message"]["is_deleted"]
        await ana.send(chat, "again")
        assert (await live.receive("new_message"))["seq"] == 4


async def test_unread_counts_what_is_still_there(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await talk(ana, chat, 6)
    await bo.ok("POST", f"/chat/messages/{sent[1]['id']}/mark_read/")
    assert (await bo.get_conversation(chat))["unread_count"] == 5
    await age(world, chat, upto=4)
    await purge_now(world.worker.db)
    assert (await bo.get_conversation(chat))["unread_count"] == 2
    await bo.ok("POST", f"/chat/messages/{sent[4]['id']}/mark_read/")
    assert (await bo.get_conversation(chat))["unread_count"] == 1
    receipts = await ana.ok("GET", f"/chat/messages/{sent[4]['id']}/receipts/")
    assert [one["user"]["id"] for one in receipts["results"]] == [bo.id]
    assert (await bo.ok("POST", f"/chat/conversations/{chat['id']}/mark_read/"))["unread_count"] == 0
    await ana.send(chat, "one more")
    assert (await bo.get_conversation(chat))["unread_count"] == 1


async def test_files_and_notifications_are_deleted_with_their_message(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    form = {"conversation": chat["id"], "content": "look", "message_type": "image"}
    files = [("files", ("a.png", picture("PNG"), "image/png"))]
    with_file = await ana.ok("POST", "/chat/messages/", data=form, files=files, status=201)
    await ana.send(chat, "later")
    folder: Path = world.worker.settings.storage_dir
    told = "SELECT seq FROM notifications WHERE conversation_id = :id ORDER BY seq"
    await told_of(world, chat, 2)
    attachment = with_file["attachments"][0]["id"]
    assert stored(folder, attachment)
    await age(world, chat, upto=1)
    await purge_now(world.worker.db)
    assert [row.seq for row in await rows(world.worker, told, id=chat["id"])] == [2]
    await wait_until(lambda: not stored(folder, attachment))


async def test_only_the_configured_types_are_purged(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    job = await world.job(admin=ana, participant=bo)
    await ana.send(job, "kept")
    await age(world, job, upto=1, days=5000)
    await purge_now(world.worker.db)
    assert [message["content"] for message in await bo.history(job)] == ["kept"]


async def test_a_purge_runs_concurrently_with_sends_and_finishes_page_by_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "PAGE", 3)
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await talk(ana, chat, 20)
    await age(world, chat, upto=20)
    async with bo.connect(chat) as live:
        purging_now = asyncio.create_task(purge_now(world.worker.db))
        await talk(ana, chat, 20)
        await purging_now
        assert [(await live.receive("new_message"))["seq"] for _ in range(20)] == list(range(21, 41))
    await purge_now(world.worker.db)
    assert [message["seq"] for message in await bo.history(chat)] == list(range(40, 20, -1))


async def test_old_notifications_are_deleted_periodically(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat, "told")
    told = "SELECT id FROM notifications WHERE conversation_id = :id"
    await told_of(world, chat, 1)
    shift = (
        "UPDATE notifications SET id = CAST('0100' || substr(CAST(id AS text), 5) AS uuid) WHERE conversation_id = :id"
    )
    async with world.worker.db.transaction() as tx:
        await tx.execute(text(shift), {"id": chat["id"]})
    world.worker.db.settings = world.worker.settings.model_copy(update={"notification_retention_days": 7})
    try:
        await purge_now(world.worker.db, NOTIFICATIONS.retention)
    finally:
        world.worker.db.settings = world.worker.settings
    assert await rows(world.worker, told, id=chat["id"]) == []
    assert len(await bo.history(chat)) == 1


async def test_a_dry_run_counts_and_deletes_nothing(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await talk(ana, chat, 3)
    await age(world, chat, upto=2)
    (line,) = (await purge_command(world.worker.settings, dry_run=True)).lines
    assert line.startswith("direct: ")
    assert len(await bo.history(chat)) == 3
    (line,) = (await purge_command(world.worker.settings, dry_run=False)).lines
    assert line.startswith("Deleted ")
    assert len(await bo.history(chat)) == 1


def test_retention_is_configured_as_a_list_of_types() -> None:
    assert Settings(retention_days="support=365, bid=730").retention_days == {"support": 365, "bid": 730}
    for wrong in ("support", "support=0", "nothing=5", "support=x"):
        with pytest.raises(ValueError, match="retention_days"):
            Settings(retention_days=wrong)
