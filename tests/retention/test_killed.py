"""A purge that is killed half-way leaves a consistent state, and the next one finishes it."""

import asyncio
import signal
import subprocess
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import make_url, text

from tests.retention.conftest import DAYS
from tests.retention.old_conversations import create_notifications, execute, import_old_conversation
from tests.support.processes import COMMAND, environment
from wasgo_chat.data_import import invariants
from wasgo_chat.database.session import Database
from wasgo_chat.messages import read_receipts

CHATS, MESSAGES, KEPT = 4, 1_500, 300
MEMBERS = ("u0", "u1", "u2")

RENEW = "UPDATE {} SET created_at = now() WHERE seq > :kept"
RENEW_READS = "UPDATE reads SET read_at = now() WHERE upper(numbers) > :kept + 1"

_RECOUNT = """
SELECT m.conversation_id, count(*) FROM messages m
JOIN participants p ON p.conversation_id = m.conversation_id AND p.user_id = :user_id
WHERE m.sender_id <> p.user_id AND m.deleted_at IS NULL AND NOT p.read @> m.number
GROUP BY m.conversation_id
"""

WRONG = {
    "a message that the log is past": """
        SELECT 1 FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.seq <= c.purged_seq""",
    "a notification of what is not there": """
        SELECT 1 FROM notifications n
        LEFT JOIN messages m ON m.conversation_id = n.conversation_id AND m.number = n.number WHERE m.id IS NULL""",
    "something young that went": f"""
        SELECT 1 FROM conversations c WHERE {KEPT} <> (
            SELECT count(*) FROM messages m
            WHERE m.conversation_id = c.id AND m.content IS NOT NULL AND m.seq > {MESSAGES - KEPT})""",
    "a young notification that went": f"""
        SELECT 1 FROM conversations c WHERE {KEPT * len(MEMBERS)} <> (
            SELECT count(*) FROM notifications n WHERE n.conversation_id = c.id AND n.seq > {MESSAGES - KEPT})""",
    "a young reading that went": f"""
        SELECT 1 FROM conversations c WHERE {KEPT} <> (
            SELECT count(*) FROM reads r WHERE r.conversation_id = c.id AND lower(r.numbers) > {MESSAGES - KEPT})""",
}

# In the order of the steps of a purge.
PROGRESS = (
    f"SELECT count(*) < {CHATS * MESSAGES * len(MEMBERS)} FROM notifications",
    "SELECT count(*) > 0 FROM conversations WHERE purged_seq > 0",
    f"SELECT count(*) < {CHATS * MESSAGES} FROM reads",
)
"""The purge is killed when each of these is true: notifications, a part of a log, and read receipts are deleted."""


async def check_consistency(db: Database) -> None:
    """Check what must hold at any moment of a purge."""
    assert await invariants.check_invariants(db) == []
    async with db.snapshot() as tx:
        for what, question in WRONG.items():
            assert (await tx.execute(text(question))).first() is None, what
        for user_id in MEMBERS:
            recount = await tx.execute(text(_RECOUNT), {"user_id": user_id})
            counted = {row[0]: row[1] for row in recount}
            assert await read_receipts.unread_counts(tx, user_id) == counted, user_id


async def wait_for_progress(db: Database, question: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(60):
        while process.returncode is None:
            async with db.snapshot() as tx:
                if (await tx.execute(text(question))).scalar_one():
                    return
            await asyncio.sleep(0.002)


@pytest.fixture
async def command(db: Database) -> Callable[[], Awaitable[asyncio.subprocess.Process]]:
    """Starts `wasgo-chat purge` on a database with expired and with recent messages."""
    for n in range(CHATS):
        chat = await import_old_conversation(db, f"c{n}", MESSAGES, members=len(MEMBERS), readers=1)
        await create_notifications(db, chat)
    renewed = (*(RENEW.format(table) for table in ("events", "messages")), RENEW_READS)
    await execute(db, *renewed, kept=MESSAGES - KEPT)
    name = make_url(db.settings.database_url).database or ""
    env = environment(name, RETENTION_DAYS=f"support={DAYS}")

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(COMMAND, "purge", env=env, stdout=subprocess.PIPE)

    return start


async def test_a_killed_purge_leaves_a_consistent_state_and_the_next_finishes_it(
    db: Database, command: Callable[[], Awaitable[asyncio.subprocess.Process]]
) -> None:
    await check_consistency(db)
    for progress in PROGRESS:
        killed = await command()
        await wait_for_progress(db, progress, killed)
        killed.send_signal(signal.SIGKILL)
        assert await killed.wait() == -signal.SIGKILL
        await killed.communicate()
        await check_consistency(db)
        due = "SELECT count(*) FROM conversations WHERE purged_seq < :upto"
        async with db.snapshot() as tx:
            assert (await tx.execute(text(due), {"upto": MESSAGES - KEPT})).scalar_one() > 0, "it had finished"
    again = await command()
    said, _ = await again.communicate()
    assert (again.returncode, said.decode().startswith("Deleted ")) == (0, True)
    await check_consistency(db)
    async with db.snapshot() as tx:
        for table in ("events", "messages", "reads"):
            assert (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == CHATS * KEPT, table
        told = (await tx.execute(text("SELECT count(*) FROM notifications"))).scalar_one()
        assert told == CHATS * KEPT * len(MEMBERS)
