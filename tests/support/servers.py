"""The servers that all tests share: one PostgreSQL with a migrated template database, and one Valkey."""

import asyncio
import os
import tempfile
from pathlib import Path

import asyncpg

from wasgo_chat.database import migrations
from wasgo_chat.development.embedded import Postgres, Valkey
from wasgo_chat.settings.config import Settings

TEMPLATE = "chat_template"
# Tests do not depend on durability across a power failure.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "max_connections": "300"}


class TestServers:
    """Started by the process that runs pytest; its xdist workers find them in the environment."""

    __test__ = False

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="wasgo-chat-tests-")
        self.postgres = Postgres(Path(self._folder.name) / "postgres", NOT_DURABLE)
        self.valkey = Valkey()

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()
        asyncio.run(create_database(self.postgres.url(), TEMPLATE))
        migrations.upgrade(Settings(database_url=self.postgres.url(TEMPLATE)).database_url)
        os.environ["TEST_POSTGRES"] = self.postgres.url("{database}")
        os.environ["TEST_VALKEY"] = self.valkey.url

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop(immediately=True)
        self._folder.cleanup()


def database_url(database: str) -> str:
    return os.environ["TEST_POSTGRES"].format(database=database)


def valkey_url() -> str:
    return os.environ["TEST_VALKEY"]


async def create_database(admin_url: str, name: str, template: str = "template0") -> None:
    """Create a database; an existing one is replaced."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()
