"""Limits how many reads and forms of one user a worker processes at a time.

One user's lists do not delay the others, and one user's slow uploads do not fill the disk: they are on it while they
arrive, before any quota counts them. Other writes are serialized by the locks of their conversations, and have stricter
rates. Services act for many users and are not limited.
"""

import asyncio
from typing import Literal

from starlette.types import ASGIApp, Receive, Scope, Send

from wasgo_chat.core.errors import RateLimited
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters

MAX_WAITING = 50
MAX_LISTS = 2
"""Requests of one user for long lists at a time: these are the only reads that take more than a few milliseconds."""
_KEY = "wasgo_chat.turn_of"
TurnKind = Literal["read", "list", "form"]
_Key = tuple[str, TurnKind]


class UserTurns:
    """The reads and forms in progress, by user. Further ones wait in their order.

    Args:
        settings: the limits.
        counts: the counters of the worker.
    """

    def __init__(self, settings: Settings, counts: WorkerCounters) -> None:
        reads = settings.max_concurrent_reads
        self._limits: dict[TurnKind, int] = {
            "read": reads,
            "list": min(reads, MAX_LISTS),
            "form": settings.max_concurrent_forms,
        }
        self._counts = counts
        self._slots: dict[_Key, asyncio.Semaphore] = {}
        self._requests: dict[_Key, int] = {}

    async def acquire(self, scope: Scope, user_id: str, kind: TurnKind = "read") -> None:
        """Wait for a turn, which `UserTurnsMiddleware` ends together with the request.

        Args:
            scope: of the request.
            user_id: whose request it is.
            kind: what it counts as: a read, a long list, or a form with files.

        Raises:
            RateLimited: too many requests of the user are waiting.
        """
        key: _Key = (user_id, kind)
        limit = self._limits[kind]
        count = self._requests.get(key, 0)
        if count >= limit + MAX_WAITING:
            self._counts.refusals["concurrent_request"] += 1
            raise RateLimited("Too many requests at the same time", retry_after_s=1.0)
        self._requests[key] = count + 1
        try:
            await self._slots.setdefault(key, asyncio.Semaphore(limit)).acquire()
        except BaseException:
            self._leave(key)
            raise
        scope[_KEY] = key

    def release(self, scope: Scope) -> None:
        """End the turn of a request, if it has one."""
        key: _Key | None = scope.pop(_KEY, None)
        if key is not None:
            self._slots[key].release()
            self._leave(key)

    def _leave(self, key: _Key) -> None:
        self._requests[key] -= 1
        if not self._requests[key]:
            del self._requests[key], self._slots[key]


class UserTurnsMiddleware:
    """ASGI middleware that ends the turn of each request after its response."""

    def __init__(self, app: ASGIApp, turns: UserTurns) -> None:
        self._app = app
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            self._turns.release(scope)
