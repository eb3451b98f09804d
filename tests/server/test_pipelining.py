"""Pipelined HTTP requests (RFC 9112, 9.3.2): answered in their order, and parsed in small parts."""

import asyncio
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.security.raw import Raw, connected, handshake
from tests.support.processes import serving
from tests.support.world import World
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.server import http_protocol

MANY = 600
GET = b"GET /chat/x%d HTTP/1.1\r\nHost: a\r\n\r\n"


async def _post(world: World, contents: list[str]) -> tuple[bytes, Any]:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    head = f"POST /chat/messages/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ana.bearer}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: "
    sent = b""
    for content in contents:
        body = f'{{"conversation":"{chat["id"]}","content":"{content}"}}'
        sent += f"{head}{len(body)}\r\n\r\n{body}".encode()
    return sent, (ana, chat)


async def test_thousands_of_pipelined_requests_are_answered(world: World) -> None:
    async with connected(world.worker) as raw:
        raw.writer.write(b"".join(GET % number for number in range(MANY)))
        for _ in range(MANY):
            assert (await raw.answer()).status == 404
        await raw.send(GET % 0)  # the connection is as before
        assert (await raw.answer()).status == 404


async def test_pipelined_requests_are_answered_in_their_order(world: World) -> None:
    contents = [str(number) * (1 + 900 * (number % 6)) for number in range(1, 30)]
    sent, (ana, chat) = await _post(world, contents)
    async with connected(world.worker) as raw:
        writing = asyncio.create_task(raw.send(sent))
        for content in contents:
            answer = await raw.answer()
            assert answer.status == 201
            assert f'"content":"{content}"'.encode() in answer.body
        await writing
    assert [message["content"] for message in await ana.history(chat)] == contents[::-1]  # newest first


@pytest.mark.parametrize("size", [1, 7, 4_095, 4_097, 70_000])
async def test_where_a_request_is_split_changes_nothing(world: World, size: int) -> None:
    contents = ["a" * 5_000, "b", "c" * 9_000]
    sent, _ = await _post(world, contents)
    if size < 100:
        sent = sent[: sent.index(b"POST", 10)]  # byte by byte, one request is enough
        contents = contents[:1]
    async with connected(world.worker) as raw:
        for at in range(0, len(sent), size):
            await raw.send(sent[at : at + size])
        for _ in contents:
            assert (await raw.answer()).status == 201


async def test_few_pipelined_requests_are_parsed_in_advance(world: World) -> None:
    longest = 0

    async def watch(raw: Raw) -> None:
        nonlocal longest
        name = raw.writer.get_extra_info("sockname")
        connections: Any = world.worker.server.server_state.connections
        while True:
            own = [len(one.pipeline) for one in connections if one.client == name]
            longest = max(longest, *own, 0)
            await asyncio.sleep(0)

    async with connected(world.worker) as raw:
        watching = asyncio.create_task(watch(raw))
        raw.writer.write(b"".join(GET % number for number in range(MANY)))
        for _ in range(MANY):
            await raw.answer()
        watching.cancel()
    one = len(GET)
    assert 0 < longest <= http_protocol.PIECE_BYTES // one + 1


@pytest.mark.parametrize("requests", [1, 3])
async def test_a_handshake_that_does_not_wait_for_a_response_is_refused(world: World, requests: int) -> None:
    """The response would come after the 101, and be buffered as a whole for a client that does not read."""
    ana = world.person("ana")
    get = f"GET /chat/conversations/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ana.bearer}\r\n\r\n".encode()
    async with connected(world.worker) as raw:
        await raw.send(get * requests + handshake("/ws/chat/", Authorization=f"Bearer {ana.bearer}"))
        assert b"101 Switching" not in await raw.ended()


async def test_a_handshake_after_a_response_is_accepted(world: World) -> None:
    ana = world.person("ana")
    async with connected(world.worker) as raw:
        await raw.send(GET % 0)
        assert (await raw.answer()).status == 404
        await raw.send(handshake("/ws/chat/", Authorization=f"Bearer {ana.bearer}"))
        assert (await raw.reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 101 ")


async def test_a_client_that_disconnects_during_pipelined_requests_causes_no_error(
    database: str, tmp_path: Path
) -> None:
    """In a process of its own: the transports of its event loop do not ignore writes after the connection is lost."""
    log = tmp_path / "serve.log"
    async with serving(database, log, workers=1) as served:
        token = mint_user(served.settings, "ana", ttl_s=60)
        one = b"GET /chat/conversations/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n" % token.encode()
        for _ in range(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(one * 5)
            await reader.read(20)  # the first response; another request is running
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)  # reset
            writer.transport.abort()
    assert log.read_text() == ""
