"""The target and `Host` of a request: RFC 9112, 3.2."""

import json

import pytest

from tests.security.raw import connected, handshake
from tests.support.world import World

LINE = b"GET /healthz HTTP/1.1\r\n"


async def _ask(world: World, sent: bytes) -> tuple[int, str | None]:
    """The status of the response to some bytes, and the code of its problem document."""
    async with connected(world.worker) as raw:
        await raw.send(sent)
        answer = await raw.answer()
        return answer.status, json.loads(answer.body).get("code")


@pytest.mark.parametrize(
    "head",
    [
        LINE,
        LINE + b"Host: a\r\nHost: a\r\n",
        LINE + b"Host: a\r\nHost: b\r\n",
        LINE + b"host: a\r\nX: y\r\nHOST: a\r\n",
        LINE + b"Host: a b\r\n",
        LINE + b"Host: a/b\r\n",
        LINE + b"Host: user@a\r\n",
        LINE + b"Host: a:b\r\n",
        LINE + b"Host: a, b\r\n",
        LINE + b"Host: \xc3\xa4\r\n",
        b"GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n",
        b"GET http://a/healthz HTTP/1.1\r\n",
        handshake("/ws/chat/").replace(b"Host: x\r\n", b"")[:-2],
        handshake("/ws/chat/", Host="y")[:-2],
    ],
    ids=["none", "two equal", "two", "two cases", "a space", "a path", "a user", "no port number", "a list", "no ASCII",
         "two in HTTP/1.0", "none next to a URL", "none in a handshake", "two in a handshake"],
)  # fmt: skip
async def test_a_request_without_exactly_one_valid_host_is_400(world: World, head: bytes) -> None:
    assert await _ask(world, head + b"\r\n") == (400, "malformed_http")


@pytest.mark.parametrize(
    "host", [b"a", b"", b"a.example:8000", b"127.0.0.1", b"[::1]:80", b"[fe80::1%25en0]", b"a_b", b"a:"]
)
async def test_any_valid_host_is_accepted(world: World, host: bytes) -> None:
    assert await _ask(world, LINE + b"Host: " + host + b"\r\n\r\n") == (200, None)


async def test_http_1_0_needs_no_host(world: World) -> None:
    assert await _ask(world, b"GET /healthz HTTP/1.0\r\n\r\n") == (200, None)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"http://a/healthz", (200, None)),
        (b"HTTPS://other.example:1/healthz?x=http://y/", (200, None)),
        (b"http://[::1]/healthz", (200, None)),
        (b"http://a/healthy", (404, "not_found")),
        (b"http://a", (404, "not_found")),
        (b"http://a?x=/healthz", (404, "not_found")),
        (b"http://user@a/healthz", (400, "malformed_http")),
        (b"http:///healthz", (400, "malformed_http")),
        (b"ftp://a/healthz", (400, "malformed_http")),
        (b"http:/healthz", (400, "malformed_http")),
        (b"//a/healthz", (404, "not_found")),
        (b"healthz", (400, "malformed_http")),
        (b"*", (404, "not_found")),
    ],
)
async def test_a_url_as_target_stands_for_its_path(
    world: World, target: bytes, expected: tuple[int, str | None]
) -> None:
    status, code = await _ask(world, b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (status, code) == expected


async def test_a_url_as_target_of_a_handshake_stands_for_its_path(world: World) -> None:
    async with connected(world.worker) as raw:
        await raw.send(handshake("http://a/ws/chat/"))
        assert (await raw.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
