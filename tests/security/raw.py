"""A connection on which every byte is the test's own: for what no client library would send."""

import asyncio
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
    """What the service said before it closed, or its first whole answer."""

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
        """Byte by byte, until the service has had enough."""
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
        """What came until the service closed the connection."""
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
    """The opening of a socket; underscores in names are hyphens."""
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
    """A frame as RFC 6455, 5.2 draws it, also where it forbids it.

    Args:
        opcode: and the payload, what it says.
        payload: see above.
        fin: whether it is the last of its message.
        masked: whether it is masked as a client's must be.
        bits: reserved ones that are set.
        key: of the mask; with that of zeros the payload stays as it is.
        size_bytes: how many bytes say the length (0, 2, 8), where it shall not be as few as can.
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
    """The code of the close frame that ends what the service sends; 1006 where there is none."""
    sent = await raw.ended()
    while len(sent) >= 2:
        opcode, size, at = sent[0] & 15, sent[1] & 127, 2
        if size == 126:
            size, at = int.from_bytes(sent[2:4]), 4
        elif size == 127:
            size, at = int.from_bytes(sent[2:10]), 10
        if opcode == 8:
            return int.from_bytes(sent[at : at + 2]) if size >= 2 else 1005
        sent = sent[at + size :]
    return 1006
