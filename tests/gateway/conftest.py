"""A second worker on the same database and Redis, for what crosses workers."""

from collections.abc import AsyncIterator

import pytest

from tests.support.running import Worker, make_settings, running


@pytest.fixture(scope="session")
async def other_worker(database: str) -> AsyncIterator[Worker]:
    async with running(make_settings(database, head_check_s=0.2)) as started:
        yield started
