"""Limits how many reads of one user a worker processes at a time, so that one user's lists do not delay the others.

Writes are serialized by the locks of their conversations, and have stricter rates. Services act for many users and are
not limited.
"""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from wasgo_chat.core.errors import RateLimited
from wasgo_chat.telemetry.counters import WorkerCounters

MAX_WAITING = 50
_KEY = "wasgo_chat.turn_of"


class UserTurns:
    """The reads in progress, by user. Further ones wait in their order.

    Args:
        limit: reads of one user at a time.
        counts: the counters of the worker.
    """

    def __init__(self, limit: int, counts: WorkerCounters) -> None:
        self._limit = limit
        self._counts = counts
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._users: dict[str, int] = {}

    async def acquire(self, scope: Scope, user_id: str) -> None:
        """Wait for a turn, which `UserTurnsMiddleware` ends together with the request.

        Raises:
            RateLimited: too many requests of the user are waiting.
        """
        count = self._users.get(user_id, 0)
        if count >= self._limit + MAX_WAITING:
            self._counts.refusals["concurrent_request"] += 1
            raise RateLimited("Too many requests at the same time", retry_after_s=1.0)
        self._users[user_id] = count + 1
        try:
            await self._slots.setdefault(user_id, asyncio.Semaphore(self._limit)).acquire()
        except BaseException:
            self._leave(user_id)
            raise
        scope[_KEY] = user_id

    def release(self, scope: Scope) -> None:
        """End the turn of a request, if it has one."""
        user_id: str | None = scope.pop(_KEY, None)
        if user_id is not None:
            self._slots[user_id].release()
            self._leave(user_id)

    def _leave(self, user_id: str) -> None:
        self._users[user_id] -= 1
        if not self._users[user_id]:
            del self._users[user_id], self._slots[user_id]


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
