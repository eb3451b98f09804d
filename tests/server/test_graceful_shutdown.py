"""Graceful shutdown: running work is finished, clients are told to reconnect, and a restart loses nothing."""

import asyncio
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.server.worlds import world_of
from tests.support.processes import ServeProcess, serving
from tests.support.retrying_clients import ReconnectingClient, RetryingSender
from tests.support.servers import database_url
from tests.support.workers import Worker
from tests.support.world import Json, wait_until

MESSAGES = 30
COME_BACK = re.compile(r"restarting; retry after \d+\.\d")


@asynccontextmanager
async def stuck(database: str, *chats: Json) -> AsyncIterator[None]:
    """While the block runs, writes into the conversations wait."""
    connection = await asyncpg.connect(database_url(database))
    try:
        async with connection.transaction():
            for chat in chats:
                await connection.execute("SELECT FROM conversations WHERE id = $1 FOR NO KEY UPDATE", chat["id"])
            yield
    finally:
        await connection.close()


async def waiting(database: str, *, locks: int) -> None:
    """Wait until some number of transactions wait for a lock."""
    statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'"
    connection = await asyncpg.connect(database_url(database))
    try:
        async with asyncio.timeout(20):
            while await connection.fetchval(statement, database) < locks:  # noqa: ASYNC110  polling is the point
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def test_running_sends_are_answered_and_sockets_are_told_to_reconnect(
    database: str, worker: Worker, tmp_path: Path
) -> None:
    settings = {"LOCK_TIMEOUT_S": "8", "DRAIN_DELAY_S": "4"}
    async with serving(database, tmp_path / "log", workers=1, **settings) as served:
        world = world_of(served, worker)
        ana, bo = world.people("ana", "bo")
        chat, other = await ana.direct(bo), await ana.direct(world.person("cy"))
        async with bo.connect(chat) as live, ana.connect(chat) as idle:
            async with stuck(database, chat, other):
                by_socket = asyncio.create_task(live.request("send_message", content="by socket"))
                by_http = asyncio.create_task(ana.send(other, "by HTTP"))
                await waiting(database, locks=2)
                served.process.send_signal(signal.SIGTERM)
                await until_draining(served)
            assert (await by_http)["content"] == "by HTTP"
            assert (await by_socket)["type"] == "ack"
            for socket_ in (idle, live):
                code, reason = await socket_.wait_closed()
                assert code == 1012
                assert COME_BACK.fullmatch(reason), reason
        await world.close()
        assert await served.wait_exited() == 0
        await served.wait_port_closed()


async def until_draining(served: ServeProcess) -> None:
    async with httpx.AsyncClient(base_url=served.url) as client, asyncio.timeout(20):
        while True:
            answer = await client.get("/readyz")
            if answer.status_code == 503:
                assert answer.json()["status"] == "draining"
                return


@pytest.mark.long
async def test_a_rolling_restart_under_load_loses_nothing(database: str, worker: Worker, tmp_path: Path) -> None:
    quick = {"RESTART_SPREAD_S": "0.2", "LOG_LEVEL": "INFO"}
    with socket.create_server(("127.0.0.1", 0), backlog=100) as sock:
        async with serving(database, tmp_path / "old", sock, workers=2, **quick) as old:
            world = world_of(old, worker)
            people = world.people(*(f"p{number}" for number in range(6)))
            chat = await world.job(**{f"participant_{number}": one for number, one in enumerate(people)})
            total = 6 * MESSAGES
            sockets = [ReconnectingClient(old.ws_url, one.bearer or "", chat, one.id) for one in people[:4]]
            posters = [RetryingSender(old.url, one.bearer or "", chat, one.id) for one in people[4:]]
            senders: list[ReconnectingClient | RetryingSender] = [*sockets, *posters]
            living = [asyncio.create_task(one.run(MESSAGES, total)) for one in sockets]
            living += [asyncio.create_task(one.run(MESSAGES)) for one in posters]
            await wait_until(lambda: sum(len(one.acked) for one in senders) > total // 6)
            before = old.workers()
            old.process.send_signal(signal.SIGHUP)
            await wait_until(lambda: len(old.workers()) == 2 and not set(before) & set(old.workers()))
            async with serving(database, tmp_path / "new", sock, workers=1, **quick):
                old.process.send_signal(signal.SIGTERM)
                assert await old.wait_exited() == 0
                await asyncio.gather(*living)
            by_client_id = await read_all(database, chat)
            await world.close()

    assert sorted(by_client_id.values()) == list(range(1, total + 1))
    for one in senders:
        assert one.acked == {key: seq for key, seq in by_client_id.items() if key in one.acked}
    assert all(one.seen == list(range(1, total + 1)) for one in sockets)
    closes = [close for one in sockets for close in one.closes]
    assert {code for code, _ in closes} == {1012}
    assert all(COME_BACK.fullmatch(reason) for _, reason in closes)
    assert set().union(*(one.answers for one in posters)) <= {200, 201}


async def read_all(database: str, chat: Json) -> dict[str, int]:
    """The stored client ids and their seqs."""
    connection = await asyncpg.connect(database_url(database))
    try:
        found = await connection.fetch("SELECT client_id, seq FROM messages WHERE conversation_id = $1", chat["id"])
        return {row["client_id"]: row["seq"] for row in found}
    finally:
        await connection.close()
