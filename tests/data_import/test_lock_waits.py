"""What blocks an import: another import, a locked conversation, an unavailable database."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from tests.data_import.histories import HISTORY, import_lines
from tests.data_import.lock_waits import wait_until_found
from tests.support.workers import make_settings
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.data_import import run
from wasgo_chat.data_import.append import LOCK_IMPORTS
from wasgo_chat.database.session import Database

LOCK_TIMEOUT_S = 0.2
WAITS = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
HELD = "SELECT FROM conversations FOR UPDATE"


@pytest.fixture
async def db(empty_database: str) -> AsyncIterator[Database]:
    """Connections of another process, to a database that has a conversation."""
    made = Database(make_settings(empty_database, lock_timeout_s=LOCK_TIMEOUT_S))
    await import_lines(made.settings, HISTORY[:3])
    yield made
    await made.close()


@pytest.mark.parametrize("held", [LOCK_IMPORTS, HELD])
async def test_an_import_waits_longer_than_one_lock_timeout(db: Database, held: str) -> None:
    async with db.transaction() as tx:
        await tx.execute(text(held))
        second = asyncio.create_task(import_lines(db.settings, HISTORY))
        await wait_until_found(db, WAITS)
        await asyncio.sleep(2 * LOCK_TIMEOUT_S)
        await wait_until_found(db, WAITS)
    report, rejected = await second
    assert (report.messages, report.known, rejected) == (5, 1, [])


async def test_an_import_does_not_wait_indefinitely(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "BUSY_TIMEOUT_S", 0.5)
    async with db.transaction() as tx:
        await tx.execute(text(HELD))
        with pytest.raises(Unavailable, match="locked by other sessions"):
            await import_lines(db.settings, HISTORY)
