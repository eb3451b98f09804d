"""The outermost middleware: request ids, response headers, request metrics and the request log."""

import logging
import time
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import PROBLEM_JSON, NotFound, problem
from wasgo_chat.http.fast_path import ROUTE_KEY
from wasgo_chat.http.security_headers import Header, SecurityHeaders
from wasgo_chat.telemetry.counters import WorkerCounters
from wasgo_chat.telemetry.redaction import redact_path

log = structlog.get_logger(__name__)

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
MAX_PATH_BYTES = 4096
_NOT_FOUND = problem(404, NotFound.code, NotFound.title)
_NO_SOCKET = problem(404, NotFound.code, "No socket at this path; socket paths end with a slash")
_TOO_LARGE = bytes(problem(413, "body_too_large", "The body is too large").body)


class RequestLogMiddleware:
    """ASGI middleware around the whole app, for HTTP requests and WebSocket handshakes."""

    def __init__(self, app: ASGIApp, headers: SecurityHeaders, counts: WorkerCounters) -> None:
        self.app = app
        self._counts = counts
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request_id = str(new_id())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        response = _Response(scope, send, self._headers, request_id)
        started = time.perf_counter()
        app = _NOT_FOUND if scope["type"] == "http" and not _can_exist(scope["raw_path"]) else self.app
        try:
            await app(scope, receive, response.send)
        finally:
            took_s = time.perf_counter() - started
            if scope["type"] == "http":
                self._counts.http_requests[_metric_labels(scope, response.status)] += 1
                self._counts.http_request_seconds.observe(took_s)
            if log.is_enabled_for(logging.INFO):
                _log_request(scope, response.status, took_s)


class _Response:
    """The `send` of one request: adds headers and converts two kinds of errors to problem documents.

    They arise below FastAPI's exception handlers: the plain-text 413 of the body limit, and rejected handshakes.
    """

    __slots__ = ("_headers", "_is_handshake", "_replaces_body", "_request_id", "_send", "status")

    def __init__(self, scope: Scope, send: Send, headers: SecurityHeaders, request_id: str) -> None:
        self.status = 0
        """HTTP status, or the close code of a socket; 0 until one is sent."""
        self._send = send
        self._headers = headers
        self._request_id = (b"x-request-id", request_id.encode())
        self._replaces_body = False
        self._is_handshake = scope["type"] == "websocket" and "websocket.http.response" in scope.get("extensions", {})

    async def send(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start":
                message = self._with_headers(message)
            case "http.response.body" if self._replaces_body:
                message = {"type": "http.response.body", "body": _TOO_LARGE}
            case "websocket.accept":
                self._is_handshake = False
            case "websocket.close" if self._is_handshake:
                await self._reject_handshake(message.get("reason"))
                return
            case "websocket.close":
                self.status = message.get("code", 1000)
        await self._send(message)

    def _with_headers(self, message: Message) -> Message:
        self.status = message["status"]
        headers: list[Header] = list(message.get("headers", []))
        if self.status == 413 and not any(PROBLEM_JSON.encode() in value for _, value in headers):
            self._replaces_body = True
            # Headers of other middleware stay: without CORS, a page of another origin could not read the response.
            headers = [header for header in headers if header[0].lower() not in (b"content-type", b"content-length")]
            headers += [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", b"%d" % len(_TOO_LARGE))]
        return {**message, "headers": self._all_headers(headers)}

    async def _reject_handshake(self, reason: str | None) -> None:
        """Respond with 403 and the reason. Starlette gives no reason if no route matches the path: that is a 404."""
        response = problem(403, "forbidden", reason) if reason else _NO_SOCKET
        self.status = response.status_code
        headers = self._all_headers(response.raw_headers)
        await self._send({"type": "websocket.http.response.start", "status": self.status, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": response.body})

    def _all_headers(self, headers: Iterable[Header]) -> list[Header]:
        return [*self._headers.apply(headers), self._request_id]


def _metric_labels(scope: Scope, status: int) -> tuple[str, str, str]:
    """Method, route template and status class: a bounded number of values, none of them from the client."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = getattr(scope.get("route"), "path", None) or scope.get(ROUTE_KEY, "none")
    return method, route, f"{status // 100}xx" if status else "none"


def _log_request(scope: Scope, status: int, took_s: float) -> None:
    log.info(
        "request" if scope["type"] == "http" else "socket",
        method=scope.get("method"),
        path=redact_path(scope["path"]),
        status=status or None,
        ms=round(took_s * 1000, 1),
    )


def _can_exist(raw_path: bytes) -> bool:
    """Whether a path is UTF-8 and not longer than any path may be, with an id of 128 characters that are all encoded.

    Servers decode invalid bytes to U+FFFD, which would make different paths equal. Patterns of routes take milliseconds
    to reject a path of thousands of segments.
    """
    if len(raw_path) > MAX_PATH_BYTES:
        return False
    try:
        unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:
        return False
    return True
