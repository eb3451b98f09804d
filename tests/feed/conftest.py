"""Separate databases: the workers of other tests would run the sequencer and the consumers."""

import os
from collections.abc import AsyncIterator

import pytest

from tests.feed.feed_world import FeedWorld, roles_taken
from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import make_settings, running
from tests.support.world import World


@pytest.fixture
async def quiet_database() -> str:
    """A migrated database in which nothing runs."""
    name = f"chat_feed_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name


@pytest.fixture
async def feed(quiet_database: str) -> AsyncIterator[FeedWorld]:
    """A world whose worker neither sequences nor consumes: another session has the roles. The test does both itself."""
    async with roles_taken(quiet_database), running(make_settings(quiet_database)) as worker:
        made = FeedWorld(World(worker))
        yield made
        await made.close()
