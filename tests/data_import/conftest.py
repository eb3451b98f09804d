"""A database of one's own, migrated and empty."""

import secrets

import pytest

from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import make_settings
from wasgo_chat.core.config import Settings


@pytest.fixture
async def empty(database: str) -> str:
    """Its name; `database` is asked for so that the servers are there."""
    name = f"{database}_bulk_{secrets.token_hex(4)}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name


@pytest.fixture(scope="session")
async def empty_once(database: str) -> Settings:
    """Settings of one that is shared by those who keep nothing."""
    name = f"{database}_bulk_shared"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return make_settings(name)
