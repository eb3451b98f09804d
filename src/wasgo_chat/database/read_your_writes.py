"""Read-your-writes consistency with replicas: the `X-Read-After` header.

Responses carry a position of the write-ahead log. The client returns it with its next read, so that a replica serves
the read only if it has replayed that position. `replicas.py` selects the replica.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wasgo_chat.database.replicas import Replicas
from wasgo_chat.database.session import Tx

HEADER = "X-Read-After"
_POSITION = re.compile(r"[0-9a-f]{1,16}", re.IGNORECASE)

Result = TypeVar("Result")


class ReadSession:
    """The reads of one request.

    Args:
        replicas: replicas of the worker.
        seen: `X-Read-After` of the request.
    """

    def __init__(self, replicas: Replicas, seen: str | None) -> None:
        self._replicas = replicas
        self.may_use_replica = replicas.enabled
        self._after = _parse_position(seen) if replicas.enabled else None

    async def read(self, query: Callable[[Tx], Awaitable[Result]]) -> tuple[Result, dict[str, str]]:
        """Run `query` on a replica if the request has `X-Read-After`, else on the primary; with headers to return."""
        result, position = await self._replicas.read(query, after=self._after)
        return result, await self._headers(position)

    async def read_at_least(self, head: int | None, query: Callable[[Tx], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """A page of a conversation's log that is as recent as `head`, which comes from the primary.

        If `head` is None, the primary is queried. The page must have a `last_seq`.
        """
        if head is None:
            page, _ = await self._replicas.read(query, after=None)
        else:
            page, _ = await self._replicas.read(query, suffices=lambda candidate: bool(candidate["last_seq"] >= head))
        return page

    async def _headers(self, after: int | None) -> dict[str, str]:
        if after is None and self._replicas.enabled:
            after = await self._replicas.primary_position()
        return {} if after is None else {HEADER: format(after, "x")}


class ReadAfterMiddleware:
    """ASGI middleware that adds `X-Read-After` to successful writes. Used only if replicas are configured."""

    def __init__(self, app: ASGIApp, replicas: Replicas) -> None:
        self._app = app
        self._replicas = replicas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return

        async def send_with_position(message: Message) -> None:
            is_success = message["type"] == "http.response.start" and message["status"] < 400
            if is_success and (after := await self._replicas.primary_position()) is not None:
                MutableHeaders(scope=message)[HEADER] = format(after, "x")
            await send(message)

        await self._app(scope, receive, send_with_position)


def _parse_position(seen: str | None) -> int | None:
    """None if the header is missing or malformed; the primary is used then."""
    return int(seen, 16) if seen and _POSITION.fullmatch(seen) else None
