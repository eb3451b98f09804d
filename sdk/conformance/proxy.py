"""A TCP proxy before the service that makes faults, frame by frame.

Understands just enough of HTTP/1.1 and WebSocket (RFC 6455, section 5.2) to tell requests and server frames apart;
everything else passes through as it is. What a rule may say is in README.md.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

TEXT = 0x1
Writer = asyncio.StreamWriter


@dataclass
class Rule:
    """One fault. `skip` matches pass first, then it happens `times` times."""

    do: str
    frame: str | None = None
    request: str | None = None
    skip: int = 0
    times: int = 1
    seconds: float = 0.3
    status: int = 503

    def meets(self, *, frame: str | None = None, request: str | None = None) -> bool:
        """Whether the fault happens now; counts the match."""
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
    """Listens on a port of its own; `rules` and `refuses` may be changed at any time."""

    upstream_port: int
    rules: list[Rule] = field(default_factory=list)
    refuses: bool = False
    port: int = 0
    _sockets: set[Writer] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break every WebSocket off, without a close frame."""
        for writer in tuple(self._sockets):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if not self.refuses:
                await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # either side has gone, or the play is over
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
        """One request on a connection of its own to the service; whether the client's connection goes on."""
        request = head.split(b" HTTP/", 1)[0].decode("latin-1")
        body = await _body(head, reader)
        fault = next((rule for rule in self.rules if rule.meets(request=request)), None)
        if fault is not None and fault.do == "answer":
            writer.write(_answer(fault.status))
            await writer.drain()
            return True
        answer_from, ask = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        try:
            ask.write(_without_keep_alive(head) + body)
            answer = await answer_from.read(-1)
        finally:
            ask.transport.abort()
        if fault is not None and fault.do == "lose_answer":
            return False
        writer.write(answer)
        await writer.drain()
        return False

    async def _serve_socket(self, head: bytes, reader: asyncio.StreamReader, writer: Writer) -> None:
        frames_from, say = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        self._sockets.add(writer)
        try:
            say.write(head)
            writer.write(await frames_from.readuntil(b"\r\n\r\n"))
            pumps = [
                asyncio.create_task(_pump(reader, say)),
                asyncio.create_task(self._pump_frames(frames_from, writer)),
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
            say.transport.abort()

    async def _pump_frames(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        while True:
            try:
                frame, text = await _frame(reader)
            except (OSError, asyncio.IncompleteReadError):
                return
            kind = json.loads(text).get("type") if text is not None else None
            fault = None if kind is None else next((rule for rule in self.rules if rule.meets(frame=kind)), None)
            match fault.do if fault else "pass":
                case "drop":
                    continue
                case "double":
                    writer.write(frame * 2)
                case "delay":
                    assert fault is not None
                    await asyncio.sleep(fault.seconds)
                    writer.write(frame)
                case "swap":
                    following, _ = await _frame(reader)
                    writer.write(following + frame)
                case "cut":
                    writer.transport.abort()
                    return
                case "cut_after":
                    writer.write(frame)
                    await writer.drain()
                    writer.transport.abort()
                    return
                case _:
                    writer.write(frame)
            await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: Writer) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()


async def _frame(reader: asyncio.StreamReader) -> tuple[bytes, str | None]:
    """A server's frame as it came, and its text if it is one."""
    start = await reader.readexactly(2)
    length = start[1] & 0x7F
    more = b""
    if length == 126:
        more = await reader.readexactly(2)
    elif length == 127:
        more = await reader.readexactly(8)
    payload = await reader.readexactly(int.from_bytes(more) if more else length)
    return start + more + payload, payload.decode() if start[0] & 0x0F == TEXT else None


async def _body(head: bytes, reader: asyncio.StreamReader) -> bytes:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return await reader.readexactly(int(value))
        if name.lower() == b"transfer-encoding":
            raise OSError("requests in pieces are not understood here")
    return b""


def _without_keep_alive(head: bytes) -> bytes:
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]])


def _answer(status: int) -> bytes:
    code = "rate_limited" if status == 429 else "unavailable"
    body = json.dumps({"type": "about:blank", "title": code, "status": status, "detail": code, "code": code}).encode()
    head = f"HTTP/1.1 {status} Fault\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
    return f"{head}Access-Control-Allow-Origin: *\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def rules_of(given: list[dict[str, Any]]) -> list[Rule]:
    """Rules from a scenario. Raises TypeError for a member that there is not."""
    return [Rule(**one) for one in given]
