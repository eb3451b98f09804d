"""Sentinels that announce another primary: subscribers reconnect to it and report a gap."""

import asyncio
from typing import Any

import pytest

from tests.pubsub.recorder import recording
from tests.support.redis_servers import SERVICE, Sentinels, retry
from tests.support.workers import make_settings, redis_broker, running
from tests.support.world import World, wait_for, wait_until
from wasgo_chat.pubsub import RedisBroker

pytestmark = pytest.mark.xdist_group("redises")


async def test_a_killed_primary_is_a_gap_and_messages_continue_on_the_new_one(
    a_sentinel: Sentinels, quiet_database: str
) -> None:
    settings = make_settings(quiet_database, redis_url=a_sentinel.url)
    async with running(settings) as one, running(settings) as two:
        world = World(one)
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with bo.connect(chat) as near, bo.connect(chat, two) as far:
            await wait_until(lambda: redis_broker(two).is_receiving())
            await ana.send(chat, "before")
            await asyncio.to_thread(a_sentinel.primary.stop)
            await ana.send(chat, "while there is none")
            await wait_for(a_sentinel.replica.reports, "INFO replication", "role:master")
            await wait_until(lambda: listens_at(redis_broker(two), a_sentinel.replica.port))
            await ana.send(chat, "after")
            for live in (near, far):
                heard = [(await live.wait_for("new_message"))["message"]["content"] for _ in range(3)]
                assert heard == ["before", "while there is none", "after"]
        await world.close()
    await asyncio.to_thread(a_sentinel.primary.start)
    await a_sentinel.primary.execute("REPLICAOF", "127.0.0.1", a_sentinel.replica.port)  # they would take ten seconds
    await a_sentinel.wait_failed_over()


async def test_a_primary_that_was_replaced_while_running_is_left(a_sentinel: Sentinels) -> None:
    one, two = RedisBroker(a_sentinel.url), RedisBroker(a_sentinel.url)
    async with recording(one), recording(two) as recorder:
        await wait_until(lambda: recorder.gaps > 0)
        await two.subscribe("c:1")
        before = recorder.gaps
        await retry(a_sentinel.sentinels[0].execute, "SENTINEL", "FAILOVER", SERVICE)
        await wait_for(a_sentinel.replica.reports, "INFO replication", "role:master")
        await wait_until(lambda: recorder.gaps > before and listens_at(two, a_sentinel.replica.port))
        async with asyncio.timeout(10):
            while not recorder.messages:
                await one.publish([("c:1", b"here")])
                await asyncio.sleep(0.03)
    await a_sentinel.wait_failed_over()


def listens_at(broker: RedisBroker, port: int) -> bool:
    connection: Any = broker._pubsub and broker._pubsub.connection
    return connection is not None and connection.port == port
