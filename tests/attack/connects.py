"""Attacks by opening connections, and by requests that need no token."""

import asyncio
import contextlib
import functools
from typing import Any

from tests.attack.attack import Attacker, attack
from tests.attack.wire import Http, forwarded, request


@attack("denial", "one user connects and disconnects, on eight connections at a time", seconds=4)
async def connects(attacker: Attacker) -> None:
    user = attacker.user()

    async def one() -> None:
        async with attacker.socket("/ws/notifications/", user) as socket:
            await socket.receive()
            attacker.answers["hello"] += 1

    try:
        await attacker.again(*[one] * 8, pause_s=0.0)
    finally:
        attacker.expect(attacker.answers["hello"] < 600, "one user opens more than 600 sockets in seconds")


@attack("denial", "handshakes without a token, on eight connections at a time")
async def connects_without_a_token(attacker: Attacker) -> None:
    async def one() -> None:
        async with attacker.socket("/ws/notifications/", None) as socket:
            await attacker.count_answers(socket)

    await attacker.again(*[one] * 8, pause_s=0.0)


async def _pipeline(attacker: Attacker, sent: bytes, connections: int) -> None:
    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", attacker.port)

        async def read() -> None:
            while part := await reader.read(1 << 18):
                attacker.meter.count(received=len(part))
                for status in ("200", "404", "429"):
                    attacker.answers[status] += part.count(f"HTTP/1.1 {status}".encode())

        reading = asyncio.create_task(read())
        try:
            while not reading.done():
                attacker.meter.count(sent=len(sent))
                writer.write(sent)
                await writer.drain()
        finally:
            reading.cancel()
            writer.transport.abort()

    await attacker.again(*[one] * connections)


@attack("denial", "GET /healthz in 64 KiB writes, pipelined on two connections", seconds=4, is_short=True)
async def pipelined_requests(attacker: Attacker) -> None:
    one = attacker.request("GET", "/healthz")
    await _pipeline(attacker, one * (65_536 // len(one)), 2)


@attack("denial", "requests for unknown paths, pipelined on two connections")
async def pipelined_unknown_paths(attacker: Attacker) -> None:
    one = attacker.request("GET", "/x")
    await _pipeline(attacker, one * (65_536 // len(one)), 2)


@attack("denial", "requests for the OpenAPI document, on 40 connections", max_mb=10, is_short=True)
async def public_documents(attacker: Attacker) -> None:
    async def step(http: Http, lane: int) -> None:
        attacker.judge(await http.ask("GET", "/openapi.json"))
        await asyncio.sleep(0.5)

    await attacker.repeat(40, step)


@attack("denial", "readiness probes, on 40 connections")
async def probes(attacker: Attacker) -> None:
    async def step(http: Http, lane: int) -> None:
        attacker.judge(await http.ask("GET", "/readyz"))

    await attacker.repeat(40, step)


@attack("denial", "empty lines in 64 KiB writes, on four connections", max_mb=400)
async def empty_lines(attacker: Attacker) -> None:
    await _pipeline(attacker, b"\r\n" * 32_768, 4)


@attack("denial", "bodies of chunks of one byte with extensions, on four connections")
async def tiny_chunks(attacker: Attacker) -> None:
    user = attacker.user()
    head = f"POST /chat/messages/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {user.token}\r\n"
    head += f"{forwarded(attacker.address)}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    await _pipeline(attacker, head.encode() + b"1;a=b\r\n \r\n" * 6_000 + b"2\r\n{}\r\n0\r\n\r\n", 4)


@attack("denial", "connections that send a request byte by byte, 300 of them", seconds=5)
async def slow_requests(attacker: Attacker) -> None:
    sent = b"POST /chat/messages/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\nX: " + b"x" * 1000

    async def one() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", attacker.port)
        try:
            for at in range(len(sent)):
                attacker.meter.count(sent=1)
                writer.write(sent[at : at + 1])
                await asyncio.sleep(0.25)
        finally:
            writer.transport.abort()

    await attacker.together(*(one() for _ in range(300)))


@attack("denial", "500 handshakes that are never finished, and 200 sockets that never say anything")
async def idle_connections(attacker: Attacker) -> None:
    users = attacker.users(10)

    async def half() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", attacker.port)
        with contextlib.closing(writer):
            writer.write(b"GET /ws/chat/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n")
            await asyncio.sleep(3600)

    async def silent(number: int) -> None:
        async with attacker.socket("/ws/chat/", users[number % 10]) as socket:
            await attacker.count_answers(socket)

    await attacker.together(*(half() for _ in range(500)), *(silent(number) for number in range(200)))


@attack("denial", "tickets, and sockets that use each of them, on six connections")
async def tickets(attacker: Attacker) -> None:
    user = attacker.user()

    async def step(http: Http, lane: int) -> None:
        answer = await attacker.ask(http, user, "POST", "/chat/ws_tickets/")
        ticket = answer.json()["ticket"] if answer.status == 201 else "x" * 43
        async with attacker.socket(f"/ws/chat/?ticket={ticket}", None) as socket:
            await socket.receive()
            attacker.answers["hello"] += 1

    await attacker.repeat(6, step)


@attack("denial", "wrong tokens: forged, of 60 KB, of deep JSON; on six connections")
async def wrong_tokens(attacker: Attacker) -> None:
    good = attacker.user().token
    tokens = [good[:-4] + "AAAA", "a" * 60_000, "e30." * 15_000, "x.y.z", "eyJhbGciOiJub25lIn0.e30."]

    async def step(http: Http, lane: int) -> None:
        for token in tokens:
            attacker.judge(await http.ask("GET", "/chat/conversations/", token=token))

    await attacker.repeat(6, step)


async def _some_chat(attacker: Attacker) -> Any:
    user = attacker.user()
    return user, await attacker.job([user.id, attacker.user().id])


@attack("denial", "subscriptions with replay of a whole log, opened and dropped on ten connections", prepare=_some_chat)
async def replays(attacker: Attacker) -> None:
    user, chat = attacker.prepared

    async def one(number: int) -> None:
        async with attacker.socket(f"/ws/chat/{chat}/?after_seq={number % 3}", user) as socket:
            await socket.receive()
            attacker.answers["hello"] += 1

    await attacker.again(*(functools.partial(one, number) for number in range(10)), pause_s=0.0)


@attack("denial", "40 connections that stall after half of a JSON body, each with a token and an Idempotency-Key")
async def stalled_bodies(attacker: Attacker) -> None:
    users = attacker.users(4)

    async def one(number: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", attacker.port)
        try:
            token = users[number % len(users)].token
            key = f"Idempotency-Key: {number}\r\n{forwarded(attacker.address)}"
            sent = request("POST", "/chat/conversations/", b'{"conversation_type":"direct"', token=token, headers=key)
            sent = sent.replace(b"Content-Length: 29", b"Content-Length: 2900")
            attacker.meter.count(sent=len(sent))
            writer.write(sent)
            await asyncio.sleep(3600)
        finally:
            writer.transport.abort()

    await attacker.together(*(one(number) for number in range(40)))
