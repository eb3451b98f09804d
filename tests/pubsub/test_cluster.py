"""Failures of a cluster: slots move, nodes are killed, and lost publications are detected."""

import asyncio

import pytest

from tests.pubsub.recorder import Recorder, recording
from tests.support.redis_servers import Cluster, Node
from tests.support.workers import Worker, make_settings, running
from tests.support.world import World, wait_for, wait_until
from wasgo_chat.core.errors import RateLimited
from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.presence.tracker import Presence
from wasgo_chat.pubsub import ClusterBroker
from wasgo_chat.pubsub.cluster_connection import slot_of
from wasgo_chat.pubsub.redis_base import WORKERS_CHANNEL

pytestmark = pytest.mark.xdist_group("redises")

ROUNDS = 30


async def channel_at(broker: ClusterBroker, node: Node, *, is_there: bool = True) -> str:
    """A channel whose slot belongs, or does not belong, to a node."""
    await wait_until(lambda: WORKERS_CHANNEL in broker._confirmed_channels)
    names = (f"c:{number}" for number in range(1000))
    return next(name for name in names if (broker._owner_of(name) == ("127.0.0.1", node.port)) is is_there)


async def reaches(speaker: ClusterBroker, recorder: Recorder, channel: str, word: bytes) -> None:
    """Publish until it is received: Redis guarantees nothing for a channel that is being moved."""
    async with asyncio.timeout(10):
        while (channel, word) not in recorder.messages:
            await speaker.publish([(channel, word)])
            await asyncio.sleep(0.03)


async def kill_primary(cluster: Cluster, node: Node) -> None:
    """Kill a node, and wait until its replica has replaced it."""
    slots = [slot for slot in range(0, 16384, 512) if await cluster.owner(slot) is node]
    await asyncio.to_thread(node.stop)

    async def is_replaced() -> bool:
        return await cluster.owner(slots[0]) is not node

    await wait_for(is_replaced)


async def bring_back(node: Node) -> None:
    """Start it again; it follows the node that replaced it."""
    await asyncio.to_thread(node.start)
    await wait_for(node.reports, "CLUSTER INFO", "cluster_state:ok")
    await wait_for(node.reports, "INFO replication", "master_link_status:up")


async def test_a_slot_that_moves_is_a_gap_and_its_channels_follow(a_cluster: Cluster) -> None:
    one, two = ClusterBroker(a_cluster.url, ""), ClusterBroker(a_cluster.url, "")
    async with recording(one), recording(two) as recorder:
        await wait_until(lambda: recorder.gaps > 0)
        await two.subscribe("c:moving")
        await reaches(one, recorder, "c:moving", b"before")
        before = recorder.gaps
        await a_cluster.move(slot_of("c:moving"))
        await wait_until(lambda: recorder.gaps > before)
        await reaches(one, recorder, "c:moving", b"after")
        await two.unsubscribe("c:moving")
        await two.subscribe("c:moving")
        await reaches(one, recorder, "c:moving", b"again")


async def test_an_outdated_slot_map_is_refreshed_by_the_redirect(a_cluster: Cluster) -> None:
    one, two = ClusterBroker(a_cluster.url, ""), ClusterBroker(a_cluster.url, "")
    async with recording(one), recording(two) as recorder:
        await wait_until(lambda: recorder.gaps > 0)
        await a_cluster.move(slot_of("c:old map"))  # it has no subscriber, so none is notified
        await two.subscribe("c:old map")
        await wait_until(lambda: "c:old map" in two._confirmed_channels)
        await reaches(one, recorder, "c:old map", b"here")


async def test_a_killed_primary_is_a_gap_and_other_shards_are_unaffected(a_cluster: Cluster) -> None:
    one, two = ClusterBroker(a_cluster.url, ""), ClusterBroker(a_cluster.url, "")
    async with recording(one), recording(two) as recorder:
        await wait_until(lambda: recorder.gaps > 0)
        victim = await a_cluster.owner(0)
        lost, kept = await channel_at(two, victim), await channel_at(two, victim, is_there=False)
        await two.subscribe(lost)
        await two.subscribe(kept)
        before = recorder.gaps
        await kill_primary(a_cluster, victim)
        try:
            await wait_until(lambda: recorder.gaps > before)
            await reaches(one, recorder, lost, b"at the replica")
            await reaches(one, recorder, kept, b"where it was")
            await wait_until(lambda: two.is_up)
        finally:
            await bring_back(victim)


async def test_nobody_waits_for_a_shard_without_a_primary(a_cluster: Cluster) -> None:
    broker = ClusterBroker(a_cluster.url, "")
    async with recording(broker) as recorder:
        await wait_until(lambda: recorder.gaps > 0)
        victim = await a_cluster.owner(0)
        channel = await channel_at(broker, victim)
        await broker.subscribe(channel)
        await asyncio.to_thread(victim.stop)
        try:
            await wait_until(lambda: channel not in broker._confirmed_channels)
            async with asyncio.timeout(1):
                await broker.publish([(channel, b"lost")])
                await broker.unsubscribe(channel)
                await broker.subscribe(channel)
            before = recorder.gaps
            await wait_until(lambda: recorder.gaps > before)
        finally:
            await bring_back(victim)


async def test_a_cluster_that_restarts_completely_is_reconnected(a_cluster: Cluster) -> None:
    one, two = ClusterBroker(a_cluster.url, ""), ClusterBroker(a_cluster.url, "")
    async with recording(one), recording(two) as recorder:
        await wait_until(lambda: recorder.gaps > 0)
        await two.subscribe("c:all")
        await reaches(one, recorder, "c:all", b"before")
        for node in a_cluster.nodes:
            await asyncio.to_thread(node.stop)
        await wait_until(lambda: not two.is_up)
        before = recorder.gaps
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in a_cluster.nodes))
        await wait_until(lambda: recorder.gaps > before)
        await reaches(one, recorder, "c:all", b"after")
        for node in a_cluster.nodes:
            await wait_for(node.reports, "CLUSTER INFO", "cluster_state:ok")


async def test_messages_during_a_failover_all_arrive_in_order(a_cluster: Cluster, quiet_database: str) -> None:
    settings = make_settings(quiet_database, redis_url=a_cluster.url)
    async with running(settings) as one, running(settings) as two:
        world = World(one)
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with bo.connect(chat) as near, bo.connect(chat, two) as far, ana.connect(chat, two) as speaker:
            victim = await a_cluster.owner(slot_of(f"c:{chat['id']}"))
            killing = asyncio.create_task(kill_primary(a_cluster, victim))
            sent = 0
            while not killing.done() or sent < ROUNDS:
                await ana.send(chat, f"{sent} by HTTP")
                assert (await speaker.request("send_message", content=f"{sent} by socket"))["type"] == "ack"
                sent += 2
            await killing
            try:
                for live in (near, far):
                    heard = [(await live.wait_for("new_message"))["seq"] for _ in range(sent)]
                    assert heard == list(range(1, sent + 1))
            finally:
                await bring_back(victim)
        await world.close()


async def test_presence_is_shared_by_all_workers_of_a_cluster(a_cluster: Cluster, quiet_database: str) -> None:
    settings = make_settings(quiet_database, redis_url=a_cluster.url)
    async with running(settings) as one, running(settings) as two:
        world = World(one)
        ana = world.person("ana")
        others = [world.person(world.unique("bo")) for _ in range(8)]  # in more than one slot
        chats = [await ana.direct(other) for other in others]
        for other, chat in zip(others, chats, strict=True):
            async with other.connect(chat, two):
                await wait_for(is_online, one, other.id)
                assert not await is_online(one, ana.id)
        await world.close()


async def test_rates_are_counted_over_all_workers_of_a_cluster(a_cluster: Cluster, quiet_database: str) -> None:
    settings = make_settings(quiet_database, redis_url=a_cluster.url, rate_uploads_per_minute=4)
    one, two = RateLimits(settings), RateLimits(settings)
    try:
        await one.count_request(
            "ana", "write"
        )  # the first call also loads the slot map, which may take longer than the time limit of a count
        await two.count_request("ana", "write")
        one._retry_redis_at = two._retry_redis_at = 0.0
        for limits in (one, two, one, two):
            await limits.count_request("ana", "upload")
        for limits in (one, two):
            with pytest.raises(RateLimited):
                await limits.count_request("ana", "upload")
    finally:
        await one.close()
        await two.close()


async def is_online(worker: Worker, user_id: str) -> bool:
    return user_id in await worker.parts.part(Presence).online([user_id])
