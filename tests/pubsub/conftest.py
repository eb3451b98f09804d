"""Redis as a cluster and under Sentinels, shared by the tests of this folder."""

import os
from collections.abc import AsyncIterator

import pytest

from tests.support.redis_servers import Cluster, Sentinels, cluster, sentinels
from tests.support.servers import TEMPLATE, create_database, database_url


@pytest.fixture(scope="session")
async def a_cluster() -> AsyncIterator[Cluster]:
    """A cluster that tests share; each leaves it healthy."""
    async with cluster() as formed:
        yield formed


@pytest.fixture(scope="session")
async def a_sentinel() -> AsyncIterator[Sentinels]:
    """A primary under Sentinels that tests share; each leaves it healthy."""
    async with sentinels() as formed:
        yield formed


@pytest.fixture(scope="session")
async def quiet_database() -> str:
    """A migrated database that only the workers of these tests use."""
    name = f"chat_pubsub_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name
