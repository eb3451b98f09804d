"""A database that restarts, freezes or is unreachable: responses stay quick, and service resumes afterwards."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from tests.support.proxy import proxy_to
from tests.support.standalone import NAME, frozen, own_postgres, terminate_backends
from tests.support.workers import make_settings
from tests.support.world import Json, Person, World, world_with
from wasgo_chat.core.encoding import new_id
from wasgo_chat.development.embedded import Postgres

CONNECTIONS = 12


@pytest.fixture(scope="module")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    folder: Path = tmp_path_factory.mktemp("own")
    async with own_postgres(folder) as started:
        yield started


@pytest.fixture
async def there(postgres: Postgres, database: str) -> AsyncIterator[World]:
    """A world on that server."""
    settings = make_settings(database, database_url=postgres.url(NAME), database_pool_size=CONNECTIONS)
    async with world_with(settings) as made:
        yield made


async def back(person: Person) -> None:
    """Wait until the service is ready again."""
    async with asyncio.timeout(20):
        while True:
            if (await person.client.get("/readyz")).status_code == 200:
                return
            await asyncio.sleep(0.05)


async def open_every_connection(world: World) -> None:
    """Fill the pool. Requests alone may not: a connection that a quick one returned serves the next one."""
    barrier = asyncio.Barrier(CONNECTIONS)

    async def hold_one() -> None:
        async with world.worker.db.snapshot() as tx:
            await tx.execute(text("SELECT 1"))
            await barrier.wait()

    await asyncio.gather(*(hold_one() for _ in range(CONNECTIONS)))


async def read_at_once(person: Person, chat: Json) -> list[int]:
    """The responses to concurrent reads, one for each connection of the pool."""
    path = f"/chat/conversations/{chat['id']}/"
    answers = await asyncio.gather(*(person.client.get(path) for _ in range(CONNECTIONS)))
    return [answer.status_code for answer in answers]


async def test_after_a_restart_no_request_gets_a_dead_connection(there: World, postgres: Postgres) -> None:
    ana, bo = there.people("ana", "bo")
    chat = await ana.direct(bo)
    await open_every_connection(there)
    await asyncio.to_thread(postgres.stop)
    await asyncio.to_thread(postgres.start)
    await back(ana)
    assert await read_at_once(ana, chat) == [200] * CONNECTIONS


async def test_terminated_backends_are_replaced_unnoticed(there: World, postgres: Postgres) -> None:
    ana, bo = there.people("ana", "bo")
    chat = await ana.direct(bo)
    async with bo.connect(chat) as live:
        await open_every_connection(there)
        assert await terminate_backends(postgres) >= CONNECTIONS
        assert await read_at_once(ana, chat) == [200] * CONNECTIONS
        await ana.send(chat, "still here")
        assert (await live.receive("new_message"))["message"]["content"] == "still here"


async def test_a_frozen_database_is_503_and_1013_and_a_retry_settles(there: World, postgres: Postgres) -> None:
    ana, bo = there.people("ana", "bo")
    chat = await ana.direct(bo)
    body = {"conversation": chat["id"], "content": "by HTTP", "client_id": "by-http"}
    async with bo.connect(chat) as live, ana.connect(chat) as idle:
        with frozen(postgres.pid):
            by_http = asyncio.create_task(ana.refused("POST", "/chat/messages/", body, status=503, code="unavailable"))
            answer = await live.request("send_message", content="by socket", client_id="by-socket")
            assert (answer["type"], answer["code"]) == ("error", "unavailable")
            assert (await live.wait_closed())[0] == 1013
            await by_http
            refused = await ana.client.post("/chat/messages/", json=body)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            async with bo.connect_raw(chat) as late:
                assert (await late.wait_closed())[0] == 1013
        await back(ana)
        assert (await ana.client.post("/chat/messages/", json=body)).status_code in (200, 201)
        async with bo.connect(chat) as again:
            answer = await again.request("send_message", content="by socket", client_id="by-socket")
            assert answer["type"] == "ack"
        seen = [(await idle.wait_for("new_message"))["message"]["client_id"] for _ in range(2)]
    assert sorted(seen) == ["by-http", "by-socket"]
    assert sorted(one["client_id"] for one in await ana.history(chat)) == ["by-http", "by-socket"]


@pytest.mark.parametrize("end", ["heals", "is cut"])
async def test_a_network_that_drops_everything_is_503_and_1013_until_it_recovers(
    database: str, postgres: Postgres, end: str
) -> None:
    async with proxy_to(postgres.run_folder / ".s.PGSQL.5432") as proxy:
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/{NAME}"
        async with world_with(make_settings(database, database_url=url)) as there:
            ana, bo = there.people("ana", "bo")
            chat = await ana.direct(bo)
            body = {"conversation": chat["id"], "content": "by HTTP", "client_id": "by-http"}
            async with bo.connect(chat) as live, ana.connect(chat) as idle:
                proxy.is_blackhole = True
                by_http = asyncio.create_task(ana.client.post("/chat/messages/", json=body))
                answer = await live.request("send_message", content="by socket", client_id="by-socket")
                assert (answer["type"], answer["code"]) == ("error", "unavailable")
                assert (await live.wait_closed())[0] == 1013
                for refused in (await by_http, await ana.client.post("/chat/messages/", json=body)):
                    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
                if end == "is cut":
                    proxy.disconnect()
                proxy.is_blackhole = False  # held data arrives now
                await back(ana)
                assert (await ana.client.post("/chat/messages/", json=body)).status_code in (200, 201)
                async with bo.connect(chat) as again:
                    answer = await again.request("send_message", content="by socket", client_id="by-socket")
                    assert answer["type"] == "ack"
                seen = [await idle.wait_for("new_message") for _ in range(2)]
            assert [frame["seq"] for frame in seen] == [1, 2]
            assert sorted(one["client_id"] for one in await ana.history(chat)) == ["by-http", "by-socket"]


async def test_without_a_database_every_route_is_503(there: World, postgres: Postgres) -> None:
    ana, bo = there.people("ana", "bo")
    chat = await ana.direct(bo)
    routes: list[tuple[str, str, Json | None]] = [
        ("POST", "/chat/ws_tickets/", None),
        ("PUT", f"/jobs/{new_id()}/conversation/", {"participants": []}),
    ]
    routes += [("GET", f"/chat/{one}/", None) for one in ("conversations", "messages", "notifications")]
    routes += [("GET", f"/chat/presence/?user_ids={bo.id}", None), ("GET", f"/bids/{new_id()}/conversation/", None)]
    routes += [("POST", f"/chat/conversations/{chat['id']}/{one}/", None) for one in ("archive", "mark_read")]
    routes += [("POST", "/chat/messages/", {"conversation": chat["id"], "content": "hi"})]
    await asyncio.to_thread(postgres.stop, immediately=True)
    try:
        answers = await asyncio.gather(*(answer_of(there, ana, *route) for route in routes))
        assert [answer.status_code for answer in answers] == [503] * len(routes)
        assert all(answer.headers["retry-after"] == "1" for answer in answers)
        assert (await ana.client.get("/healthz")).status_code == 200
        ready = await ana.client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "unavailable")
    finally:
        await asyncio.to_thread(postgres.start)
    await back(ana)


async def answer_of(there: World, ana: Person, method: str, path: str, body: Json | None) -> httpx.Response:
    caller = there.service if method == "PUT" else ana
    return await caller.call(method, path, body)
