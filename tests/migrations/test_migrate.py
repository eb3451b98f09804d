"""Migrating a database in use: locks, a second migrator, unfinished indexes, and a database that is ahead."""

import asyncio
import threading
from pathlib import Path

import asyncpg
import pytest

from tests.support.processes import COMMAND, environment
from tests.support.servers import create_database, database_url
from tests.support.workers import SECRET, make_settings
from wasgo_chat.database import migrations
from wasgo_chat.database.session import Database
from wasgo_chat.server.run import preflight_checks
from wasgo_chat.settings.config import Settings

NEW = """
from wasgo_chat.database.migrations import create_index_concurrently, drop_index_concurrently

revision = "9001"
down_revision = "{head}"


def upgrade():
    create_index_concurrently("ix_users_locale", "users", ["locale"])


def downgrade():
    drop_index_concurrently("ix_users_locale")
"""


@pytest.fixture
async def empty(database: str) -> str:
    """The name of a database without tables."""
    name = f"{database}_migrating"
    await create_database(database_url("postgres"), name)
    return name


def url_of(name: str) -> str:
    return Settings(database_url=database_url(name)).database_url


async def aside(*given: object, **more: object) -> None:
    await asyncio.to_thread(migrations.upgrade, *given, **more)  # type: ignore[arg-type]  # keywords of a table of cases


async def test_two_migrators_do_not_collide(empty: str) -> None:
    command = [str(COMMAND), "migrate"]
    migrators = [await asyncio.create_subprocess_exec(*command, env=environment(empty)) for _ in range(2)]
    assert [await one.wait() for one in migrators] == [0, 0]
    db = Database(make_settings(empty))
    assert await migrations.applied_revisions(db) == {migrations.head_revision()}
    await db.close()


async def test_a_migration_without_its_lock_lets_others_pass_and_retries(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "FIRST_RETRY_S", 0.01)
    await aside(url_of(empty), "0004")
    holder = await asyncpg.connect(database_url(empty))
    has_rested = threading.Event()
    monkeypatch.setattr(migrations.log, "warning", lambda *_, **__: has_rested.set())
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("SELECT FROM users")
    migrating = asyncio.create_task(aside(url_of(empty), lock_timeout_ms=50))
    assert await asyncio.to_thread(has_rested.wait, 20)
    await transaction.commit()
    await migrating
    assert await holder.fetchval("SELECT version_num FROM alembic_version") == migrations.head_revision()
    await holder.close()


async def test_a_lock_that_never_becomes_free_is_explained(empty: str) -> None:
    await aside(url_of(empty), "0004")
    holder = await asyncpg.connect(database_url(empty))
    async with holder.transaction():
        await holder.execute("SELECT FROM users")
        with pytest.raises(migrations.LockNotAcquired, match="long transactions"):
            await aside(url_of(empty), lock_timeout_ms=50, lock_wait_s=0)
    await holder.close()


async def test_an_unfinished_index_is_built_again(empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await aside(url_of(empty))
    (tmp_path / "9001_new.py").write_text(NEW.format(head=migrations.head_revision()))
    made = migrations.config

    def with_one_more(url: str = "") -> object:
        config = made(url)
        versions = f"{config.get_main_option('script_location')}/versions"
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", f"{versions}\n{tmp_path}")
        return config

    monkeypatch.setattr(migrations, "config", with_one_more)
    holder = await asyncpg.connect(database_url(empty))
    await holder.execute("CREATE INDEX ix_users_locale ON users (username)")
    await holder.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_users_locale'::regclass")
    await aside(url_of(empty))
    statement = "SELECT indisvalid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = $1::regclass"
    row = await holder.fetchrow(statement, "ix_users_locale")
    assert row is not None
    assert row["indisvalid"]
    assert "(locale)" in row["pg_get_indexdef"]
    await holder.close()


async def test_the_previous_release_serves_on_a_newer_database_and_not_on_an_older_one(empty: str) -> None:
    await aside(url_of(empty))
    settings = make_settings(empty, allow_unsafe_database=True, jwt_secret=SECRET)
    holder = await asyncpg.connect(database_url(empty))
    await holder.execute("UPDATE alembic_version SET version_num = '9001'")
    await asyncio.to_thread(preflight_checks, settings, workers=1)
    for behind in ("0004", "somebody-elses"):
        await holder.execute("UPDATE alembic_version SET version_num = $1", behind)
        with pytest.raises(Exception, match="not at the newest migration"):
            await asyncio.to_thread(preflight_checks, settings, workers=1)
    await holder.close()
