"""The outermost middleware of every request: its id, its log line, its metrics, and headers that every response has."""

import logging
import time
from urllib.parse import unquote_to_bytes

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import PROBLEM_JSON, NotFound, problem
from wasgo_chat.http.fast_path import ROUTE_KEY
from wasgo_chat.http.security_headers import SecurityHeaders
from wasgo_chat.telemetry.counters import WorkerCounters
from wasgo_chat.telemetry.redaction import redact_path

log = structlog.get_logger(__name__)

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_NOT_FOUND = problem(404, NotFound.code, NotFound.title)
_NO_SOCKET = problem(404, NotFound.code, "There is no socket at this path; each ends with a slash")
_TOO_LARGE = bytes(problem(413, "body_too_large", "The body is too large").body)


def _counted_as(scope: Scope, status: int) -> tuple[str, str, str]:
    """Method, route and class of status. Nothing of it is the client's own: there are as many as routes."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = getattr(scope.get("route"), "path", None) or scope.get(ROUTE_KEY, "none")
    return method, route, f"{status // 100}xx" if status else "none"


def _is_utf8(raw_path: bytes) -> bool:
    """Whether a path is UTF-8; servers decode what is not to one and the same replacement character."""
    try:
        unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:
        return False
    return True


class RequestLogMiddleware:
    """ASGI middleware around everything: request id, one log line without query string, security headers.

    A 413 of the body limit, made below FastAPI's handlers as plain text, becomes a problem document here, and so does
    the refusal of a handshake.
    """

    def __init__(self, app: ASGIApp, headers: SecurityHeaders, counts: WorkerCounters) -> None:
        self.app = app
        self._counts = counts
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request_id = str(new_id())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        request_header = [(b"x-request-id", request_id.encode())]
        started = time.perf_counter()
        status = 0
        replaces_body = False
        is_handshake = scope["type"] == "websocket" and "websocket.http.response" in scope.get("extensions", {})

        async def send_with_headers(message: Message) -> None:
            nonlocal status, replaces_body, is_handshake
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                if status == 413 and not any(PROBLEM_JSON.encode() in value for _, value in headers):
                    replaces_body = True
                    headers = [
                        (b"content-type", PROBLEM_JSON.encode()),
                        (b"content-length", b"%d" % len(_TOO_LARGE)),
                    ]
                message = {**message, "headers": [*self._headers.apply(headers), *request_header]}
            elif message["type"] == "http.response.body" and replaces_body:
                message = {"type": "http.response.body", "body": _TOO_LARGE}
            elif message["type"] == "websocket.accept":
                is_handshake = False
            elif message["type"] == "websocket.close" and is_handshake:
                # Whoever refuses says why; Starlette closes without a word where it has no such path.
                why = message.get("reason")
                answer = problem(403, "forbidden", why) if why else _NO_SOCKET
                status = answer.status_code
                headers = [*self._headers.apply(answer.raw_headers), *request_header]
                await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
                message = {"type": "websocket.http.response.body", "body": answer.body}
            elif message["type"] == "websocket.close":
                status = message.get("code", 1000)
            await send(message)

        app = _NOT_FOUND if scope["type"] == "http" and not _is_utf8(scope["raw_path"]) else self.app
        try:
            await app(scope, receive, send_with_headers)
        finally:
            if scope["type"] == "http":
                self._counts.http_requests[_counted_as(scope, status)] += 1
                self._counts.http_request_seconds.observe(time.perf_counter() - started)
            if log.is_enabled_for(logging.INFO):
                log.info(
                    "request" if scope["type"] == "http" else "socket",
                    method=scope.get("method"),
                    path=redact_path(scope["path"]),
                    status=status or None,
                    ms=round((time.perf_counter() - started) * 1000, 1),
                )
