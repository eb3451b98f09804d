"""A database of its own: a note waits for all readers, and workers of other tests run one. Redis in its other forms."""

import os
from collections.abc import AsyncIterator

import pytest

from tests.support.redises import Cluster, Sentinels, cluster, sentinels
from tests.support.servers import TEMPLATE, create_database, database_url


@pytest.fixture(scope="session")
async def quiet_database() -> str:
    """A migrated database where only the readers of the test read."""
    name = f"chat_events_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name


@pytest.fixture(scope="session")
async def a_cluster() -> AsyncIterator[Cluster]:
    """A cluster that tests share; they leave it whole."""
    async with cluster() as formed:
        yield formed


@pytest.fixture(scope="session")
async def a_sentinel() -> AsyncIterator[Sentinels]:
    """A primary under Sentinels that tests share; they leave it whole."""
    async with sentinels() as formed:
        yield formed
