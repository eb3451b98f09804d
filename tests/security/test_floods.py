"""Floods of tiny frames and of pipelined requests: other connections of the worker are served in the meantime."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from tests.security.raw import Raw, connected, frame, handshake
from tests.support.workers import Worker, make_settings, running
from tests.support.world import World

CHUNK_BYTES = 65_536
FLOOD_S = 1.5
MAX_DELAY_S = 1.0
KEY = b"\0\0\0\0"
TINY = {
    "ping": frame(9, b"", key=KEY),
    "pong": frame(10, b"", key=KEY),
    "empty text": frame(1, b"", key=KEY),
    "empty fragments": frame(0, b"", key=KEY, fin=False),
}


@pytest.fixture
async def own(database: str) -> AsyncIterator[World]:
    """A worker of its own: the delays of other tests do not count."""
    async with running(make_settings(database)) as worker:
        world = World(worker)
        yield world
        await world.close()


async def _flood(raw: Raw, tiny: bytes, until: float) -> None:
    """Write as fast as the service reads, whatever it answers, until it closes the connection."""
    chunk = tiny * (CHUNK_BYTES // len(tiny))
    with contextlib.suppress(ConnectionError, TimeoutError):
        while time.monotonic() < until:
            raw.writer.write(chunk)
            async with asyncio.timeout(max(0.01, until - time.monotonic())):
                await raw.writer.drain()


async def _worst_delay_s(worker: Worker, until: float) -> float:
    """The longest that another client waits for a response."""
    worst = 0.0
    async with connected(worker) as raw:
        while time.monotonic() < until:
            began = time.monotonic()
            raw.writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            await raw.reader.readuntil(b'{"status":"ok"}')
            worst = max(worst, time.monotonic() - began)
            await asyncio.sleep(0.01)
    return worst


@pytest.mark.parametrize("has_token", [False, True], ids=["without a token", "with a token"])
@pytest.mark.parametrize("tiny", TINY)
async def test_a_flood_of_tiny_frames_delays_no_other_connection(own: World, tiny: str, has_token: bool) -> None:
    ana = own.person("ana")
    async with contextlib.AsyncExitStack() as stack:
        floods = [await stack.enter_async_context(connected(own.worker)) for _ in range(4)]
        for raw in floods:
            headers = {"Authorization": f"Bearer {ana.bearer}"} if has_token else {}
            await raw.send(handshake("/ws/chat/", **headers))
            assert (await raw.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        until = time.monotonic() + FLOOD_S
        flood = asyncio.gather(*(_flood(raw, TINY[tiny], until) for raw in floods))
        delay = await _worst_delay_s(own.worker, until)
        await flood
    assert delay < MAX_DELAY_S


HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


async def _pipeline(raw: Raw, until: float) -> None:
    """Write requests without waiting for responses, which another task reads."""
    reading = asyncio.create_task(raw.reader.read(-1))
    await _flood(raw, HEALTHZ, until)
    raw.writer.transport.abort()
    with contextlib.suppress(ConnectionError):
        await reading


async def test_a_flood_of_pipelined_requests_delays_no_other_connection(own: World) -> None:
    async with contextlib.AsyncExitStack() as stack:
        floods = [await stack.enter_async_context(connected(own.worker)) for _ in range(4)]
        until = time.monotonic() + FLOOD_S
        flood = asyncio.gather(*(_pipeline(raw, until) for raw in floods))
        delay = await _worst_delay_s(own.worker, until)
        await flood
    assert delay < MAX_DELAY_S


async def test_pipelined_requests_are_all_answered_in_their_order(own: World) -> None:
    body = b'{"message_ids": [' + b" " * 20_000 + b"]}"
    head = (
        b"POST /chat/messages/mark_multiple_read/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
        % (own.person("ana").bearer or "").encode()
    )
    with_body = head + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with connected(own.worker) as raw:
        await raw.send((HEALTHZ * 50 + with_body) * 3)
        for _ in range(3):
            for _ in range(50):
                assert (await raw.answer()).body == b'{"status":"ok"}'
            assert (await raw.answer()).status == 422
        await raw.send(HEALTHZ)
        assert (await raw.answer()).status == 200
