"""A database of one's own, migrated and empty."""

import secrets

import pytest

from tests.support.servers import TEMPLATE, create_database, database_url


@pytest.fixture
async def empty(database: str) -> str:
    """Its name; `database` is asked for so that the servers are there."""
    name = f"{database}_bulk_{secrets.token_hex(4)}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name
