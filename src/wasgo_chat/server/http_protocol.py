"""uvicorn's HTTP protocol on httptools, with limits that stock uvicorn does not have.

It limits the time in which a request arrives and its response is read, the size of the headers, and the overhead of
chunked bodies. Stock uvicorn parses everything that it reads at once, and starts each pipelined request right after
the one before; here a connection parses little per turn of the event loop, and pauses between pipelined requests.
It checks the target and `Host` of a request (RFC 9112, 3.2). WebSockets move to `websocket_protocol` once their headers
are complete.

A response may be complete before its request, as when a body is too large. The rest of that body is read and discarded,
within the same limits, and nothing more is sent meanwhile: many clients read only after they have sent everything, and
closing a connection with unread data resets it, which destroys the response on its way (RFC 9112, 9.6).

This overrides internals of uvicorn, whose minor version is therefore pinned in `pyproject.toml`.
`tests/security/test_http_protocol.py`, `tests/server/test_early_responses.py` and
`tests/server/test_request_targets.py` check every limit on the wire.
"""

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from wasgo_chat.core.errors import PROBLEM_JSON, problem
from wasgo_chat.http.security_headers import with_security_headers

HEADERS_TIMEOUT_S = 10.0
BODY_TIMEOUT_S = 10.0
WRITE_STALL_S = 30.0
LINGER_S = 5.0
"""How long a connection is read after the service has ended its side, so that the client gets what was sent."""
DISCARD_S = 300.0
"""How long the rest of a body may take after its response."""
LOOP_DELAY_TOLERANCE_S = 1.0
MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 100
MAX_QUERY_BYTES, MAX_QUERY_PARAMETERS = 16_384, 100
"""A query is parsed more than once, and some parameters take milliseconds if there are thousands of them."""
MAX_TINY_CHUNKS, MIN_CHUNK_BYTES = 1_000, 16
"""A body may have a thousand chunks of any size; further ones have 16 bytes on average. Each costs as much as 1 KiB."""
BODY_BYTES_PER_S = 1024
PIECE_BYTES = 1024
"""Bytes that are parsed before the service looks whether requests are waiting: at most about 50 small requests."""
BODY_PIECE_BYTES = 8192
PIPELINE_PAUSE_S, MAX_PIPELINE_PAUSE_S = 0.001, 0.01
"""The pause before a pipelined request is as long as the request before it took, within these limits."""
_HOST = re.compile(rb"(\[[0-9A-Za-z:.%]+\]|[\w.~%!$&'()*+,;=-]*)(:[0-9]*)?", re.ASCII)
_ABSOLUTE_TARGET = re.compile(rb"https?://([^/?#]+)", re.IGNORECASE)
_HEADER_OVERHEAD_BYTES = 4  # colon, space, CR, LF
_REASONS = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}
_CODES = {400: "malformed_http", 408: "request_timeout", 431: "headers_too_large"}
_TITLES = {
    400: "The request is not valid HTTP/1.1",
    408: "The request did not arrive in time",
    431: "The request has too many or too large headers",
}


class _ReadingFlow(FlowControl):
    """Remembers that reading was paused, even if it continues now: meanwhile no client was slow."""

    has_paused = False

    def pause_reading(self) -> None:
        self.has_paused = True
        super().pause_reading()


class BoundedHttpProtocol(HttpToolsProtocol):
    """The stock protocol with limits (RFC 9110, 15.5.9; RFC 6585, 5). Timers are rescheduled only when they fire."""

    flow: _ReadingFlow

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
        self._chunks = 0
        self._unparsed = b""
        self._turn: asyncio.TimerHandle | None = None
        self._started_at = 0.0
        self._running: RequestResponseCycle | None = None
        self._discard_until: float | None = None
        self._closes_after_body = False
        self._linger_timer: asyncio.TimerHandle | None = None

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self.flow = _ReadingFlow(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._body_timer, self._stall_timer, self._turn, self._linger_timer):
            if timer is not None:
                timer.cancel()
        self._unparsed = b""
        self._disconnect_running()  # stock uvicorn tells only the last request, which may wait behind this one
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse in pieces, until a request has to wait for the response to another one."""
        if self._unparsed:
            self._unparsed += data
            self.flow.pause_reading()  # a handler that waits for a disconnect has resumed it
            return
        start, length = 0, len(data)
        while start < length and not self._is_refused and not self._has_upgraded:
            if self.pipeline:
                self._unparsed = data[start:]
                self.flow.pause_reading()
                return
            end = start + (BODY_PIECE_BYTES if self._in_message and not self._is_in_head else PIECE_BYTES)
            self._parse(data[start:end])
            start = end

    def _parse(self, data: bytes) -> None:
        """Limit also what adds nothing to a body: chunk extensions, and chunks of one byte each."""
        self._message_bytes += len(data)
        super().data_received(data)
        if self._message_bytes - self._body_bytes > MAX_HEAD_BYTES + 8 * self._body_bytes:
            self._refuse(431 if self._is_in_head else 400)
        # Empty lines between requests start none, but end the keep-alive timer of stock uvicorn.
        is_idle = not self._in_message and not self._is_answering and self.timeout_keep_alive_task is None
        if is_idle and not self._has_upgraded:
            self._await_head()

    def on_response_complete(self) -> None:
        """Continue with the next pipelined request, or with data that has not been parsed, after a pause."""
        if self._is_early():
            self.server_state.total_requests += 1
            self._unset_keepalive_if_required()
            self._discard_until = self.loop.time() + DISCARD_S
            self.flow.resume_reading()
            return
        if not (self.pipeline or self._unparsed) or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self._unset_keepalive_if_required()
        took_s = self.loop.time() - self._started_at
        pause_s = min(max(PIPELINE_PAUSE_S, took_s), MAX_PIPELINE_PAUSE_S)
        self._turn = self.loop.call_later(pause_s, self._next_turn)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._started_at = self.loop.time()
        self._running = cycle
        send = cycle.send

        async def send_if_open(event: Any) -> None:
            """Discard a response if the transport is closed. The protocol learns of that one turn later."""
            if self.transport.is_closing():
                cycle.disconnected = True
            elif self._is_early():
                self._prepare_early(cycle, event)
            await send(event)

        cycle.send = send_if_open  # type: ignore[method-assign,assignment]  # per request
        super()._start_asgi_task(cycle, app)

    def _disconnect_running(self) -> None:
        """Tell the handler of the running request that its client is gone; what it sends is discarded."""
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    def _is_early(self) -> bool:
        """Whether the body of the request that is being answered has not arrived yet."""
        return self._running is self.cycle and self._in_message and not self._is_in_head

    def _prepare_early(self, cycle: RequestResponseCycle, event: Any) -> None:
        """Keep uvicorn from closing the connection at the end of a response; `on_message_complete` does."""
        if event["type"] == "http.response.start":
            # A client that waits for `100 Continue` need not send its body now: what follows would be ambiguous.
            if cycle.waiting_for_100_continue:
                cycle.keep_alive = False
        elif not event.get("more_body", False):
            self._closes_after_body = not cycle.keep_alive
            cycle.keep_alive = True

    def _end_discarding(self) -> None:
        """The body of a request has arrived whose response was complete before."""
        self._discard_until = None
        if self._closes_after_body:
            self._linger()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def shutdown(self) -> None:
        """As uvicorn, but a client that still sends its body gets the response."""
        if self._discard_until is None or self._is_refused:
            super().shutdown()
        else:
            self._linger()

    def _next_turn(self) -> None:
        self._turn = None
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if not self.pipeline and self._unparsed:
            data, self._unparsed = self._unparsed, b""
            self.data_received(data)
        if not self.pipeline and not self._unparsed:
            self.flow.resume_reading()

    def pause_writing(self) -> None:
        """The peer does not read. A slow reader reaches `resume_writing` before the timer fires."""
        super().pause_writing()
        if self._stall_timer is None:
            self._stall_timer = self.loop.call_later(WRITE_STALL_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP with a problem document too."""
        self._refuse(400)

    # The parser's callbacks

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unset_keepalive_if_required()  # of a request in the same data, answered before its end
        self._in_message = self._is_in_head = True
        self._head_bytes = self._body_bytes = self._body_bytes_before = self._message_bytes = self._chunks = 0
        self._await_head()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header or a trailer."""
        self._count_head(len(name) + len(value) + _HEADER_OVERHEAD_BYTES)
        if len(self.headers) >= MAX_HEADERS:
            self._refuse(431)
        if not self._is_refused:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers are complete; a body or the frames of a WebSocket follow."""
        self._is_in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        version = self.parser.get_http_version()
        if version not in ("1.0", "1.1") or not self._has_valid_host(version) or not self._make_target_relative():
            self._refuse(400)
        elif len(query := self.url.partition(b"?")[2]) > MAX_QUERY_BYTES or query.count(b"&") >= MAX_QUERY_PARAMETERS:
            self._refuse(431)
        if self._is_refused:
            return
        super().on_headers_complete()
        if not (self.parser.should_upgrade() and self._should_upgrade()):
            self._body_timer = self.loop.call_later(BODY_TIMEOUT_S, self._check_body)

    def on_chunk_header(self) -> None:
        self._chunks += 1
        if self._chunks > MAX_TINY_CHUNKS + self._body_bytes // MIN_CHUNK_BYTES:
            self._refuse(400)

    def on_body(self, body: bytes) -> None:
        if not self._is_refused:
            self._body_bytes += len(body)
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_message = False
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None
        if self._is_refused:
            return
        super().on_message_complete()
        if self._discard_until is not None:
            self._end_discarding()

    def handle_websocket_upgrade(self) -> None:
        """Hand a WebSocket handshake over, and refuse one that the WebSocket parser does not accept.

        A handshake that does not wait for the response to an earlier request is refused, too: the response would follow
        the 101, between frames, and would be buffered as a whole, because only the WebSocket protocol would notice a
        peer that does not read.
        """
        if self._is_refused:
            return
        if self._is_answering or self.pipeline:
            self._refuse(400)
            return
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        if isinstance(protocol, WebSocketsSansIOProtocol) and not protocol.handshake_initiated:
            self._refuse(431)

    # The target of a request

    def _has_valid_host(self, version: str) -> bool:
        """Whether there is one valid `Host`; HTTP/1.0 may have none. No response depends on it, but proxies read it."""
        hosts = [value for name, value in self.headers if name == b"host"]
        return len(hosts) <= 1 and (version == "1.0" or bool(hosts)) and all(_HOST.fullmatch(host) for host in hosts)

    def _make_target_relative(self) -> bool:
        """Replace `http://host/path` by `/path`; its host takes precedence over `Host`, and is not used either.

        Returns:
            Whether the target is a path, `*`, or a URL with a valid host.
        """
        if self.url.startswith(b"/") or self.url == b"*":
            return True
        if (absolute := _ABSOLUTE_TARGET.match(self.url)) is None or not _HOST.fullmatch(absolute[1]):
            return False
        rest = self.url[absolute.end() :]
        self.url = rest if rest.startswith(b"/") else b"/" + rest
        return True

    # The limits

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _has_upgraded(self) -> bool:
        return self.transport.get_protocol() is not self

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEADERS_TIMEOUT_S, self._check_head)

    def _check_head(self) -> None:
        """Refuse a slow request, unless this process is the cause: it has paused reading, or its event loop is late."""
        is_excused = self._has_paused() or self._is_late(self._head_timer)
        self._head_timer = None
        if is_excused:
            self._await_head()
        else:
            self._refuse(408)

    def _has_paused(self) -> bool:
        """Whether this process has paused reading since the last call."""
        has_paused, self.flow.has_paused = self.flow.has_paused, self.flow.read_paused
        return has_paused

    def _is_late(self, timer: asyncio.TimerHandle | None) -> bool:
        return timer is not None and self.loop.time() - timer.when() > LOOP_DELAY_TOLERANCE_S

    def _count_head(self, length: int) -> None:
        self._head_bytes += length
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(431)

    def _check_body(self) -> None:
        received = self._body_bytes - self._body_bytes_before
        is_excused = self._has_paused() or self.cycle.waiting_for_100_continue or self._is_late(self._body_timer)
        if received < BODY_BYTES_PER_S * BODY_TIMEOUT_S and not is_excused:
            self._refuse(408)
            return
        if self._discard_until is not None and self.loop.time() > self._discard_until:
            self._linger()
            return
        self._body_bytes_before = self._body_bytes
        self._body_timer = self.loop.call_later(BODY_TIMEOUT_S, self._check_body)

    def _refuse(self, status: int) -> None:
        """Send a problem document, unless the request has a response or another one is due first, and close."""
        if self._is_refused or self.transport.is_closing():
            return
        if self._discard_until is not None:
            is_due = False
        elif self._is_answering:
            is_due = self.cycle.more_body and not self.cycle.response_started and not self.pipeline
            # The handler may be waiting for the rest of the body, and must not respond a second time.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        else:
            is_due = True
        if is_due:
            self.transport.write(_response(status))
        self._linger()

    def _linger(self) -> None:
        """End the connection: send what is left, then read and discard until the client ends its side too."""
        self._is_refused = True
        self._unparsed = b""
        self._unset_keepalive_if_required()
        for timer in (self._head_timer, self._body_timer, self._turn):
            if timer is not None:
                timer.cancel()
        self._disconnect_running()
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.flow.resume_reading()
        else:
            self.transport.close()
        self._linger_timer = self.loop.call_later(LINGER_S, self.transport.abort)


def _response(status: int) -> bytes:
    body = bytes(problem(status, _CODES[status], _TITLES[status]).body)
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    lines = [b"HTTP/1.1 %d %s" % (status, _REASONS[status])]
    lines += [b"%s: %s" % header for header in with_security_headers(headers)]
    return b"\r\n".join((*lines, b"", body))
