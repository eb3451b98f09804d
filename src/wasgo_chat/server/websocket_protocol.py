"""uvicorn's sans-io WebSocket, with a way to write pre-built frames and an end to peers that do not read.

Handshake, ping, close, limits and the parsing of all but the usual frames stay stock. The way is found in the ASGI
scope's `extensions`; where another server leaves it out, the gateway sends text through ASGI. Stock uvicorn also closes
a transport by waiting for a flush that never comes, so a connection would stay for as long as its peer likes; and it
answers every ping and keeps every fragment, whatever is unread already.
"""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from wasgo_chat.gateway.frame_writer import EXTENSION, FrameWriter
from wasgo_chat.gateway.framing import FastFrameReader, NonMinimalLength

FLUSH_S = 5.0
MAX_UNREAD_PONGS = 262_144
MAX_FRAGMENTS = 4_096
MOST_UNREAD = 8


class ChatWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol with `FrameWriter`, a fast path for common frames, flood limits, and a bounded close."""

    link: FrameWriter | None = None
    scanner: FastFrameReader | None = None

    async def run_asgi(self) -> None:
        """Put the link into the scope and run the app."""
        self.link = FrameWriter(self)
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[EXTENSION] = self.link
        await super().run_asgi()

    def data_received(self, data: bytes) -> None:
        """Messages as they usually come go to the handler past the parser, which is most of what they would cost."""
        if self.scanner is None:  # the request, whole, as the door hands it over: frames begin behind it
            super().data_received(data)
            self.scanner = FastFrameReader(self.config.ws_max_size)
            return
        try:
            messages = self.scanner.messages(data)
        except NonMinimalLength:
            self.conn.fail(CloseCode.PROTOCOL_ERROR, "length not minimal")
            self.handle_parser_exception()
            return
        if messages is None:
            super().data_received(data)
        elif not self.close_sent:
            for text in messages:
                self.queue.put_nowait({"type": "websocket.receive", "text": text})
            if self.queue.qsize() > MOST_UNREAD and not self.read_paused:
                self.read_paused = True
                self.transport.pause_reading()

    async def send(self, message: Any) -> None:
        """Stock forgets that a refused handshake is over, and would log an error of ours for each."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def pause_writing(self) -> None:
        """Too much is unsent."""
        super().pause_writing()
        if self.link is not None:
            self.link.is_writable = False

    def resume_writing(self) -> None:
        """What was unsent has mostly left."""
        super().resume_writing()
        if self.link is not None:
            self.link.is_writable = True
            self.link.on_writable()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody needs to wait for this peer any more."""
        super().connection_lost(exc)
        if self.link is not None:
            self.link.is_writable = True
            self.link.on_writable()
            self.link = None

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        """The handler has returned: what is not flushed soon never will be."""
        super().on_task_complete(task)
        self.loop.call_later(FLUSH_S, self.transport.abort)

    def send_receive_event_to_app(self) -> None:
        """Text that is not UTF-8 is the peer's mistake: stock writes it into the log, as an error of ours."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.fail(CloseCode.INVALID_DATA)  # their close, in the same segment, may be answered already
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Pongs go out past the outbox and its bound: a peer that pings and does not read would fill the memory."""
        super().handle_ping()
        _, high = self.transport.get_write_buffer_limits()
        if self.transport.get_write_buffer_size() > 2 * high + MAX_UNREAD_PONGS:
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        """Empty fragments count for nothing in the size of a message, and cost memory all the same."""
        super().handle_cont(event)
        if len(self.frames) > MAX_FRAGMENTS:
            self.frames = []
            self.conn.fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            self.handle_parser_exception()
