"""A short way for sockets and for the requests that clients make most: from the path straight to the answer.

FastAPI's layers (routing, dependencies, validation of each parameter) cost more than such an answer itself. An express
handler takes the ordinary form of a request, and leaves every other form to the route that documents it by answering
None; what it does answer is what the route would (a test holds them against each other).
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
"""Where the scope says which route answered, if it was not one of FastAPI's."""

Handler = Callable[[Request], Awaitable[Response | None]]
OpenSocket = Callable[[Scope, Receive, Send], Awaitable[bool]]


class FastPathMiddleware:
    """ASGI middleware: GET requests with a handler for just their path, and sockets.

    Args:
        app: takes everything else.
        handlers: by path.
        open_socket: serves a socket, or answers False where its path is of none.
    """

    def __init__(self, app: ASGIApp, handlers: Mapping[str, Handler], open_socket: OpenSocket) -> None:
        self._app = app
        self._handlers = handlers
        self._open_socket = open_socket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["method"] == "GET":
            handler = self._handlers.get(scope["path"])
            if handler is not None:
                scope[ROUTE_KEY] = scope["path"]
            if handler is not None and (answer := await self._answer(handler, Request(scope))) is not None:
                await answer(scope, receive, send)
                return
        elif scope["type"] == "websocket" and await self._open_socket(scope, receive, send):
            return
        await self._app(scope, receive, send)

    async def _answer(self, handler: Handler, request: Request) -> Response | None:
        try:
            return await handler(request)
        except ChatError as error:
            return to_response(error)
        except Exception:
            log.exception("express_failed")  # the long way has an answer to this as well
            return None
