"""HTTP and WebSocket connections that cost their owner little, for attackers and victims; every byte is counted."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

KEPT_BYTES = 262_144
KEY = b"\0\0\0\0"
"""A masking key that changes nothing, so that masking costs no time."""
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Exhausted(Exception):
    """The attack has sent or received as many bytes as it may."""


@dataclass
class Meter:
    """The bytes of one attack."""

    max_bytes: int = 1 << 62
    sent: int = 0
    received: int = 0

    def count(self, *, sent: int = 0, received: int = 0) -> None:
        self.sent += sent
        self.received += received
        if self.sent > self.max_bytes or self.received > 8 * self.max_bytes:
            raise Exhausted


@dataclass
class Answer:
    """An HTTP response. `body` has its first 256 KiB, `size` counts all of it, `took_s` up to its last byte."""

    status: int
    head: bytes
    body: bytes
    size: int
    took_s: float
    request_size: int

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Http:
    """One persistent connection, opened again when the service has closed it."""

    port: int
    meter: Meter = field(default_factory=Meter)
    more_headers: str = ""
    _open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, headers: str = ""
    ) -> Answer:
        """Send a request and read the response. A body that is no bytes is sent as JSON."""
        return await self.exchange(request(method, path, body, token=token, headers=self.more_headers + headers))

    async def exchange(self, sent: bytes) -> Answer:
        """Send the bytes of one request and read the response. Raises: OSError, asyncio.IncompleteReadError."""
        began = time.monotonic()
        is_reused = self._open is not None
        try:
            return await self._exchange(sent, began)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            if not is_reused:
                raise
            return await self._exchange(sent, began)

    async def _exchange(self, sent: bytes, began: float) -> Answer:
        if self._open is None:
            self._open = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        reader, writer = self._open
        self.meter.count(sent=len(sent))
        writer.write(sent)
        await writer.drain()
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"http/1.1 100"):
                break
        body, size = await self._body(reader, head)
        self.meter.count(received=len(head) + size)
        if b"connection: close" in head:
            self.close()
        return Answer(int(head[9:12]), head, body, size, time.monotonic() - began, len(sent))

    async def _body(self, reader: asyncio.StreamReader, head: bytes) -> tuple[bytes, int]:
        lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        if lines.get(b"transfer-encoding") == b"chunked":
            body = b""
            while size := int(await reader.readuntil(b"\r\n"), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readexactly(2)
            return body, len(body)
        left = length = 0 if head[9:12] in (b"204", b"304") else int(lines.get(b"content-length", b"0"))
        kept = bytearray()
        while left:
            part = await reader.read(min(left, 1 << 18))
            if not part:
                raise asyncio.IncompleteReadError(bytes(kept), length)
            left -= len(part)
            if len(kept) < KEPT_BYTES:
                kept += part
        return bytes(kept), length

    def close(self) -> None:
        if self._open is not None:
            self._open[1].transport.abort()
            self._open = None


def forwarded(address: str) -> str:
    """The header with which a proxy reports the address of a client; none for an empty one."""
    return f"X-Forwarded-For: {address}\r\n" if address else ""


def request(method: str, path: str, body: Any = None, *, token: str | None = None, headers: str = "") -> bytes:
    """The bytes of a request."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None and "content-type" not in headers.lower():
        lines.append("Content-Type: application/json")
    if body is not None or method not in ("GET", "DELETE"):
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode() + b"\r\n" + headers.encode() + b"\r\n" + content


def form(fields: dict[str, str], files: list[tuple[str, str, bytes]]) -> tuple[bytes, str]:
    """A multipart body, and its header line. Files have a field, a name and a content."""
    parts = [
        f'--b0undary\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, filename, content in files:
        head = f'--b0undary\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + b"--b0undary--\r\n", "Content-Type: multipart/form-data; boundary=b0undary\r\n"


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, bits: int = 0) -> bytes:
    """A masked frame."""
    first = (0x80 if fin else 0) | bits | opcode
    size = len(payload)
    if size < 126:
        return bytes([first, 0x80 | size]) + KEY + payload
    if size < 65_536:
        return bytes([first, 0xFE]) + size.to_bytes(2) + KEY + payload
    return bytes([first, 0xFF]) + size.to_bytes(8) + KEY + payload


def text(fields: dict[str, Any]) -> bytes:
    """A text frame of JSON."""
    return frame(TEXT, json.dumps(fields).encode())


class Closed(Exception):
    """The service closed the socket: its code, 1006 if it sent no close frame."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Socket:
    """A WebSocket that is open. Control frames of the service other than a close are skipped, pings answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, meter: Meter) -> None:
        self.reader = reader
        self.writer = writer
        self.meter = meter

    @classmethod
    async def open(
        cls, port: int, path: str, *, token: str | None = None, meter: Meter | None = None, headers: str = ""
    ) -> "Socket":
        """Connect and finish the handshake. Raises: Closed with an HTTP status, if it is refused."""
        meter = meter or Meter()
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        sent = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{bearer}{headers}\r\n"
        ).encode()
        meter.count(sent=len(sent))
        writer.write(sent)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.transport.abort()
            raise Closed(1006) from None
        except BaseException:
            writer.transport.abort()
            raise
        meter.count(received=len(head))
        if not head.startswith(b"HTTP/1.1 101"):
            writer.transport.abort()
            raise Closed(int(head[9:12]), "handshake refused")
        return cls(reader, writer, meter)

    async def write(self, data: bytes) -> None:
        """Write frames, and wait until the service reads. Raises: Closed."""
        self.meter.count(sent=len(data))
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            raise Closed(1006) from None

    async def send(self, **fields: Any) -> None:
        await self.write(text(fields))

    async def receive(self) -> bytes:
        """The payload of the next text frame. Raises: Closed."""
        try:
            while True:
                first, size = await self.reader.readexactly(2)
                if size == 126:
                    size = int.from_bytes(await self.reader.readexactly(2))
                elif size == 127:
                    size = int.from_bytes(await self.reader.readexactly(8))
                payload = await self.reader.readexactly(size)
                self.meter.count(received=size + 4)
                match first & 15:
                    case 8:
                        raise Closed(int.from_bytes(payload[:2]) if payload else 1005, payload[2:].decode())
                    case 9:
                        self.writer.write(frame(PONG, payload))
                    case 1:
                        return payload
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Closed(1006) from None

    async def wait_for(self, **wanted: Any) -> Any:
        """The next frame with these fields. Raises: Closed."""
        while True:
            found = json.loads(await self.receive())
            if all(found.get(name) == value for name, value in wanted.items()):
                return found

    def abort(self) -> None:
        self.writer.transport.abort()
