"""Redis as a cluster and under Sentinels, shared by the tests of this folder."""

from collections.abc import AsyncIterator

import pytest

from tests.support.redis_servers import Cluster, Sentinels, cluster, sentinels


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
