"""The door that every connection comes in by: uvicorn's HTTP on httptools, with bounds that stock leaves open.

How long a request may take to arrive and its answer to be read, how large its head may be, how much of a body may be
wrapping. What a request means is for the routes; sockets leave here for `transport` once their head is whole.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from wasgo_chat.core.errors import PROBLEM_JSON, problem

HEADERS_TIMEOUT_S = 10.0
BODY_TIMEOUT_S = 10.0
WRITE_STALL_S = 30.0
FLUSH_S = 5.0
LOOP_DELAY_TOLERANCE_S = 1.0
MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 100
BODY_BYTES_PER_S = 1024
_LINE_BYTES = 4  # of a header: colon, space, CR, LF
_NAMES = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}
_CODES = {400: "malformed_http", 408: "request_timeout", 431: "headers_too_large"}
_TITLES = {
    400: "This is not HTTP/1.1",
    408: "The request did not arrive in time",
    431: "The request has too many or too large headers",
}


class BoundedHttpProtocol(HttpToolsProtocol):
    """Stock but for its bounds (RFC 9110, 15.5.9; RFC 6585, 5). Each is a timer that is only looked at when due."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._is_refused = False
        self._in_message = False
        self._is_in_head = False
        self._head_bytes = 0
        self._message_bytes = 0
        self._body_bytes = 0
        self._body_bytes_before = 0

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as stock has it
        """See asyncio."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        for timer in (self._head_timer, self._body_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio. What no body comes out of is bounded too: chunk extensions, and chunks of a byte each."""
        if self._is_refused:
            return
        self._message_bytes += len(data)
        super().data_received(data)
        if self._message_bytes - self._body_bytes > MAX_HEAD_BYTES + 8 * self._body_bytes:
            self._refuse(431 if self._is_in_head else 400)
        # Empty lines between requests begin none, and have ended the wait of stock for one.
        if not self._in_message and not self._is_answering and not self._has_upgraded:
            self._await_head()

    def pause_writing(self) -> None:
        """See asyncio: the peer does not read. Somebody who reads slowly comes past `resume_writing` in time."""
        super().pause_writing()
        if self._stall_timer is None:
            self._stall_timer = self.loop.call_later(WRITE_STALL_S, self.transport.abort)

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets a problem document as well."""
        self._refuse(400)

    # The parser's callbacks

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_message = self._is_in_head = True
        self._head_bytes = self._body_bytes = self._body_bytes_before = self._message_bytes = 0
        self._await_head()

    def on_url(self, url: bytes) -> None:
        """A piece of its target."""
        super().on_url(url)
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers, or trailers."""
        self._count_head(len(name) + len(value) + _LINE_BYTES)
        if len(self.headers) >= MAX_HEADERS:
            self._refuse(431)
        if not self._is_refused:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Its head is whole: what follows is a body, or the frames of a socket."""
        self._is_in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        if self.parser.get_http_version() not in ("1.0", "1.1"):
            self._refuse(400)
        if self._is_refused:
            return
        super().on_headers_complete()
        if not (self.parser.should_upgrade() and self._should_upgrade()):
            self._body_timer = self.loop.call_later(BODY_TIMEOUT_S, self._look_at_body)

    def on_body(self, body: bytes) -> None:
        """A piece of its body."""
        if not self._is_refused:
            self._body_bytes += len(body)
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._in_message = False
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None
        if not self._is_refused:
            super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Its head was the handshake of a socket; one that the socket's own parser does not take ends here."""
        if self._is_refused:
            return
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        if isinstance(protocol, WebSocketsSansIOProtocol) and not protocol.handshake_initiated:
            self._refuse(431)

    # The bounds

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _has_upgraded(self) -> bool:
        return self.transport.get_protocol() is not self

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEADERS_TIMEOUT_S, self._look_at_head)

    def _look_at_head(self) -> None:
        """While we do not read, or were busy ourselves, it is not the peer who is slow."""
        is_ours = self.flow.read_paused or self._is_late(self._head_timer)
        self._head_timer = None
        if is_ours:
            self._await_head()
        else:
            self._refuse(408)

    def _is_late(self, timer: asyncio.TimerHandle | None) -> bool:
        return timer is not None and self.loop.time() - timer.when() > LOOP_DELAY_TOLERANCE_S

    def _count_head(self, length: int) -> None:
        self._head_bytes += length
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(431)

    def _look_at_body(self) -> None:
        came = self._body_bytes - self._body_bytes_before
        is_ours = self.flow.read_paused or self.cycle.waiting_for_100_continue or self._is_late(self._body_timer)
        if came < BODY_BYTES_PER_S * BODY_TIMEOUT_S and not is_ours:
            self._refuse(408)
            return
        self._body_bytes_before = self._body_bytes
        self._body_timer = self.loop.call_later(BODY_TIMEOUT_S, self._look_at_body)

    def _refuse(self, status: int) -> None:
        """Say why, where no other answer is due first, and close."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        if self._is_answering:
            is_due = self.cycle.more_body and not self.cycle.response_started and not self.pipeline
            # The handler may be waiting for the rest, and must not answer a second time.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        else:
            is_due = True
        if is_due:
            self.transport.write(_answer(status))
        self.transport.close()
        self.loop.call_later(FLUSH_S, self.transport.abort)


def _answer(status: int) -> bytes:
    body = bytes(problem(status, _CODES[status], _TITLES[status]).body)
    lines = (
        b"HTTP/1.1 %d %s" % (status, _NAMES[status]),
        b"content-type: %s" % PROBLEM_JSON.encode(),
        b"content-length: %d" % len(body),
        b"x-content-type-options: nosniff",
        b"connection: close",
    )
    return b"\r\n".join((*lines, b"", body))
