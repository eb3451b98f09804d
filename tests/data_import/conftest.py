"""Empty, migrated databases."""

import secrets

import pytest

from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import make_settings
from wasgo_chat.settings.config import Settings


@pytest.fixture
async def empty_database(database: str) -> str:
    """The name of an empty database for one test."""
    name = f"{database}_bulk_{secrets.token_hex(4)}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return name


@pytest.fixture(scope="session")
async def shared_database_settings(database: str) -> Settings:
    """Settings of a database that is shared by tests which store nothing."""
    name = f"{database}_bulk_shared"
    await create_database(database_url("postgres"), name, TEMPLATE)
    return make_settings(name)
