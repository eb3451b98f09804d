"""One contract for all brokers, and failures that only Redis can cause."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.pubsub.recorder import recording
from tests.support.redis_servers import Cluster, Sentinels
from tests.support.servers import valkey_url
from tests.support.world import wait_for, wait_until
from wasgo_chat.development.embedded import Valkey
from wasgo_chat.pubsub import Broker, ClusterBroker, LocalBroker, RedisBroker, make_broker


@pytest.fixture(
    params=[
        "single",
        pytest.param("cluster", marks=pytest.mark.xdist_group("redises")),
        pytest.param("sentinel", marks=pytest.mark.xdist_group("redises")),
    ]
)
def url(request: pytest.FixtureRequest) -> str:
    """The Redis that the brokers of a test share: one of each kind, started at its first use."""
    if request.param == "single":
        return valkey_url()
    found: Cluster | Sentinels = request.getfixturevalue(f"a_{request.param}")
    return found.url


async def kill_listeners(url: str) -> None:
    """Disconnect every subscriber at every server of a URL."""
    hosts = url.split("://")[1].split("/", maxsplit=1)[0].split(",")
    if "+sentinel" in url:
        async with Redis.from_url(f"redis://{hosts[0]}") as watcher:
            ip, port = await watcher.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "chat")  # type: ignore[no-untyped-call]  # the library has no types
            hosts = [f"{ip.decode()}:{int(port)}"]
    elif "+cluster" in url:
        async with Redis.from_url(f"redis://{hosts[0]}") as node:
            hosts = list(await node.cluster("nodes"))
    for host in hosts:
        async with Redis.from_url(f"redis://{host}") as admin:
            await admin.client_kill_filter(_type="pubsub")


def test_the_url_selects_the_broker() -> None:
    assert isinstance(make_broker(None), LocalBroker)
    assert isinstance(make_broker("redis://localhost"), RedisBroker)
    assert isinstance(make_broker("rediss+sentinel://localhost?service=chat"), RedisBroker)
    assert isinstance(make_broker("redis+cluster://localhost"), ClusterBroker)


async def test_one_process_needs_no_broker() -> None:
    await takes_what_the_hub_asks(LocalBroker())


async def test_every_broker_implements_what_the_hub_needs(url: str) -> None:
    await takes_what_the_hub_asks(make_broker(url))


async def takes_what_the_hub_asks(broker: Broker) -> None:
    async with recording(broker):
        await broker.subscribe("c:1")
        await broker.publish([("c:1", b"one"), ("c:2", b"two")])
        await wait_until(lambda: broker.is_up)
        await broker.unsubscribe("c:1")
        await broker.unsubscribe("c:1")


async def test_redis_delivers_bytes_between_workers_once_subscribed(url: str) -> None:
    one, two = make_broker(url), make_broker(url)
    async with recording(one), recording(two) as recorder:
        await wait_until(lambda: recorder.gaps > 0)
        await two.subscribe("c:a")
        payloads = [f"{number}\n\x00".encode() for number in range(100)]
        await one.publish([("c:a", payload) for payload in payloads])
        await one.publish([("c:b", b"not for you")])
        await wait_until(lambda: len(recorder.messages) >= 100)
        assert recorder.messages == [("c:a", payload) for payload in payloads]
        await two.unsubscribe("c:a")
        await two.subscribe("c:b")
        await one.publish([("c:a", b"no more"), ("c:b", b"yes")])
        await wait_until(lambda: len(recorder.messages) > 100)
        assert recorder.messages[100:] == [("c:b", b"yes")]


async def test_a_cut_connection_is_a_gap_and_every_channel_is_subscribed_again(url: str) -> None:
    one, two = make_broker(url), make_broker(url)
    async with recording(one), recording(two) as recorder:
        await wait_until(lambda: recorder.gaps > 0)
        await two.subscribe("c:cut")
        before = recorder.gaps
        await kill_listeners(url)
        await wait_until(lambda: recorder.gaps > before)
        async with asyncio.timeout(10):
            while not recorder.messages:
                await one.publish([("c:cut", b"again")])
                await asyncio.sleep(0.05)


async def test_an_unreachable_redis_raises_nothing_and_is_reconnected() -> None:
    valkey = Valkey()
    valkey.start()
    broker = RedisBroker(valkey.url)
    again = Valkey(port=valkey.port)
    async with recording(broker) as recorder:
        await wait_until(lambda: recorder.gaps > 0)
        valkey.stop()
        await broker.subscribe("c:x")
        await broker.publish([("c:x", b"lost")])
        await wait_until(lambda: not broker.is_up)
        before = recorder.gaps
        again.start()
        await wait_until(lambda: recorder.gaps > before)
        await wait_until(lambda: broker.is_up)
    again.stop()


async def test_concurrent_publications_all_arrive(url: str) -> None:
    one, two = make_broker(url), make_broker(url)
    async with recording(one), recording(two) as recorder:
        await wait_until(lambda: recorder.gaps > 0)
        await two.subscribe("c:many")
        await asyncio.gather(*(one.publish([("c:many", str(number).encode())]) for number in range(40)))
        await wait_until(lambda: len(recorder.messages) == 40)


async def test_a_publication_that_cannot_be_handled_does_not_stop_the_subscriber(url: str) -> None:
    broker, heard = make_broker(url), []

    def refuse_the_first(channel: str, payload: bytes) -> None:
        if payload == b"broken":
            raise ValueError
        heard.append(payload)

    gaps: list[bool] = []
    await broker.start(refuse_the_first, lambda: gaps.append(True))
    await wait_until(lambda: bool(gaps))
    await broker.subscribe("c:broken")
    await broker.publish([("c:broken", b"broken"), ("c:broken", b"good")])
    await wait_until(lambda: heard == [b"good"])
    await broker.close()


async def test_a_single_worker_knows_when_others_come_and_go() -> None:
    valkey = Valkey()
    valkey.start()
    one, two = RedisBroker(valkey.url), RedisBroker(valkey.url)
    try:
        async with recording(one):
            assert one.has_peers, "until it is known, there may be others"
            await wait_until(lambda: not one.has_peers)
            async with recording(two) as recorder:
                await wait_until(lambda: recorder.gaps > 0)
                await wait_until(lambda: one.has_peers)
                await two.subscribe("c:1")
                await one.publish([("c:1", b"one")])
                await wait_until(lambda: recorder.messages == [("c:1", b"one")])
                assert two.has_peers
            await wait_until(lambda: not one.has_peers)
            valkey.stop()
            await wait_until(lambda: one.has_peers)
    finally:
        valkey.stop()


async def test_permission_to_publish_but_not_to_subscribe_is_unhealthy() -> None:
    valkey = Valkey()
    valkey.start()
    try:
        async with Redis.from_url(valkey.url) as admin:
            await admin.execute_command("ACL", "SETUSER", "deaf", "on", ">x", "~*", "&*", "+@all", "-subscribe")  # type: ignore[no-untyped-call]  # the library has no types
        broker = RedisBroker(f"redis://deaf:x@127.0.0.1:{valkey.port}/0")
        async with recording(broker):
            await wait_until(lambda: not broker.is_up)
            for number in range(20):
                await broker.publish([("c:1", str(number).encode())])
                await broker.wait_sent()
                assert not broker.is_up
    finally:
        valkey.stop()


async def asked_to_publish(admin: "Redis") -> int:
    """The number of publications, rejected ones included."""
    found = (await admin.info("commandstats")).get("cmdstat_publish", {})
    return int(found.get("calls", 0)) + int(found.get("rejected_calls", 0))


async def test_a_rejected_publisher_recovers_without_a_restart() -> None:
    valkey = Valkey()
    valkey.start()
    try:
        async with Redis.from_url(valkey.url) as admin, recording(RedisBroker(valkey.url)) as recorder:
            broker = recorder.broker
            await wait_until(lambda: broker.is_up)
            await admin.execute_command("ACL", "SETUSER", "default", "-publish")  # type: ignore[no-untyped-call]  # the library has no types
            for _ in range(50):
                await broker.publish([("c:1", b"refused")])
                await broker.wait_sent()
            assert not broker.is_up
            before = await asked_to_publish(admin)

            async def has_retried_twice() -> bool:
                return await asked_to_publish(admin) >= before + 2

            await wait_for(has_retried_twice)
            assert await asked_to_publish(admin) - before < 5, "each that failed retries"
            await admin.execute_command("ACL", "SETUSER", "default", "+publish")  # type: ignore[no-untyped-call]  # the library has no types
            await wait_until(lambda: broker.is_up)
    finally:
        valkey.stop()


async def test_a_subscriber_that_ends_during_sentinel_discovery_ends_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = RedisBroker("redis+sentinel://127.0.0.1:1/0?service=chat")
    pubsub: Any = SimpleNamespace(connection=SimpleNamespace(host="h", port=1))
    broker._pubsub = pubsub

    async def ends_meanwhile() -> tuple[str, int]:
        pubsub.connection = broker._pubsub = None
        return "other", 1

    monkeypatch.setattr(broker._pool, "get_master_address", ends_meanwhile)
    await broker._check_primary()
    assert not broker._has_failed_over


@pytest.mark.parametrize("task", ["_check_primary", "_await_first_confirmation", "_pipeline"])
async def test_unexpected_errors_end_no_task(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = RedisBroker(valkey_url()), RedisBroker(valkey_url())
    real = getattr(one, task)
    failed: list[bool] = []

    def fails_once(*given: Any) -> Any:
        if not failed:
            failed.append(True)
            raise AttributeError(task)
        return real(*given)

    monkeypatch.setattr(one, task, fails_once)
    async with recording(one) as recorder, recording(two) as other:
        await wait_until(lambda: bool(failed))
        await one.subscribe("c:1")
        await two.subscribe("c:2")
        async with asyncio.timeout(10):
            while not recorder.messages or not other.messages:
                await two.publish([("c:1", b"heard")])
                await one.publish([("c:2", b"heard")])
                await asyncio.sleep(0.02)
        one.has_peers = False
        await wait_until(lambda: one.has_peers)
