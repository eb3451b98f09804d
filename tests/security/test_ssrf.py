"""Outgoing requests: no private address however written or resolved, no redirects, bounded size and time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from tests.identity.issuer import Issuer, user_claims
from tests.notifications.browser import Browser
from tests.support.workers import SECRET, make_settings
from tests.support.world import Caller, World, world_with
from wasgo_chat.core import http_client
from wasgo_chat.core.http_client import TooLarge, fetch_internal, ssrf_safe_client
from wasgo_chat.core.ip_ranges import is_public

PATH = "/chat/push_subscriptions/"
INSIDE = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "localhost",
    "10.1.2.3", "172.31.255.255", "192.168.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "0.0.0.0",
    "192.88.99.1", "[::1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2001::1]", "[2001:db8::1]",
    "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[100::1]", "[5f00::1]", "[4000::1]",
    "127.0.0.1.", "no-such-host.invalid", "x" * 70 + ".example", "user@127.0.0.1", "93.184.216.34@127.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
async def test_a_push_endpoint_cannot_be_a_private_address(world: World, host: str) -> None:
    ana = world.person("ana")
    for port in ("", ":8443"):
        body = {**Browser(f"https://{host}{port}").subscription}
        refused = await ana.refused("POST", PATH, body, status=422, code="invalid")
        assert refused["errors"][0]["loc"] == ["endpoint"]
        assert "resolved" not in str(refused)  # the resolved address is not revealed
        assert "internet" not in str(refused)
    assert (await ana.ok("GET", PATH))["results"] == []


@pytest.mark.parametrize("host", INSIDE)
async def test_no_connection_is_made_to_a_private_address(host: str) -> None:
    async with ssrf_safe_client() as client:
        with pytest.raises((httpx2.ConnectError, httpx2.InvalidURL)):
            await client.post(f"https://{host}:1/")


@pytest.mark.parametrize("url", ["http://93.184.216.34/", "ftp://93.184.216.34/", "https://", "https:///x", "//x", "x"])
async def test_a_push_endpoint_needs_tls(world: World, url: str) -> None:
    ana = world.person("ana")
    await ana.refused("POST", PATH, {**Browser("x").subscription, "endpoint": url}, status=422, code="invalid")


def test_internet_addresses_are_public() -> None:
    for address in ("93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "2a00:1450::1", "::ffff:93.184.216.34"):
        assert is_public(address)


async def test_a_name_that_later_resolves_to_a_private_address_is_not_followed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ["93.184.216.34"]

    async def resolve(host: str, port: int) -> list[str]:
        return answers

    monkeypatch.setattr(http_client, "resolve", resolve)
    ana = world.person("ana")
    await ana.ok("POST", PATH, Browser("https://rebound.example").subscription, status=201)
    for inside in (["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:127.0.0.1"], []):
        answers[:] = inside
        async with ssrf_safe_client() as client:
            with pytest.raises(httpx2.ConnectError, match="public internet"):
                await client.post("https://rebound.example/")
        again = Browser("https://rebound.example").subscription
        refused = await ana.refused("POST", PATH, again, status=422, code="invalid")
        assert refused["errors"][0]["loc"] == ["endpoint"]


async def test_the_checked_address_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    lookups: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"] if len(lookups) == 1 else ["127.0.0.2"]

    monkeypatch.setattr(http_client, "resolve", resolve)
    monkeypatch.setattr(http_client, "is_public", lambda address: True)  # tests must not use the internet
    async with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as url, ssrf_safe_client() as client:
        response = await client.get(url.replace("127.0.0.1", "rebound.example"))
    assert (response.status_code, lookups) == (204, ["rebound.example"])


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
