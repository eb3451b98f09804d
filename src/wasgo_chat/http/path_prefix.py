"""Serves the app below a path: that of `PUBLIC_URL`, whether or not the proxy removes it."""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from wasgo_chat.settings.config import Settings


def path_prefix(settings: Settings) -> str:
    """The path of `PUBLIC_URL`, without a slash at its end; empty if there is none."""
    return urlsplit(settings.public_url).path.rstrip("/")


class PathPrefixMiddleware:
    """ASGI middleware that removes a prefix from the path of requests and sockets that have it.

    Args:
        app: the app.
        prefix: a path without a slash at its end.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix
        self._raw_prefix = prefix.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and scope["raw_path"].startswith(self._raw_prefix + b"/"):
            path = scope["path"].removeprefix(self._prefix)
            scope = {**scope, "path": path, "raw_path": scope["raw_path"][len(self._raw_prefix) :]}
        await self._app(scope, receive, send)
