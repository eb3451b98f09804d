"""A raw connection, for bytes that no client library would send."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.support.workers import Worker

PATIENCE_S = 15.0
HANDSHAKE = (
    b"GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n"
)


@dataclass
class Answer:
    """An HTTP response."""

    status: int
    head: bytes
    body: bytes


class Raw:
    """An open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def drip(self, content: bytes, *, every_s: float) -> None:
        """Send byte by byte, until the service closes the connection."""
        for at in range(len(content)):
            if self.reader.at_eof():
                return
            try:
                await self.send(content[at : at + 1])
            except OSError:
                return
            await asyncio.sleep(every_s)

    async def answer(self) -> Answer:
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
            length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
            return Answer(int(head.split(b" ")[1]), head, await self.reader.readexactly(length))

    async def ended(self) -> bytes:
        """Everything that the service sent until it closed the connection."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


@asynccontextmanager
async def connected(worker: Worker, *, receive_bytes: int | None = None) -> AsyncIterator[Raw]:
    plain = socket.socket()
    if receive_bytes is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", worker.port))
    reader, writer = await asyncio.open_connection(sock=plain, limit=receive_bytes or 65_536)
    try:
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()


def handshake(path: str, **headers: str) -> bytes:
    """The handshake of a socket; underscores in header names become hyphens."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return HANDSHAKE % (path.encode(), lines.encode())


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    masked: bool = True,
    bits: int = 0,
    key: bytes = bytes(4),
    size_bytes: int | None = None,
) -> bytes:
    """A frame (RFC 6455, 5.2), valid or not.

    Args:
        opcode: the opcode.
        payload: the unmasked payload.
        fin: whether it is the last frame of its message.
        masked: whether it is masked, as frames of clients must be.
        bits: reserved bits to set.
        key: the masking key; zeros leave the payload unchanged.
        size_bytes: the number of extended length bytes (0, 2, 8); None for the minimum.
    """
    first = (0x80 if fin else 0) | bits | opcode
    mark = 0x80 if masked else 0
    size = len(payload)
    if size_bytes is None:
        size_bytes = 0 if size < 126 else 2 if size < 65_536 else 8
    second = {0: size, 2: 126, 8: 127}[size_bytes]
    head = bytes([first, mark | second]) + (size.to_bytes(size_bytes) if size_bytes else b"")
    if not masked:
        return head + payload
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


async def close_code(raw: Raw) -> int:
    """Read up to a close frame, answer it, and wait for the end of the connection.

    Returns:
        The close code; 1005 if the close frame has none, 1006 if there is no close frame.
    """
    async with asyncio.timeout(PATIENCE_S):
        try:
            while True:
                first, second = await raw.reader.readexactly(2)
                size = second & 127
                if size == 126:
                    size = int.from_bytes(await raw.reader.readexactly(2))
                elif size == 127:
                    size = int.from_bytes(await raw.reader.readexactly(8))
                payload = await raw.reader.readexactly(size)
                if first & 15 == 8:
                    break
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return 1006
    with contextlib.suppress(OSError):  # after a protocol error the service does not wait for an answer
        await raw.send(frame(8, payload[:2]))
    await raw.ended()
    return int.from_bytes(payload[:2]) if payload else 1005
