"""What a client has seen, on its way: `X-Read-After`, with each request that reads and in the answers.

A client gets a position with the answer to whatever it wrote, or read, and gives it back with what it reads next. Which
routes read this way is theirs to say; who may answer, `replicas.py` knows.
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
    """What one request may read, and where.

    Args:
        replicas: of the worker.
        seen: `X-Read-After` of the request.
    """

    def __init__(self, replicas: Replicas, seen: str | None) -> None:
        self._replicas = replicas
        self.may_use_replica = replicas.enabled
        self._after = _parsed(seen) if replicas.enabled else None

    async def read(self, ask: Callable[[Tx], Awaitable[Result]]) -> tuple[Result, dict[str, str]]:
        """What `ask` reads, at a standby where the request says what it has seen; and headers for the answer."""
        answer, place = await self._replicas.read(ask, after=self._after)
        return answer, await self._headers(place)

    async def read_at_least(self, head: int | None, ask: Callable[[Tx], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """A page of one conversation's log, with its `last_seq`: as of that head, which the primary gave, or later.

        None for a head that was not looked up: then the primary answers.
        """
        if head is None:
            answer, _ = await self._replicas.read(ask, after=None)
        else:
            answer, _ = await self._replicas.read(ask, suffices=lambda page: bool(page["last_seq"] >= head))
        return answer

    async def _headers(self, after: int | None) -> dict[str, str]:
        if after is None and self._replicas.enabled:
            after = await self._replicas.primary_position()
        return {} if after is None else {HEADER: format(after, "x")}


class ReadAfterMiddleware:
    """Around the app, where there are replicas: the answer to every write says what to read after."""

    def __init__(self, app: ASGIApp, replicas: Replicas) -> None:
        self._app = app
        self._replicas = replicas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            is_done = message["type"] == "http.response.start" and message["status"] < 400
            if is_done and (after := await self._replicas.primary_position()) is not None:
                MutableHeaders(scope=message)[HEADER] = format(after, "x")
            await send(message)

        await self._app(scope, receive, send_on)


def _parsed(seen: str | None) -> int | None:
    """None for what is none: then the primary answers."""
    return int(seen, 16) if seen and _POSITION.fullmatch(seen) else None
