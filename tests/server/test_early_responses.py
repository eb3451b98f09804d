"""A response that is sent before the request's body has arrived: a client reads it, whatever it does with the body."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.security.raw import Answer, connected
from tests.support.world import World, wait_until
from wasgo_chat.server import http_protocol

ORIGIN = "https://app.example"
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
TOO_LARGE = 2_000_000
PIECE = b" " * 50_000

Request = Callable[..., bytes]


def connections(world: World) -> Any:
    return world.worker.server.server_state.connections


@pytest.fixture
def post(world: World) -> Request:
    """The head of a message of two megabytes, which the service refuses before it has read it."""

    def head(*, version: str = "1.1", framing: str = f"Content-Length: {TOO_LARGE}", more: str = "") -> bytes:
        lines = [
            f"POST /chat/messages/ HTTP/{version}",
            "Host: a",
            f"Authorization: Bearer {world.person('ana').bearer}",
        ]
        lines += ["Content-Type: application/json", f"Origin: {ORIGIN}", framing, *([more] if more else [])]
        return "\r\n".join((*lines, "", "")).encode()

    return head


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the timeouts of the HTTP protocol."""
    monkeypatch.setattr(http_protocol, "HEADERS_TIMEOUT_S", 0.4)
    monkeypatch.setattr(http_protocol, "BODY_TIMEOUT_S", 0.4)
    monkeypatch.setattr(http_protocol, "LINGER_S", 0.4)


def is_413(answer: Answer, *, closes: bool | None = None) -> None:
    """The complete response, with the headers of every layer."""
    assert (answer.status, json.loads(answer.body)["code"]) == (413, "body_too_large")
    head = answer.head.decode().lower()
    assert "content-type: application/problem+json" in head
    assert f"access-control-allow-origin: {ORIGIN}" in head
    assert "x-request-id: " in head
    assert "x-content-type-options: nosniff" in head
    if closes is not None:
        assert ("connection: close" in head) is closes


def chunked(size: int) -> bytes:
    return b"%x\r\n%s\r\n" % (len(PIECE), PIECE) * (size // len(PIECE)) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("version", "more", "closes"),
    [
        ("1.1", "", False),
        ("1.1", "Connection: close", True),
        ("1.0", "", True),
        ("1.0", "Connection: keep-alive", True),
    ],
    ids=["keep-alive", "close", "HTTP/1.0", "HTTP/1.0 keep-alive"],
)
async def test_a_client_that_sends_everything_before_it_reads_gets_the_413(
    world: World, post: Request, version: str, more: str, closes: bool
) -> None:
    for _ in range(5):
        async with connected(world.worker) as raw:
            await raw.send(post(version=version, more=more))
            for _ in range(TOO_LARGE // len(PIECE)):
                await raw.send(PIECE)
                await asyncio.sleep(0.002)  # the response is sent meanwhile
            is_413(await raw.answer(), closes=closes)
            if closes:
                assert await raw.ended() == b""
            else:
                await raw.send(GET)
                assert (await raw.answer()).status == 200


async def test_a_chunked_body_that_is_too_large_gets_the_413(world: World, post: Request) -> None:
    async with connected(world.worker) as raw:
        await raw.send(post(framing="Transfer-Encoding: chunked"), chunked(TOO_LARGE))
        is_413(await raw.answer())
        await raw.send(GET)
        assert (await raw.answer()).status == 200


async def test_a_request_that_follows_at_once_is_answered(world: World, post: Request) -> None:
    async with connected(world.worker) as raw:
        await raw.send(post(), b" " * TOO_LARGE + GET + GET)
        is_413(await raw.answer())
        for _ in range(2):
            assert (await raw.answer()).status == 200


@pytest.mark.usefixtures("brief")
async def test_a_client_that_continues_slowly_gets_nothing_but_the_413(world: World, post: Request) -> None:
    async with connected(world.worker) as raw:
        await raw.send(post())
        is_413(await raw.answer())
        await raw.drip(b" " * 200, every_s=0.02)
        assert await raw.ended() == b""


@pytest.mark.usefixtures("brief")
async def test_a_client_that_stops_sending_gets_nothing_but_the_413(world: World, post: Request) -> None:
    async with connected(world.worker) as raw:
        await raw.send(post(), PIECE)
        is_413(await raw.answer())
        assert await raw.ended() == b""


@pytest.mark.usefixtures("brief")
async def test_a_client_that_has_sent_the_rest_may_wait_before_its_next_request(world: World, post: Request) -> None:
    async with connected(world.worker) as raw:
        await raw.send(post())
        is_413(await raw.answer())
        await raw.send(b" " * TOO_LARGE)
        await asyncio.sleep(1.5)  # longer than a request may take to arrive
        await raw.send(GET)
        assert (await raw.answer()).status == 200


async def test_a_malformed_rest_gets_no_second_response(world: World, post: Request) -> None:
    async with connected(world.worker) as raw:
        await raw.send(post(framing="Transfer-Encoding: chunked"), *[b"c350\r\n" + PIECE + b"\r\n"] * 30)
        is_413(await raw.answer())
        await raw.send(b"not a chunk\r\n")
        assert await raw.ended() == b""


async def test_a_client_that_asks_first_is_told_that_the_connection_ends(world: World, post: Request) -> None:
    """It need not send the body, so the service cannot know what follows."""
    async with connected(world.worker) as raw:
        await raw.send(post(more="Expect: 100-continue"))
        is_413(await raw.answer(), closes=True)


async def test_a_client_gets_the_413_although_the_worker_shuts_down(world: World, post: Request) -> None:
    async with connected(world.worker) as raw:
        await raw.send(post(), PIECE)
        name = raw.writer.get_extra_info("sockname")
        await wait_until(lambda: any(one.client == name and one._discard_until for one in connections(world)))
        next(one for one in connections(world) if one.client == name).shutdown()
        await raw.send(*[PIECE] * 10)
        is_413(await raw.answer())
        assert await raw.ended() == b""


async def test_a_refusal_of_the_protocol_is_read_by_a_client_that_continues(world: World) -> None:
    for _ in range(5):
        async with connected(world.worker) as raw:
            await raw.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
            for _ in range(40):
                await raw.send(b"x" * 50_000)
                await asyncio.sleep(0.002)
            assert (await raw.answer()).status == 431
            assert await raw.ended() == b""


async def test_a_pause_of_the_service_is_not_the_fault_of_the_client(
    world: World, post: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service stops reading while a handler is busy; what did not arrive then does not count as slow."""
    monkeypatch.setattr(http_protocol, "BODY_TIMEOUT_S", 0.5)
    async with connected(world.worker) as raw:
        length = 100_000
        await raw.send(post(framing=f"Content-Length: {length}", more="Expect: 100-continue"))
        assert (await raw.answer()).status == 100
        name = raw.writer.get_extra_info("sockname")
        own = next(one for one in connections(world) if one.client == name)
        own.flow.pause_reading()
        await asyncio.sleep(0.45)
        own.flow.resume_reading()
        await asyncio.sleep(0.1)  # until the client's network has noticed
        await raw.send(b" " * length)
        assert (await raw.answer()).status == 400  # blanks are not JSON
