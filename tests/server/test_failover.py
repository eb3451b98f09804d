"""Failover to a standby: quick errors meanwhile, automatic recovery, and no acked message lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.support.proxy import Proxy, proxy_to
from tests.support.retrying_clients import ReconnectingClient, RetryingSender
from tests.support.standalone import NAME
from tests.support.standby import Pair, replicated_postgres
from tests.support.workers import make_settings, running
from tests.support.world import Json, Person, World, wait_until, world_with
from wasgo_chat.development.embedded import Postgres

MESSAGES = 40


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with replicated_postgres(tmp_path) as made:
        yield made


@asynccontextmanager
async def proxies(pair: Pair) -> AsyncIterator[tuple[Proxy, Proxy]]:
    """TCP ports of the primary and the standby."""
    async with proxy_to(socket_of(pair.primary)) as first, proxy_to(socket_of(pair.standby)) as second:
        yield first, second


def socket_of(postgres: Postgres) -> Path:
    return postgres.run_folder / ".s.PGSQL.5432"


def url_of(*hosts: Proxy) -> str:
    """A URL with both hosts, of which the one that accepts writes is used."""
    named = "&".join(f"host=127.0.0.1:{one.port}" for one in hosts)
    return f"postgresql://postgres@/{NAME}?{named}&target_session_attrs=read-write"


@pytest.mark.parametrize(
    "way",
    [
        "two hosts",
        pytest.param("hosts of which the first is silent", marks=pytest.mark.long),
        pytest.param("one address that moves", marks=pytest.mark.long),
    ],
)
async def test_a_failover_under_load_loses_nothing_that_was_acked(pair: Pair, database: str, way: str) -> None:
    async with proxies(pair) as (first, second):
        url = f"postgresql://postgres@127.0.0.1:{first.port}/{NAME}" if "address" in way else url_of(first, second)
        settings = make_settings(database, database_url=url)
        async with running(settings) as one, running(settings) as two:
            world = World(one)
            people = world.people(*(f"p{number}" for number in range(6)))
            chat = await world.job(**{f"participant_{number}": person for number, person in enumerate(people)})
            total = 6 * MESSAGES
            sockets = [
                ReconnectingClient((one, two)[n % 2].ws_url, p.bearer or "", chat, p.id)
                for n, p in enumerate(people[:4])
            ]
            posters = [
                RetryingSender(at.url, p.bearer or "", chat, p.id) for at, p in zip((one, two), people[4:], strict=True)
            ]
            senders: list[ReconnectingClient | RetryingSender] = [*sockets, *posters]
            living = [asyncio.create_task(sender.run(MESSAGES, total)) for sender in sockets]
            living += [asyncio.create_task(sender.run(MESSAGES)) for sender in posters]
            await wait_until(lambda: sum(len(sender.acked) for sender in senders) > total // 6)
            if "silent" in way:
                first.is_blackhole = True  # a machine without power does not answer
            else:
                await pair.lose_primary()
                if "address" in way:
                    first.target = socket_of(pair.standby)
            await wait_until(lambda: all(503 in poster.answers for poster in posters))
            await wait_until(lambda: any(sender.closes for sender in sockets))
            await pair.promote()
            await asyncio.gather(*living)
            await world.close()

    stored = await read_all(pair.standby, chat)
    assert sorted(stored.values()) == list(range(1, total + 1))
    for sender in senders:
        assert sender.acked == {key: seq for key, seq in stored.items() if key in sender.acked}
    assert all(sender.seen == list(range(1, total + 1)) for sender in sockets)
    assert {code for sender in sockets for code, _ in sender.closes} == {1013}
    assert set().union(*(poster.answers for poster in posters)) <= {200, 201, 503}


async def test_a_request_on_a_silent_host_is_cut_off_once_another_has_taken_over(pair: Pair, database: str) -> None:
    async with proxies(pair) as (first, second):
        settings = make_settings(database, database_url=url_of(first, second))
        async with world_with(settings) as there:
            ana, bo = there.people("ana", "bo")
            path = f"/chat/conversations/{(await ana.direct(bo))['id']}/"

            async def read_at_once() -> set[int]:
                answers = await asyncio.gather(*(ana.client.get(path) for _ in range(settings.database_pool_size)))
                return {answer.status_code for answer in answers}

            assert await read_at_once() == {200}
            first.is_blackhole = True
            await pair.promote()
            assert await read_at_once() <= {200, 503}  # and none after the timeout of the client
            assert await read_at_once() == {200}


async def test_a_standby_is_503_and_1013_until_it_is_promoted(pair: Pair, database: str) -> None:
    async with world_with(make_settings(database, database_url=pair.primary.url(NAME))) as before:
        ana, bo = before.people("ana", "bo")
        chat = await ana.direct(bo)
        await ana.send(chat, "before")
    await pair.lose_primary()
    async with world_with(make_settings(database, database_url=pair.standby.url(NAME))) as there:
        ana, bo = (Person(there, one.id, one.name, one.bearer or "") for one in (ana, bo))
        body = {"conversation": chat["id"], "content": "after", "client_id": "after"}
        routes: list[tuple[str, Json | None]] = [("/chat/messages/", body), ("/chat/ws_tickets/", None)]
        routes += [(f"/chat/conversations/{chat['id']}/{one}/", None) for one in ("archive", "mark_read")]
        for _ in range(2):  # first each request fails with SQLSTATE 25006, then the state is known
            answers = await asyncio.gather(*(ana.call("POST", *route) for route in routes))
            assert [answer.status_code for answer in answers] == [503] * len(routes)
            assert all(answer.headers["retry-after"] == "1" for answer in answers)
        async with bo.connect_raw(chat) as live:
            assert (await live.wait_closed())[0] == 1013
        assert (await ana.client.get("/readyz")).status_code == 503
        await pair.promote()
        await wait_until(lambda: not there.worker.db.breaker.is_open)
        await ana.ok("POST", "/chat/messages/", body, status=201)
        async with bo.connect(chat, after_seq=0) as live:
            heard = [(await live.wait_for("new_message"))["message"]["content"] for _ in range(2)]
        assert heard == ["before", "after"]


async def test_a_worker_on_a_standby_is_not_ready(pair: Pair, database: str) -> None:
    async with world_with(make_settings(database, database_url=pair.standby.url(NAME))) as there:
        assert (await there.person("ana").client.get("/readyz")).status_code == 503


async def read_all(postgres: Postgres, chat: Json) -> dict[str, int]:
    """The stored client ids and their seqs."""
    connection = await asyncpg.connect(postgres.url(NAME))
    try:
        found = await connection.fetch("SELECT client_id, seq FROM messages WHERE conversation_id = $1", chat["id"])
        return {row["client_id"]: row["seq"] for row in found}
    finally:
        await connection.close()
