"""An empty database for each test."""

import secrets

import pytest

from tests.support.servers import TEMPLATE, create_database, database_url


@pytest.fixture
async def empty_database(database: str) -> str:
    """The name of a migrated, empty database. `database` is requested so that the servers run."""
    name = f"{database}_seed_{secrets.token_hex(4)}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name
