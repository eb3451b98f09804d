"""What a trusted proxy reports in `X-Forwarded-For` is compared as text: it is never resolved, whatever it is."""

import asyncio
import functools
import socket
from typing import Any

import pytest

from tests.security.raw import connected, handshake
from tests.support.workers import make_settings
from tests.support.world import world_with
from wasgo_chat.core.ip_ranges import client_bucket

REPORTED = [
    b"localhost", b"localhost:80", b"unknown", b"_hidden", b"", b" ", b",", b",,,", b"metadata.google.internal",
    b"127.0.0.1:80", b"[::1]:80", b"[::1", b"::1]", b"[]", b"[]:80", b"2a00::1%eth0", b"[2a00::1%eth0]:80",
    b"fe80::1%1", b"::ffff:127.0.0.1", b"::ffff:9.9.9.9", b"0x7f000001", b"2130706433", b"0177.0.0.1", b"127.1",
    b"9.9.9.9.9", b"9.9.9.9, localhost", b"localhost, 9.9.9.9", b"\xd9\xa3.\xd9\xa3.\xd9\xa3.\xd9\xa3", b"\xff\xfe",
    b"a" * 5_000, b"1." * 2_000, b":" * 5_000, b"[" * 5_000, b"'; DROP TABLE users; --", b"\"9.9.9.9\"",
    b"for=9.9.9.9;proto=https", b"9.9.9.9/24", b"\x80", b"\xe9.example", b"\xc2\x80.example",
]  # fmt: skip
"""The values of the header. Clients choose them if the proxy appends to what they sent."""


async def test_any_reported_address_is_accepted_and_none_is_resolved(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world_with(make_settings(database, trusted_proxies=["127.0.0.0/8"])) as world:
        await world.person("ana").ok("GET", "/chat/conversations/")  # the connections to the servers are open now
        resolved: set[Any] = set()
        loop = asyncio.get_running_loop()
        ask_loop, ask_system = loop.getaddrinfo, socket.getaddrinfo

        def resolve(ask: Any, host: Any, *args: Any, **more: Any) -> Any:
            resolved.add(host)
            return ask(host, *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", functools.partial(resolve, ask_system))
        monkeypatch.setattr(loop, "getaddrinfo", functools.partial(resolve, ask_loop))
        expected = {"/healthz": {200}, "/metrics": {200, 404}, "/chat/conversations/": {401}, "/openapi.json": {200}}
        for reported in REPORTED:
            for path, statuses in expected.items():
                async with connected(world.worker) as raw:
                    await raw.send(_request(path, reported))
                    assert (await raw.answer()).status in statuses, reported
        assert resolved <= {"127.0.0.1"}  # of the test's own connections


@pytest.mark.parametrize("reported", [b"localhost", b"127.0.0.1.example", b"0x7f000001", b"127.1", b"\xd9\xa1.1.1.1"])
async def test_a_reported_name_is_no_internal_address(database: str, reported: bytes) -> None:
    async with (
        world_with(make_settings(database, trusted_proxies=["127.0.0.0/8"])) as world,
        connected(world.worker) as raw,
    ):
        await raw.send(_request("/metrics", reported))
        assert (await raw.answer()).status == 404


async def test_a_handshake_accepts_any_reported_address(database: str) -> None:
    async with world_with(make_settings(database, trusted_proxies=["127.0.0.0/8"])) as world:
        for reported in REPORTED:
            async with connected(world.worker) as raw:
                start = handshake("/ws/chat/")
                await raw.send(start.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: " + reported + b"\r\n\r\n"))
                assert (await raw.answer()).status == 101, reported


def test_an_address_has_one_bucket_however_it_is_written() -> None:
    assert client_bucket("2a00::1%eth0") == client_bucket("[2a00::1]:80") == client_bucket("2a00::2") == "2a00::/64"
    assert client_bucket("::ffff:9.9.9.9") == client_bucket("9.9.9.9:80") == "9.9.9.9"
    assert len(client_bucket("a" * 5_000) or "") == 100


def _request(path: str, reported: bytes) -> bytes:
    head = b"GET %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\nConnection: close\r\n\r\n"
    return head % (path.encode(), reported)
