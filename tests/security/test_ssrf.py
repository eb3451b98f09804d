"""Outgoing requests: no private address however written or resolved, no redirects, bounded size and time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from tests.identity.issuer import Issuer, user_claims
from tests.notifications.browser import Browser
from tests.notifications.notification_world import VAPID_KEY
from tests.support.name_server import NameServer, name_server
from tests.support.workers import SECRET, make_settings
from tests.support.world import Caller, World, wait_until, world_with
from wasgo_chat.core import http_client, name_resolver
from wasgo_chat.core.http_client import TooLarge, fetch_internal, ssrf_safe_client
from wasgo_chat.core.ip_ranges import is_public
from wasgo_chat.core.name_resolver import NameNotFound, NameResolver
from wasgo_chat.notifications.delivery import push

PATH = "/chat/push_subscriptions/"
PUBLIC = "93.184.216.34"
INSIDE = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "localhost",
    "10.1.2.3", "172.31.255.255", "192.168.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "0.0.0.0",
    "192.88.99.1", "[::1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001::1]", "[2001:db8::1]",
    "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[100::1]", "[5f00::1]", "[4000::1]",
    "127.0.0.1.", "no-such-host.invalid", "x" * 70 + ".example", "user@127.0.0.1", "93.184.216.34@127.0.0.1",
)  # fmt: skip


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NameServer]:
    async with name_server() as server:
        monkeypatch.setattr(push, "RESOLVER", server.resolver())
        yield server


@pytest.fixture
async def pushing(database: str, names: NameServer) -> AsyncIterator[World]:
    """A world with web push, whose names come from `names`."""
    settings = make_settings(
        database,
        vapid_private_key=VAPID_KEY,
        vapid_subject="mailto:ops@wasgo.example",
        rate_push_subscriptions_per_minute=0,
    )
    async with world_with(settings) as world:
        yield world


async def test_a_push_endpoint_cannot_be_a_private_address(pushing: World, names: NameServer) -> None:
    names.addresses["inside.example"] = ["10.0.0.1"]
    names.addresses["half-inside.example"] = [PUBLIC, "::1"]
    ana = pushing.person("ana")
    for host in (*INSIDE, "inside.example", "half-inside.example"):
        refused = await ana.refused("POST", PATH, Browser(f"https://{host}").subscription, status=422, code="invalid")
        assert refused["errors"][0]["loc"] == ["endpoint"], host
        assert "resolved" not in str(refused)  # the resolved address is not revealed
        assert "internet" not in str(refused)
    assert (await ana.ok("GET", PATH))["results"] == []


@pytest.mark.parametrize("host", INSIDE)
async def test_no_connection_is_made_to_a_private_address(names: NameServer, host: str) -> None:
    async with ssrf_safe_client(names.resolver()) as client:
        with pytest.raises((httpx2.ConnectError, httpx2.InvalidURL)):
            await client.post(f"https://{host}:1/")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"http://{PUBLIC}/", "https"),
        ("ftp://93.184.216.34/", "pattern"),
        ("https:///x", "URL of a host"),
        ("//x", "pattern"),
        (f"https://{PUBLIC}:8443/x", "port 443"),
        (f"https://{PUBLIC}:22/", "port 443"),
        (f"https://{PUBLIC}:99999/", "valid port"),
        (f"https://{PUBLIC}:0/", "valid port"),
        (f"https://user:secret@{PUBLIC}/", "user name"),
        (f"https://user@{PUBLIC}/", "user name"),
    ],
)
async def test_a_push_endpoint_needs_tls_on_its_port_and_no_credentials(pushing: World, url: str, message: str) -> None:
    ana = pushing.person("ana")
    body = {**Browser("x").subscription, "endpoint": url}
    refused = await ana.refused("POST", PATH, body, status=422, code="invalid")
    assert message in str(refused)
    assert "secret" not in str(refused)


async def test_without_web_push_nothing_is_looked_up_or_stored(world: World, names: NameServer) -> None:
    names.addresses["push.example"] = [PUBLIC]
    ana = world.person("ana")
    invalid = {"endpoint": "http://x:1/", "keys": {"p256dh": "AAAA", "auth": "AAAA"}}
    for body in (Browser("https://push.example").subscription, invalid):
        await ana.refused("POST", PATH, body, status=409, code="push_not_configured")
    await Caller(world, None).refused("POST", PATH, invalid, status=401, code="unauthenticated")
    assert not names.queries
    assert await ana.ok("GET", PATH) == {"public_key": None, "results": []}
    await ana.ok("DELETE", PATH, {"endpoint": "https://push.example/"}, status=204)


async def test_slow_names_do_not_delay_the_database(database: str, names: NameServer) -> None:
    slow = [f"slow-{number}.example" for number in range(20)]
    names.silent.update(slow)
    # A database that is named by host, so that each new connection needs the resolver of the process.
    settings = make_settings(
        database, vapid_private_key=VAPID_KEY, vapid_subject="mailto:ops@wasgo.example", database_pool_size=1,
        rate_push_subscriptions_per_minute=0,
    )  # fmt: skip
    url = settings.database_url.replace("127.0.0.1", "localhost")
    async with world_with(settings.model_copy(update={"database_url": url})) as world:
        ana = world.person("ana")
        await ana.ok("GET", PATH)
        slow_requests = [
            asyncio.create_task(ana.call("POST", PATH, Browser(f"https://{host}").subscription)) for host in slow
        ]
        await wait_until(lambda: set(slow) <= set(names.queries))
        began = time.monotonic()
        await world.worker.db.engine.dispose()  # every connection is opened again
        await asyncio.gather(*(ana.ok("GET", PATH) for _ in range(20)))
        assert time.monotonic() - began < 2.0
        assert not any(request.done() for request in slow_requests)
        responses = await asyncio.gather(*slow_requests)
        assert {response.status_code for response in responses} == {422}
        assert time.monotonic() - began < name_resolver.LOOKUP_S + 2.0


async def test_a_user_can_have_few_names_looked_up(database: str, names: NameServer) -> None:
    settings = make_settings(
        database,
        vapid_private_key=VAPID_KEY,
        vapid_subject="mailto:ops@wasgo.example",
        rate_push_subscriptions_per_minute=2,
    )
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        for number in range(3):
            body = Browser(f"https://n{number}.example").subscription
            if number < 2:
                await ana.refused("POST", PATH, body, status=422, code="invalid")
            else:
                await ana.refused("POST", PATH, body, status=429, code="rate_limited")
        await bo.refused("POST", PATH, Browser("https://n3.example").subscription, status=422, code="invalid")
    assert set(names.queries) == {"n0.example", "n1.example", "n3.example"}


async def test_a_user_has_a_limited_number_of_subscriptions(pushing: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wasgo_chat.notifications.push_subscriptions.MAX_BROWSERS", 3)
    ana = pushing.person("ana")
    browsers = [Browser(f"https://{PUBLIC}") for _ in range(10)]
    answers = await asyncio.gather(*(ana.call("POST", PATH, browser.subscription) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"limit_reached"}


def test_internet_addresses_are_public() -> None:
    for address in (PUBLIC, "8.8.8.8", "2606:2800:220:1::1", "2a00:1450::1", "::ffff:93.184.216.34"):
        assert is_public(address)


async def test_a_name_that_later_resolves_to_a_private_address_is_not_followed(
    pushing: World, names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_resolver, "MIN_TTL_S", 0.0)
    monkeypatch.setattr(name_resolver, "MAX_TTL_S", 0.0)
    names.addresses["rebound.example"] = [PUBLIC]
    ana = pushing.person("ana")
    await ana.ok("POST", PATH, Browser("https://rebound.example").subscription, status=201)
    for inside in (["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::ffff:127.0.0.1"], []):
        names.addresses["rebound.example"] = inside
        async with ssrf_safe_client(push.RESOLVER) as client:
            with pytest.raises(httpx2.ConnectError, match=r"public internet|cannot be resolved"):
                await client.post("https://rebound.example/")
        again = Browser("https://rebound.example").subscription
        refused = await ana.refused("POST", PATH, again, status=422, code="invalid")
        assert refused["errors"][0]["loc"] == ["endpoint"]


async def test_the_checked_address_is_the_one_connected_to(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "is_public", lambda address: True)  # tests must not use the internet
    names.addresses["rebound.example"] = ["127.0.0.1"]
    async with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as url, ssrf_safe_client(names.resolver()) as client:
        response = await client.get(url.replace("127.0.0.1", "rebound.example"))
    assert response.status_code == 204
    assert names.queries == {"rebound.example": 2}  # A and AAAA, once


async def test_a_host_is_reached_at_its_second_address(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "is_public", lambda address: True)
    names.addresses["two.example"] = ["127.0.0.9", "127.0.0.1"]  # the server listens on the last one only
    async with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as url, ssrf_safe_client(names.resolver()) as client:
        assert (await client.get(url.replace("127.0.0.1", "two.example"))).status_code == 204


async def test_answers_and_failures_are_cached_and_concurrent_lookups_shared(names: NameServer) -> None:
    names.addresses["there.example"] = [PUBLIC, "2606:2800:220:1::1"]
    resolver = names.resolver()
    found = await asyncio.gather(*(resolver.addresses("There.example") for _ in range(10)))
    assert found == [[PUBLIC, "2606:2800:220:1::1"]] * 10
    for _ in range(3):
        with pytest.raises(NameNotFound):
            await resolver.addresses("gone.example")
    assert names.queries == {"there.example": 2, "gone.example": 2}


async def test_a_lookup_ends_when_its_time_is_over(names: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_resolver, "LOOKUP_S", 0.3)
    monkeypatch.setattr(name_resolver, "CONCURRENCY", 2)
    names.silent.update(f"slow-{number}.example" for number in range(6))
    resolver = NameResolver(["127.0.0.1"], names.port)
    began = time.monotonic()
    lookups = [resolver.addresses(f"slow-{number}.example") for number in range(6)]
    assert {type(error) for error in await asyncio.gather(*lookups, return_exceptions=True)} == {NameNotFound}
    assert time.monotonic() - began < 1.0
    names.silent.clear()
    names.addresses["slow-5.example"] = [PUBLIC]  # its turn never came, so its failure was not cached
    assert await resolver.addresses("slow-5.example") == [PUBLIC]
    assert not [task for task in asyncio.all_tasks() if "NameResolver" in repr(task)]


async def test_names_that_are_no_host_names_are_not_looked_up(names: NameServer) -> None:
    for host in ("localhost", "intranet", "2130706433", "127.1", "0x7f.1", "a..b", "x" * 70 + ".example", "", "é.1"):
        with pytest.raises(NameNotFound):
            await names.resolver().addresses(host)
    assert not names.queries


@asynccontextmanager
async def answering(*pieces: bytes, every_s: float = 0.0, forever: bool = False) -> AsyncIterator[str]:
    """A server that answers every request with these parts."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(every_s)
            while forever:
                writer.write(pieces[-1])
                await writer.drain()
                await asyncio.sleep(every_s)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # disconnected, as expected
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


async def test_an_endless_response_is_cut_off() -> None:
    async with answering(HEAD, b"x" * 65_536, forever=True) as url:
        with pytest.raises(TooLarge):
            await fetch_internal(url, max_bytes=1_000_000)


async def test_a_slow_response_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert http_client.FETCH_S == 10.0
    monkeypatch.setattr(http_client, "FETCH_S", 0.5)
    async with answering(HEAD, b"x", every_s=0.05, forever=True) as url:
        with pytest.raises(TimeoutError):
            await fetch_internal(url, max_bytes=1_000_000)


async def test_a_redirect_to_other_keys_is_not_followed(database: str) -> None:
    issuer = Issuer()
    issuer.add("good", "ES256")
    async with issuer.serving():
        moved = f"HTTP/1.1 302 Found\r\nLocation: {issuer.url}\r\nContent-Length: 0\r\n\r\n".encode()
        async with answering(moved) as url:
            settings = make_settings(database, jwt_secret=None, secret_key=SECRET, jwks_url=url)
            async with world_with(settings) as world:
                bearer = issuer.token("good", user_claims(world.worker.settings, "ana"))
                me = "/chat/conversations/unread_counts/"
                await Caller(world, bearer).refused("GET", me, status=503, code="unavailable")
        assert issuer.fetches == 0
