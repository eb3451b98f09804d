"""A Redis that is killed, frozen, cut off, emptied or missing: frames are delayed, and none is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from tests.support.proxy import Proxy, proxy_to
from tests.support.standalone import frozen
from tests.support.workers import Worker, make_settings, redis_broker, running
from tests.support.world import World, wait_until
from wasgo_chat.development.embedded import Valkey, free_port
from wasgo_chat.pubsub import RedisBroker

ROUNDS = 4


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    """A server for one test."""
    server = Valkey(port=free_port())
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.stop)


@asynccontextmanager
async def two_workers(database: str, redis_url: str, **settings: int) -> AsyncIterator[tuple[World, Worker]]:
    """A world on one worker, and another worker."""
    there = make_settings(database, redis_url=redis_url, **settings)
    async with running(there) as one, running(there) as two:
        world = World(one)
        try:
            yield world, two
        finally:
            await world.close()


async def is_heard_on_both(world: World, two: Worker) -> None:
    """Check that a message sent on one worker, over HTTP or a socket, reaches sockets of both."""
    ana, bo = world.person(world.unique("ana")), world.person(world.unique("bo"))
    chat = await ana.direct(bo)
    async with bo.connect(chat) as near, bo.connect(chat, two) as far, ana.connect(chat, two) as speaker:
        await ana.send(chat, "by HTTP")
        assert (await speaker.request("send_message", content="by socket"))["type"] == "ack"
        for live in (near, far):
            heard = [(await live.wait_for("new_message"))["message"]["content"] for _ in range(2)]
            assert heard == ["by HTTP", "by socket"]


async def test_a_frozen_redis_blocks_nothing(database: str, valkey: Valkey) -> None:
    async with two_workers(database, valkey.url, message_rate=1000) as (world, two):
        await wait_until(lambda: redis_broker(two).is_receiving())
        with frozen(valkey.pid):
            await is_heard_on_both(world, two)
            ana = world.person("ana")
            await ana.ok("GET", f"/chat/presence/?user_ids={ana.id}")
        await is_heard_on_both(world, two)


async def test_clients_do_not_notice_a_killed_or_missing_redis(database: str, valkey: Valkey) -> None:
    valkey.stop()
    async with two_workers(database, valkey.url, message_rate=1000) as (world, two):
        await is_heard_on_both(world, two)
        await asyncio.to_thread(valkey.start)
        await wait_until(lambda: redis_broker(two).is_receiving())
        await is_heard_on_both(world, two)
        valkey.stop()
        await is_heard_on_both(world, two)


async def test_an_emptied_redis_loses_nothing_that_matters(database: str, valkey: Valkey) -> None:
    async with two_workers(database, valkey.url, message_rate=1000) as (world, two):
        await is_heard_on_both(world, two)
        async with Redis.from_url(valkey.url) as admin:
            await admin.flushall()
            await admin.script_flush()
        await is_heard_on_both(world, two)


async def test_killed_connections_to_redis_lose_nothing(database: str, valkey: Valkey) -> None:
    async with two_workers(database, valkey.url) as (world, two), Redis.from_url(valkey.url) as admin:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with bo.connect(chat) as near, bo.connect(chat, two) as far, ana.connect(chat, two) as speaker:
            for number in range(1, ROUNDS + 1):
                for kind in ("pubsub", "normal"):
                    await admin.client_kill_filter(_type=kind, skipme=True)
                await ana.send(chat, f"{number} near")  # at once: the other worker has no subscription yet
                assert (await speaker.request("send_message", content=f"{number} far"))["type"] == "ack"
                for live in (near, far):
                    heard = [await live.wait_for("new_message") for _ in range(2)]
                    assert [frame["seq"] for frame in heard] == [2 * number - 1, 2 * number]


async def test_a_silently_dead_connection_is_detected(valkey: Valkey) -> None:
    async with proxy_to(valkey.port) as proxy:
        broker, heard, gaps = RedisBroker(url_through(proxy)), [], []
        await broker.start(lambda _, payload: heard.append(payload), lambda: gaps.append(True))
        await wait_until(lambda: bool(gaps))
        await broker.subscribe("wasgo:c:void")
        proxy.is_blackhole = True
        await broker.publish([("wasgo:c:void", b"lost")])
        await wait_until(lambda: not broker.is_receiving())
        await broker.subscribe("wasgo:c:late")
        proxy.disconnect()
        proxy.is_blackhole = False
        await wait_until(lambda: len(gaps) > 1)
        await broker.publish([("wasgo:c:late", b"late")])
        await wait_until(lambda: b"late" in heard)
        await broker.close()


async def test_the_queue_for_a_frozen_redis_is_bounded(valkey: Valkey) -> None:
    broker = RedisBroker(valkey.url)
    await broker.start(lambda *_: None, lambda: None)
    with frozen(valkey.pid):
        for _ in range(100):
            await broker.publish([("wasgo:c:much", bytes(1024 * 1024))])
        assert broker._waiting_bytes <= 8 * 1024 * 1024
    await broker.close()


def url_through(proxy: Proxy) -> str:
    return f"redis://127.0.0.1:{proxy.port}/0"
