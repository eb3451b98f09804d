"""HEAD: every path that supports GET supports it, too (RFC 9110, section 9.1)."""

from starlette.types import ASGIApp, Receive, Scope, Send

from wasgo_chat.http.fast_path import ROUTE_KEY

_IS_HEAD = "wasgo_chat.is_head"


class HeadMiddleware:
    """ASGI middleware that handles HEAD as GET. The server omits the body, and keeps its length."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        as_get = {**scope, "method": "GET", _IS_HEAD: True}
        try:
            await self._app(as_get, receive, send)
        finally:
            scope.update({name: as_get[name] for name in ("route", ROUTE_KEY) if name in as_get})  # for the metrics


def is_head(scope: Scope) -> bool:
    """Whether the response to a request needs no body."""
    return _IS_HEAD in scope
