"""The HTTP protocol: slow clients are disconnected, oversized requests and request smuggling are rejected."""

import asyncio
import json
from typing import Any

import pytest

from tests.security.raw import Raw, close_code, connected, frame, handshake
from tests.support.world import World, wait_until
from wasgo_chat.server import http_protocol, websocket_protocol

HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /chat/messages/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the timeouts of the HTTP protocol from ten seconds to half a second."""
    assert (http_protocol.HEADERS_TIMEOUT_S, http_protocol.BODY_TIMEOUT_S) == (10.0, 10.0)
    monkeypatch.setattr(http_protocol, "HEADERS_TIMEOUT_S", 0.5)
    monkeypatch.setattr(http_protocol, "BODY_TIMEOUT_S", 0.5)


async def refused(raw: Raw, status: int, code: str) -> None:
    answer = await raw.answer()
    assert (answer.status, json.loads(answer.body)["code"]) == (status, code)
    head = answer.head.lower()
    for header in (b"connection: close", b"x-frame-options: deny", b"cache-control: no-store"):
        assert header in head
    assert await raw.ended() == b""


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "start",
    [b"", b"GET", HEAD, handshake("/ws/chat/")[:-2], POST + b"Content-Length: 10\r\n\r\n", b"\r\n"],
    ids=["nothing", "a method", "half a head", "half a handshake", "no body", "an empty line"],
)
async def test_a_client_that_stalls_while_sending_is_disconnected(world: World, start: bytes) -> None:
    async with connected(world.worker) as raw:
        await raw.send(start)
        await refused(raw, 408, "request_timeout")


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("start", "rest"),
    [
        (b"", HEAD * 20),
        (b"", handshake("/ws/chat/", X_Long="x" * 500)),
        (POST + b"Content-Length: 1000\r\n\r\n", b"x" * 1000),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 200),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Trailer: x\r\n" * 200),
    ],
    ids=["head", "handshake", "body", "chunks", "trailers"],
)
async def test_sending_byte_by_byte_is_too_slow(world: World, start: bytes, rest: bytes) -> None:
    async with connected(world.worker) as raw:
        await raw.send(start)
        dripping = asyncio.create_task(raw.drip(rest, every_s=0.02))
        await refused(raw, 408, "request_timeout")
        await dripping


@pytest.mark.usefixtures("hasty")
async def test_an_empty_line_after_a_response_does_not_keep_a_connection_open(world: World) -> None:
    async with connected(world.worker) as raw:
        await raw.send(HEAD + b"\r\n")
        assert (await raw.answer()).status == 200
        await raw.send(b"\r\n")
        await refused(raw, 408, "request_timeout")


@pytest.mark.usefixtures("hasty")
async def test_pauses_between_requests_are_allowed(world: World) -> None:
    async with connected(world.worker) as raw:
        for _ in range(2):
            await raw.send(HEAD + b"\r\n")
            assert (await raw.answer()).status == 200
            await asyncio.sleep(0.7)  # longer than the timeout for headers that have begun


async def test_a_client_that_does_not_read_its_response_is_disconnected(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "WRITE_STALL_S", 0.5)
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    for _ in range(30):
        await ana.send(chat, "x" * 10_000)
    connections: Any = world.worker.server.server_state.connections
    async with connected(world.worker, receive_bytes=4096) as raw:
        target = f"/chat/messages/?conversation={chat['id']}&limit=100"
        request = f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ana.bearer}\r\n\r\n".encode()
        await raw.send(*([request] * 30))
        raw.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads has it
        name = raw.writer.get_extra_info("sockname")
        await wait_until(lambda: any(one.client == name for one in connections))
        await wait_until(lambda: not any(one.client == name for one in connections))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz?" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz?" + b"x" * 16_385 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz?" + b"&".join([b"x"] * 101) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n",
        HEAD + b"X: y\r\n" * 101 + b"\r\n",
        HEAD + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 7000) for n in range(10)) + b"\r\n",
        handshake("/ws/chat/", X_Long="x" * 9000),
        handshake("/ws/chat/?" + "x" * 9000),
        handshake("/ws/chat/", **{f"X_{n}": "x" for n in range(120)}),
    ],
    ids=[
        "target",
        "query",
        "parameters",
        "header",
        "headers",
        "together",
        "of a handshake",
        "target of one",
        "headers of one",
    ],
)
async def test_headers_above_the_limit_are_431(world: World, head: bytes) -> None:
    async with connected(world.worker) as raw:
        await raw.send(head)
        await refused(raw, 431, "headers_too_large")


async def test_an_endless_header_is_431(world: World) -> None:
    async with connected(world.worker) as raw:
        await raw.send(HEAD + b"X-Long: ", *([b"x" * 8192] * 60))
        await refused(raw, 431, "headers_too_large")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (b"1;" + b"x" * 150_000 + b"\r\nx\r\n", 400),
        (b"1\r\n \r\n" * 1_100, 400),
        (b"0\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"0\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    ],
    ids=["an extension of a chunk", "tiny chunks", "many trailers", "a long trailer"],
)
async def test_a_body_of_chunk_overhead_is_rejected(world: World, more: bytes, status: int) -> None:
    async with connected(world.worker) as raw:
        start = POST + b"Transfer-Encoding: chunked\r\n\r\n"
        await raw.send(start)
        for at in range(0, len(more), 16_384):
            await raw.send(more[at : at + 16_384])
        assert (await raw.answer()).status == status
        assert await raw.ended() == b""


@pytest.mark.parametrize(
    "request_",
    [
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        POST + b"Content-Length: +5\r\n\r\nhello",
        POST + b"Content-Length: 0x5\r\n\r\nhello",
        POST + b"Content-Length: 99999999999999999999\r\n\r\n",
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        HEAD + b"X-Folded: a\r\n Authorization: b\r\n\r\n",
        HEAD + b"X\x00: y\r\n\r\n",
        HEAD + b"X: a\x00b\r\n\r\n",
        HEAD + b"X: a\rAuthorization: b\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=lambda request: request.removeprefix(POST).removeprefix(HEAD)[:40].decode("latin-1"),
)
async def test_an_ambiguous_request_is_rejected(world: World, request_: bytes) -> None:
    second = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    async with connected(world.worker) as raw:
        await raw.send(request_ + second)
        answers = await raw.ended()
    assert answers.startswith(b"HTTP/1.1 400 "), answers[:200]
    assert answers.count(b"HTTP/1.1 ") == 1


async def test_a_repeated_token_or_user_header_is_rejected(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    me = "/chat/conversations/unread_counts/"
    twice = [("Authorization", f"Bearer {ana.bearer}"), ("Authorization", f"Bearer {bo.bearer}")]
    response = await bo.client.get(me, headers=twice)
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    acting = [("Authorization", f"Bearer {world.service.bearer}"), ("X-Act-As", ana.id), ("X-Act-As", bo.id)]
    response = await world.service.client.get(me, headers=acting)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    for lookalike in ("X_Act_As", "X-Act-As-User", "X-Original-User"):
        response = await world.service.client.get(me, headers={lookalike: ana.id})
        assert (response.status_code, response.json()["code"]) == (403, "act_as_required")


async def test_a_handshake_with_a_body_opens_no_socket(world: World) -> None:
    async with connected(world.worker) as raw:
        await raw.send(handshake("/ws/chat/", Content_Length="5") + b"hello")
        assert (await raw.answer()).status >= 400
        await raw.ended()


async def test_a_client_that_pings_and_does_not_read_is_disconnected(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_protocol, "MAX_UNREAD_PONGS", 0)
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    connections: Any = world.worker.server.server_state.connections
    async with connected(world.worker, receive_bytes=4096) as raw:
        await raw.send(handshake(f"/ws/chat/{chat['id']}/", Authorization=f"Bearer {ana.bearer}"))
        await raw.reader.readuntil(b"\r\n\r\n")
        raw.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads has it
        name = raw.writer.get_extra_info("sockname")
        pings = frame(9, b"x" * 125) * 1000

        async def flood() -> None:
            for _ in range(500):  # 65 MB if all were accepted
                await raw.send(pings)

        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            await flood()
        await wait_until(lambda: not any(one.client == name for one in connections))


async def test_a_message_of_endless_empty_fragments_is_1009(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with connected(world.worker) as raw:
        await raw.send(handshake(f"/ws/chat/{chat['id']}/", Authorization=f"Bearer {ana.bearer}"))
        await raw.reader.readuntil(b"\r\n\r\n")
        await raw.send(frame(1, fin=False), frame(0, fin=False) * (websocket_protocol.MAX_FRAGMENTS + 1))
        assert await close_code(raw) == 1009
