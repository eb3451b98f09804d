"""The pace of a purge: size of its steps, effect on others, and isolation of failures."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.retention.old_conversations import count, create_notifications, execute, import_old_conversation
from tests.support.world import wait_for
from wasgo_chat.data_import import invariants
from wasgo_chat.database.session import Database
from wasgo_chat.notifications.feature import FEATURE as NOTIFICATIONS
from wasgo_chat.retention import steps
from wasgo_chat.retention.cli import purge as purge_command
from wasgo_chat.retention.task import RetentionTask, exclusive_run, purge_now
from wasgo_chat.telemetry.counters import WorkerCounters

SLOW = (
    "CREATE FUNCTION dawdle() RETURNS trigger AS 'BEGIN PERFORM pg_sleep(0.02); RETURN OLD; END' LANGUAGE plpgsql",
    "CREATE TRIGGER dawdle BEFORE DELETE ON TABLE FOR EACH ROW EXECUTE FUNCTION dawdle()",
)
BROKEN = (
    """CREATE FUNCTION fail() RETURNS trigger AS
       'BEGIN IF OLD.conversation_id = ''ID'' THEN RAISE ''broken''; END IF; RETURN OLD; END' LANGUAGE plpgsql""",
    "CREATE TRIGGER fail BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION fail()",
)
OLD_NOTIFICATION = """
INSERT INTO notifications (id, user_id, conversation_id, message_id, seq, number, kind, created_at)
VALUES ('01000000-0000-7000-8000-000000000000', 'u1', CAST(:id AS uuid), gen_random_uuid(), 9, 9, 'message', now())
"""


async def is_blocked(db: Database) -> bool:
    """Whether a session of the database waits for a lock."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with db.snapshot() as tx:
        return (await tx.execute(text(waiting))).first() is not None


async def test_notifications_are_deleted_in_pages_without_blocking_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "PAGE", 5)
    chat = await import_old_conversation(db, "crowd", 10, members=30)
    await create_notifications(db, chat)
    async with db.transaction() as tx:
        # Marking one as read blocks it.
        await tx.execute(text("SELECT FROM notifications WHERE conversation_id = :id LIMIT 1 FOR UPDATE"), {"id": chat})
        purge = asyncio.create_task(purge_now(db))
        await wait_for(is_blocked, db)
        async with db.transaction() as sender:
            await sender.execute(
                text("SELECT FROM conversations WHERE id = :id FOR NO KEY UPDATE NOWAIT"), {"id": chat}
            )
    await purge
    assert await count(db, "notifications", chat) == 0
    assert await count(db, "events", chat) == 1


async def test_a_page_that_takes_too_long_is_halved(db: Database) -> None:
    chat = await import_old_conversation(db, "slow", 6, members=20)
    await create_notifications(db, chat)
    await execute(db, SLOW[0], SLOW[1].replace("TABLE", "notifications"))
    purged = await purge_now(db)
    assert (purged.events, await count(db, "notifications", chat)) == (5, 0)


async def test_a_step_that_takes_too_long_is_halved(db: Database) -> None:
    await import_old_conversation(db, "slow", 80)
    await execute(db, SLOW[0], SLOW[1].replace("TABLE", "messages"))
    assert (await purge_now(db)).messages == 79
    assert await invariants.check_invariants(db) == []


async def test_a_conversation_that_fails_does_not_stop_the_others(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("one", "two", "three")
    chats = sorted([await import_old_conversation(db, name, 4) for name in names])
    await execute(db, BROKEN[0].replace("ID", str(chats[0])), BROKEN[1])
    await execute(db, OLD_NOTIFICATION, id=chats[1])
    db.settings = db.settings.model_copy(update={"notification_retention_days": 7})
    counts = WorkerCounters()
    passes = RetentionTask(db, counts, NOTIFICATIONS.retention, rest_per_work=0)
    purged = await passes.purge()
    assert [await count(db, "events", chat) for chat in chats] == [4, 1, 1]
    assert list(purged.failed) == [chats[0]]
    assert counts.purges == {"done": 2, "deferred": 1, "failed": 0}
    assert await count(db, "notifications", chats[1]) == 0
    assert str(chats[0]) in caplog.text
    await execute(db, "DROP TRIGGER fail ON events")
    assert list((await passes.purge()).failed) == [chats[0]], "it is deferred"
    assert counts.purges["deferred"] == 2
    assert (await passes.purge()).failed == {}
    assert await count(db, "events", chats[0]) == 1


async def test_read_receipts_are_deleted_however_many_there_are(db: Database) -> None:
    chat = await import_old_conversation(db, "well-read", 40, members=61, readers=60)
    assert await count(db, "reads", chat) == 2400
    await purge_now(db)
    assert await count(db, "reads", chat) == 1, "the newest stays"


async def test_read_receipts_left_behind_are_deleted_next_time(db: Database) -> None:
    chat = await import_old_conversation(db, "left", 3, members=4, readers=3)
    await execute(db, "CREATE TABLE kept AS SELECT * FROM reads")
    await purge_now(db)
    await execute(db, "INSERT INTO reads SELECT * FROM kept ON CONFLICT DO NOTHING")
    assert await count(db, "reads", chat) == 9
    await purge_now(db)
    assert await count(db, "reads", chat) == 1
    due, _ = await steps.scan(db, db.settings, UUID(int=0))
    assert due == []


async def test_read_receipts_of_kept_messages_stay(db: Database) -> None:
    chat = await import_old_conversation(db, "half", 6, members=3, readers=2)
    await execute(
        db,
        "UPDATE events SET created_at = now() WHERE seq > 3",
        "UPDATE messages SET created_at = now() WHERE seq > 3",
    )
    await purge_now(db)
    assert await count(db, "messages", chat) == 3
    async with db.snapshot() as tx:
        left = await tx.execute(text("SELECT DISTINCT lower(numbers) FROM reads ORDER BY 1"))
        assert list(left.scalars()) == [4, 5, 6]


async def test_the_command_reports_locked_conversations(db: Database) -> None:
    chat = await import_old_conversation(db, "busy", 4)
    await import_old_conversation(db, "free", 4)
    async with db.transaction() as tx:
        await tx.execute(text("SELECT FROM conversations WHERE id = :id FOR UPDATE"), {"id": chat})
        report = await purge_command(db.settings, dry_run=False)
    assert not report.is_done
    assert report.lines[0] == "Deleted 3 messages and 3 events, and cleared 1 messages."
    assert report.lines[1].startswith("Skipped 1 conversations that were locked")
    assert (await purge_command(db.settings, dry_run=False)).is_done
    assert await count(db, "messages", chat) == 1


async def test_one_worker_purges_at_a_time(db: Database) -> None:
    async with exclusive_run(db) as first, exclusive_run(db) as second:
        assert (first, second) == (True, False)
    async with exclusive_run(db) as third:
        assert third


async def test_workers_purge_periodically(db: Database) -> None:
    db.settings = db.settings.model_copy(update={"purge_s": 0.05})
    workers = [asyncio.create_task(RetentionTask(db, WorkerCounters()).run()) for _ in range(2)]
    for name in ("first", "second"):
        chat = await import_old_conversation(db, name, 4)
        async with asyncio.timeout(30):
            while await count(db, "messages", chat) > 1:  # noqa: ASYNC110  polling is the point
                await asyncio.sleep(0.02)
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    async with exclusive_run(db) as is_alone:
        assert is_alone
    assert await invariants.check_invariants(db) == []


async def test_dead_deliveries_are_deleted_however_many_there_are(db: Database) -> None:
    chat = await import_old_conversation(db, "dead", 1)
    await execute(
        db,
        """INSERT INTO deliveries
               (id, user_id, conversation_id, channel, target, first_number, last_number, due_at, state)
           SELECT CAST('01000000-0000-7000-8000-' || lpad(CAST(n AS text), 12, '0') AS uuid), 'u1', CAST(:id AS uuid),
                  'webhook', '', n, n, now(), 'dead' FROM generate_series(1, 2500) n""",
        id=chat,
    )
    db.settings = db.settings.model_copy(update={"notification_retention_days": 7})
    await purge_now(db, NOTIFICATIONS.retention)
    assert await count(db, "deliveries", chat) == 0
