"""A PostgreSQL whose disk is full refuses writes with 503, and its readers notice nothing."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import httpx
import pytest

from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import make_settings
from tests.support.world import world_with

ROOM = "4m"


@pytest.fixture
async def small_database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A database whose messages are on a disk of 4 MiB."""
    name = f"chat_full_{secrets.token_hex(4)}"
    server = await asyncpg.connect(database_url("postgres"))
    folder = f"/tmp/{name}"  # the user of the server cannot enter the folders of pytest
    os.mkdir(folder)
    try:
        if await _run("mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", folder):
            pytest.skip("a disk of its own needs the right to mount one")
        _give_to_owner_of(await server.fetchval("SHOW data_directory"), folder)
        await server.execute(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
        await create_database(database_url("postgres"), name, TEMPLATE)
        await _move(name, name)
        yield name
    finally:
        await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await server.execute(f"DROP TABLESPACE IF EXISTS {name}")
        await server.close()
        await _run("umount", "-l", folder)
        os.rmdir(folder)


def _give_to_owner_of(model: str, folder: str) -> None:
    owner = os.stat(model)
    os.chown(folder, owner.st_uid, owner.st_gid)
    os.chmod(folder, 0o700)


async def _run(*command: str) -> int:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


async def _move(name: str, tablespace: str) -> None:
    """Move the messages of a database to another disk."""
    connection = await asyncpg.connect(database_url(name))
    try:
        await connection.execute(f"ALTER TABLE messages SET TABLESPACE {tablespace}")
    finally:
        await connection.close()


async def test_writes_are_503_while_the_disk_is_full_and_reads_continue(small_database: str) -> None:
    async with world_with(make_settings(small_database, message_rate=0)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        first = await ana.send(chat, "first")

        async def send() -> httpx.Response:
            body = {"conversation": chat["id"], "content": secrets.token_urlsafe(7_000)}  # does not compress
            return await ana.call("POST", "/chat/messages/", body)

        for _ in range(1_000):
            if (answer := await send()).status_code != 201:
                break
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        for _ in range(3):
            await ana.refused(
                "POST",
                f"/chat/messages/{first['id']}/edit/",
                {"content": secrets.token_urlsafe(7_000)},
                status=503,
                code="unavailable",
            )
            assert (await send()).status_code == 503
            assert (await bo.history(chat))[0]["seq"] > 1
        async with bo.connect(chat) as live, ana.connect(chat) as full:
            assert (await full.request("send_message", content=secrets.token_urlsafe(7_000)))["code"] == "unavailable"
            await _move(small_database, "pg_default")
            await wait_until_sent(send)
            assert (await live.wait_for("new_message"))["message"]["conversation"] == chat["id"]


async def wait_until_sent(send: Callable[[], Awaitable[httpx.Response]]) -> None:
    async with asyncio.timeout(15):
        while (await send()).status_code != 201:  # noqa: ASYNC110  the service cannot tell when there is space
            await asyncio.sleep(0.1)
