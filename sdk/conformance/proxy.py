"""A TCP proxy that injects faults into requests and server frames.

It parses only as much HTTP/1.1 and WebSocket (RFC 6455, section 5.2) as needed to find requests and server frames, and
forwards everything else unchanged. README.md documents the rules.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

TEXT_OPCODE = 0x1
Writer = asyncio.StreamWriter


@dataclass
class Rule:
    """One fault. The first `skip` matches pass, then it applies to the next `times` matches."""

    do: str
    frame: str | None = None
    request: str | None = None
    skip: int = 0
    times: int = 1
    seconds: float = 0.3
    status: int = 503

    def applies(self, *, frame: str | None = None, request: str | None = None) -> bool:
        """Whether the fault applies to this frame or request. Counts the match."""
        if self.times <= 0:
            return False
        if frame is not None and self.frame not in (frame, "*"):
            return False
        if request is not None and (self.request is None or not request.startswith(self.request)):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Proxy:
    """Forwards connections to the service. `rules` and `refuses_connections` can change at any time."""

    upstream_port: int
    rules: list[Rule] = field(default_factory=list)
    refuses_connections: bool = False
    port: int = 0
    _sockets: set[Writer] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        """Listen on a free port of the loopback interface."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, and close every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def disconnect_sockets(self) -> None:
        """Abort every WebSocket connection, without a close frame."""
        for writer in tuple(self._sockets):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if not self.refuses_connections:
                await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # either side has disconnected, or the proxy is stopping
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"upgrade: websocket" in head.lower():
            await self._serve_socket(head, reader, writer)
            return
        while True:
            if not await self._serve_request(head, reader, writer):
                return
            head = await reader.readuntil(b"\r\n\r\n")

    async def _serve_request(self, head: bytes, reader: asyncio.StreamReader, writer: Writer) -> bool:
        """Forward one request on a new connection. Returns whether the client's connection stays open."""
        request = head.split(b" HTTP/", 1)[0].decode("latin-1")
        body = await _read_body(head, reader)
        fault = next((rule for rule in self.rules if rule.applies(request=request)), None)
        if fault is not None and fault.do == "respond":
            writer.write(_error_response(fault.status))
            await writer.drain()
            return True
        service_reader, service_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        try:
            service_writer.write(_without_keep_alive(head) + body)
            response = await service_reader.read(-1)
        finally:
            service_writer.transport.abort()
        if fault is not None and fault.do == "drop_response":
            return False
        writer.write(response)
        await writer.drain()
        return False

    async def _serve_socket(self, head: bytes, reader: asyncio.StreamReader, writer: Writer) -> None:
        service_reader, service_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        self._sockets.add(writer)
        try:
            service_writer.write(head)
            writer.write(await service_reader.readuntil(b"\r\n\r\n"))
            pumps = [
                asyncio.create_task(_pump(reader, service_writer)),
                asyncio.create_task(self._pump_frames(service_reader, writer)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in pumps:
                    task.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
            await writer.drain()
        finally:
            self._sockets.discard(writer)
            service_writer.transport.abort()

    async def _pump_frames(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        while True:
            try:
                frame, text = await _read_frame(reader)
            except (OSError, asyncio.IncompleteReadError):
                return
            frame_type = json.loads(text).get("type") if text is not None else None
            applying = (rule for rule in self.rules if rule.applies(frame=frame_type))
            fault = None if frame_type is None else next(applying, None)
            match fault.do if fault else "pass":
                case "drop":
                    continue
                case "duplicate":
                    writer.write(frame * 2)
                case "delay":
                    assert fault is not None
                    await asyncio.sleep(fault.seconds)
                    writer.write(frame)
                case "reorder":
                    following, _ = await _read_frame(reader)
                    writer.write(following + frame)
                case "disconnect_before":
                    writer.transport.abort()
                    return
                case "disconnect_after":
                    writer.write(frame)
                    await writer.drain()
                    writer.transport.abort()
                    return
                case _:
                    writer.write(frame)
            await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: Writer) -> None:
    while chunk := await reader.read(65_536):
        writer.write(chunk)
        await writer.drain()


async def _read_frame(reader: asyncio.StreamReader) -> tuple[bytes, str | None]:
    """The raw bytes of the next server frame, and its text if it is a text frame."""
    start = await reader.readexactly(2)
    length = start[1] & 0x7F
    extended = b""
    if length == 126:
        extended = await reader.readexactly(2)
    elif length == 127:
        extended = await reader.readexactly(8)
    payload = await reader.readexactly(int.from_bytes(extended) if extended else length)
    return start + extended + payload, payload.decode() if start[0] & 0x0F == TEXT_OPCODE else None


async def _read_body(head: bytes, reader: asyncio.StreamReader) -> bytes:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return await reader.readexactly(int(value))
        if name.lower() == b"transfer-encoding":
            raise OSError("the proxy does not support request bodies with a transfer encoding")
    return b""


def _without_keep_alive(head: bytes) -> bytes:
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]])


def _error_response(status: int) -> bytes:
    code = "rate_limited" if status == 429 else "unavailable"
    body = json.dumps({"type": "about:blank", "title": code, "status": status, "detail": code, "code": code}).encode()
    head = f"HTTP/1.1 {status} Fault\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
    return f"{head}Access-Control-Allow-Origin: *\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def parse_rules(rules: list[dict[str, Any]]) -> list[Rule]:
    """The rules of a scenario.

    Raises:
        TypeError: a rule has an unknown member.
    """
    return [Rule(**rule) for rule in rules]
