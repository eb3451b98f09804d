"""uvicorn's sans-I/O WebSocket protocol, extended: direct writes of encoded frames, and bounds on slow peers.

Handshake, ping, close, limits and the parsing of uncommon frames stay stock. The gateway finds the `FrameWriter` in the
`extensions` of the ASGI scope; under another server it sends text through ASGI. Stock uvicorn closes a transport by
waiting for a flush, which a peer that does not read can prevent forever. It also answers every ping, keeps every
fragment, and handles all frames of a read in one go, so that a peer that floods a worker with tiny frames, even without
a token, would hold up its event loop for seconds. Here a connection reads a bounded number of frames per turn.

This overrides internals of uvicorn, whose minor version is therefore pinned in `pyproject.toml`. The tests in
`tests/gateway/test_rfc6455*.py` and `tests/security` check every override on the wire.
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from wasgo_chat.core.close_codes import CloseCode as ChatCloseCode
from wasgo_chat.gateway.frames.frame_writer import EXTENSION, FrameWriter
from wasgo_chat.gateway.frames.framing import FastFrameReader, NonMinimalLength

FLUSH_S = 5.0
MAX_UNREAD_PONGS = 262_144
MAX_FRAGMENTS = 4_096
MAX_UNREAD_MESSAGES = 8
CHEAP_FRAMES_BURST = 200
CHEAP_FRAMES_PER_S = 50
"""Control and empty frames that a peer may send. They cost as much as messages, but no other rate limit counts them."""
MAX_BYTES_AFTER_CLOSE = 131_072
"""Bytes that a peer may have in transit when the service closes. A peer that sends more is disconnected."""


class ChatWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol with `FrameWriter`, a fast path for common frames, flood limits, and a bounded close."""

    writer: FrameWriter | None = None
    reader: FastFrameReader | None = None
    _rest = b""
    _is_turn_scheduled = False
    _bytes_after_close = 0
    _opened_at = 0.0

    async def run_asgi(self) -> None:
        """Run the app with the `FrameWriter` in its scope."""
        self.writer = FrameWriter(self)
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[EXTENSION] = self.writer
        await super().run_asgi()

    def data_received(self, data: bytes) -> None:
        """Pass common messages to the handler without the parser, which would be most of their cost."""
        if self.reader is None:  # the handshake, as the HTTP protocol passes it on; frames follow
            super().data_received(data)
            self.reader = FastFrameReader(self.config.ws_max_size)
            self._opened_at = self.loop.time()
        elif self._rest:
            self._rest += data
        else:
            self._read_turn(self.reader, data)

    async def receive(self) -> Any:
        event = await super().receive()
        if self._rest:
            self.transport.pause_reading()  # the stock method has resumed it
            self._schedule_turn()
        return event

    def _read_turn(self, reader: FastFrameReader, data: bytes) -> None:
        """Handle the first frames of the data, and leave the rest for the next turn of the event loop."""
        if self.close_sent:
            self._bytes_after_close += len(data)
            if self._bytes_after_close > MAX_BYTES_AFTER_CLOSE:
                self.transport.abort()
                return
        try:
            messages = reader.messages(data)
        except NonMinimalLength:
            self.conn.fail(CloseCode.PROTOCOL_ERROR, "length not minimal")
            self.handle_parser_exception()
            return
        rest = data[reader.consumed :]
        if messages is None:
            super().data_received(data[: reader.consumed] if rest else data)
        elif not self.close_sent:
            for text in messages:
                self.queue.put_nowait({"type": "websocket.receive", "text": text})
            if self.queue.qsize() > MAX_UNREAD_MESSAGES and not self.read_paused:
                self.read_paused = True
                self.transport.pause_reading()
        open_s = self.loop.time() - self._opened_at
        if reader.cheap_frames > CHEAP_FRAMES_BURST + CHEAP_FRAMES_PER_S * open_s and not self.close_sent:
            self.conn.fail(int(ChatCloseCode.RATE_LIMITED), "too many control or empty frames; retry after 10")
            self.handle_parser_exception()
        elif rest and not self.transport.is_closing():
            self._rest = rest
            self.transport.pause_reading()
            self._schedule_turn()

    def _schedule_turn(self) -> None:
        if not self._is_turn_scheduled and self.queue.qsize() <= MAX_UNREAD_MESSAGES:
            self._is_turn_scheduled = True
            self.loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._is_turn_scheduled = False
        data, self._rest = self._rest, b""
        if self.reader is None or self.transport.is_closing():
            return
        self._read_turn(self.reader, data)
        if not self._rest and not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    async def send(self, message: Any) -> None:
        """Mark a refused handshake as complete. Stock uvicorn does not, and logs an error for each."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.writer is not None:
            self.writer.is_writable = False

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.writer is not None:
            self.writer.is_writable = True
            self.writer.on_writable()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._rest = b""
        if self.writer is not None:
            self.writer.is_writable = True
            self.writer.on_writable()
            self.writer = None

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        """The handler has returned: abort the connection if it is not flushed soon.

        What the handler has not read is freed now: the connection is part of cycles, which are collected much later.
        """
        super().on_task_complete(task)
        self._rest = b""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.loop.call_later(FLUSH_S, self.transport.abort)

    def send_receive_event_to_app(self) -> None:
        """Close on text that is not UTF-8. Stock uvicorn would log an error of the service."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.fail(CloseCode.INVALID_DATA)  # no error if a close in the same segment is answered already
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Abort if a peer pings without reading: pongs bypass the send buffer and its limit."""
        super().handle_ping()
        _, high = self.transport.get_write_buffer_limits()
        if self.transport.get_write_buffer_size() > 2 * high + MAX_UNREAD_PONGS:
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        """Limit the number of fragments: empty ones add nothing to the size of a message, but cost memory."""
        super().handle_cont(event)
        if len(self.frames) > MAX_FRAGMENTS:
            self.frames = []
            self.conn.fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            self.handle_parser_exception()
