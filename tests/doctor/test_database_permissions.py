"""Databases that respond and cannot be used: read-only ones, and roles without the necessary rights or connections."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from tests.doctor.test_doctor import free_connections, said
from tests.support.command_line import run
from tests.support.processes import environment
from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import make_settings
from wasgo_chat.doctor import database as database_check
from wasgo_chat.doctor.findings import Finding


@dataclass(frozen=True)
class Restricted:
    """A database and a role without any privilege."""

    name: str
    role: str
    url: str
    owner: "asyncpg.Connection[asyncpg.Record]"

    async def check(self) -> list[Finding]:
        return await database_check.check(make_settings(self.name, database_url=self.url), workers=1)

    async def command(self, *words: str) -> str:
        """The error message of a command with the role."""
        shown = await asyncio.to_thread(run, *words, env=environment(self.name, DATABASE_URL=self.url))
        assert shown.returncode, shown.stdout
        assert "Traceback" not in shown.stderr
        return shown.stderr


@pytest.fixture(params=["template0"])
async def restricted(database: str, request: pytest.FixtureRequest) -> AsyncIterator[Restricted]:
    """In an empty database; with `TEMPLATE` as parameter, in a migrated one."""
    name = f"{database}_restricted"
    await create_database(database_url("postgres"), name, request.param)
    owner = await asyncpg.connect(database_url(name))
    await owner.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    role = f"chat_{name}"
    await owner.execute(f"CREATE ROLE {role} LOGIN")
    yield Restricted(name, role, database_url(name).replace("postgres@", f"{role}@"), owner)
    await owner.execute(f"DROP OWNED BY {role}")
    await owner.execute(f"DROP ROLE {role}")
    await owner.close()


async def test_a_role_that_may_not_create_tables_is_told_apart_from_a_wrong_password(restricted: Restricted) -> None:
    assert f"The role {restricted.role} may not create tables in the schema public." in said(
        await restricted.check(), "error"
    )
    shown = await restricted.command("migrate")
    assert "may not create tables in its schema" in shown
    assert "GRANT CREATE ON SCHEMA public" in shown
    await restricted.owner.execute(f"GRANT CREATE ON SCHEMA public TO {restricted.role}")
    assert "may not create tables" not in said(await restricted.check(), "error")


async def test_a_search_path_without_a_schema_is_reported(restricted: Restricted) -> None:
    await restricted.owner.execute(f"ALTER ROLE {restricted.role} SET search_path = absent")
    assert "No schema of the search path exists." in said(await restricted.check(), "error")
    assert "No schema of the search path exists." in await restricted.command("migrate")


@pytest.mark.parametrize("restricted", [TEMPLATE], indirect=True)
async def test_a_role_that_may_not_write_the_tables_is_reported(restricted: Restricted) -> None:
    owner, role = restricted.owner, restricted.role
    assert "lacks permissions on the database, the schema or its tables" in said(await restricted.check(), "error")
    assert "lacks permissions" in await restricted.command("serve", "--port", "1")
    await owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    assert f"The role {role} may not read and write all tables" in said(await restricted.check(), "error")
    await owner.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    assert "may not" not in said(await restricted.check(), "error")


@pytest.mark.parametrize("restricted", [TEMPLATE], indirect=True)
async def test_a_database_that_refuses_writes_is_reported_before_the_service_starts(restricted: Restricted) -> None:
    owner, role = restricted.owner, restricted.role
    await owner.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    await owner.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on")
    assert "refuses writes: default_transaction_read_only is on" in said(await restricted.check(), "error")
    assert "The database refuses writes." in await restricted.command("serve", "--port", "1")


async def test_a_database_in_which_a_migration_cannot_write_is_not_called_unreachable(restricted: Restricted) -> None:
    await restricted.owner.execute(f"ALTER ROLE {restricted.role} SET default_transaction_read_only = on")
    await restricted.owner.execute(f"GRANT CREATE ON SCHEMA public TO {restricted.role}")
    assert "The database refuses writes." in await restricted.command("migrate")


@pytest.mark.parametrize("restricted", [TEMPLATE], indirect=True)
async def test_connections_of_other_machines_and_limits_of_the_role_count(restricted: Restricted) -> None:
    owner, role = restricted.owner, restricted.role
    await owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    before = free_connections(await restricted.check())
    # Another deployment of the service on this server, under another role.
    others = [
        await asyncpg.connect(database_url(restricted.name), server_settings={"application_name": "wasgo-chat"})
        for _ in range(20)
    ]
    try:
        assert before - free_connections(await restricted.check()) > 10
    finally:
        for other in others:
            await other.close()
    await owner.execute(f"ALTER ROLE {role} CONNECTION LIMIT 12")
    assert "of 12 are free" in said(await restricted.check(), "warning")
