"""A separate database: pending markers wait for all consumers, and workers of other tests run one."""

import os

import pytest

from tests.support.servers import TEMPLATE, create_database, database_url


@pytest.fixture(scope="session")
async def quiet_database() -> str:
    """A migrated database in which only the consumers of the test run."""
    name = f"chat_events_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name
