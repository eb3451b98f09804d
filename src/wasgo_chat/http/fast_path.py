"""Fast path for sockets and the most frequent requests, around FastAPI's layers.

FastAPI's routing, dependencies and parameter validation cost more than such a request itself. A fast-path handler
serves the common form of a request; for any other form it returns None and the regular route takes over. Both return
the same responses, which a test compares.
"""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from wasgo_chat.core.errors import ChatError
from wasgo_chat.http.problems import to_response

log = structlog.get_logger(__name__)

ROUTE_KEY = "wasgo_chat.route"
"""Scope key with the path of the fast-path handler that responded."""

Handler = Callable[[Request], Awaitable[Response | None]]
OpenSocket = Callable[[Scope, Receive, Send], Awaitable[bool]]


class FastPathMiddleware:
    """ASGI middleware that serves sockets, and GET requests by exact path.

    Args:
        app: handles everything else.
        handlers: fast-path handlers by path.
        open_socket: serves a socket; returns False if it has no such path.
    """

    def __init__(self, app: ASGIApp, handlers: Mapping[str, Handler], open_socket: OpenSocket) -> None:
        self._app = app
        self._handlers = handlers
        self._open_socket = open_socket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            handler = self._handlers.get(scope["path"])
            if handler is not None:
                scope[ROUTE_KEY] = scope["path"]
            if handler is not None and (response := await self._respond(handler, Request(scope))) is not None:
                await response(scope, receive, send)
                return
        elif scope["type"] == "websocket" and await self._open_socket(scope, receive, send):
            return
        await self._app(scope, receive, send)

    async def _respond(self, handler: Handler, request: Request) -> Response | None:
        try:
            return await handler(request)
        except ChatError as error:
            return to_response(error)
        except Exception:
            log.exception("fast_path_failed")  # the regular route handles the request
            return None
