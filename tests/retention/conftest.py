"""An empty, migrated database for each test."""

import secrets
from collections.abc import AsyncIterator

import pytest

from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import make_settings
from wasgo_chat.database.session import Database

DAYS = 30
LOCK_TIMEOUT_S = 0.4
"""Short, so that tests of lock timeouts are quick."""


@pytest.fixture
async def db(database: str) -> AsyncIterator[Database]:
    """A connection pool, with a retention of a month for support conversations."""
    name = f"{database}_retention_{secrets.token_hex(4)}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    given = {"retention_days": {"support": DAYS}, "lock_timeout_s": LOCK_TIMEOUT_S}
    made = Database(make_settings(name, **given))
    yield made
    await made.close()
