"""Refuses JSON bodies in other encodings than UTF-8 (RFC 8259, 8.1).

Python's `json` detects UTF-16 and UTF-32. A proxy or firewall that inspects bodies as UTF-8 would see another text than
the one that the service stores.
"""

import codecs

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_START_BYTES = 4
"""In UTF-16 and UTF-32, one of the first four bytes of a JSON text is NUL. In UTF-8, no byte is."""
_WITHOUT_BODY = frozenset(("GET", "HEAD", "OPTIONS"))


class JsonEncodingMiddleware:
    """ASGI middleware that examines the first bytes of each body, except of forms, when the app reads them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _WITHOUT_BODY or _is_form(scope):
            await self._app(scope, receive, send)
            return
        start = b""

        async def examine() -> Message:
            nonlocal start
            message = await receive()
            if len(start) < _START_BYTES:
                start += message.get("body", b"")[:_START_BYTES]
                if start.startswith(_BYTE_ORDER_MARKS) or 0 in start[:_START_BYTES]:
                    raise HTTPException(400)
            return message

        await self._app(scope, examine, send)


def _is_form(scope: Scope) -> bool:
    return any(name == b"content-type" and value.lower().startswith(b"multipart/") for name, value in scope["headers"])
