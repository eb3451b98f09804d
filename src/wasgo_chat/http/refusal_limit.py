"""Limits the refused requests of a client: those with a 4xx response, of which most are counted nowhere else.

An unknown path, a method that a path does not have, or a body that is no JSON is refused before anything else is known
of the request, and may cost more than a good one. A client that has spent its budget gets 429 at once, before the
request is looked at. That response is delayed, so that a client that waits for responses sends few requests.
"""

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wasgo_chat.core.errors import RateLimited, problem_from
from wasgo_chat.core.ip_ranges import client_bucket
from wasgo_chat.http.gcra import PURGE_AT, GcraLimiter
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters

ADDRESS_COST = 0.25
"""Of a request without a token: many users may share an address."""
DELAY_S = 0.5
MAX_DELAYED = 200
"""Responses that a worker delays at a time; further ones are sent at once."""
ACTOR = "wasgo_chat.actor"
"""Scope key with the authenticated caller."""


class RefusalLimitMiddleware:
    """ASGI middleware that counts the refused requests of each user, token, and address of requests without a token.

    Services are not limited, except for requests that are refused before they are authenticated.
    """

    def __init__(self, app: ASGIApp, settings: Settings, counts: WorkerCounters) -> None:
        self._app = app
        self._is_on = settings.rate_refused_per_minute > 0
        self._counts = counts
        self._budget = GcraLimiter(settings.rate_refused_per_minute)
        self._refused_until: dict[str, float] = {}
        self._delayed = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = _client(scope) if self._is_on and scope["type"] == "http" else None
        if client is None:
            await self._app(scope, receive, send)
            return
        if wait_s := self._wait_s(client):
            self._counts.refusals["refused_request"] += 1
            await self._delay()
            await problem_from(RateLimited(retry_after_s=max(0.1, round(wait_s, 1))))(scope, receive, send)
            return
        status = 0

        async def send_and_look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == 429 and ACTOR not in scope:  # too many rejected tokens, or requests of an address
                    await self._delay()
            await send(message)

        await self._app(scope, receive, send_and_look)
        if 400 <= status < 500:
            self._count(client, scope.get(ACTOR))

    def _count(self, client: str, actor: Actor | None) -> None:
        if actor is not None and actor.service is not None:
            return
        wait_s = self._budget.hit(client, 1.0 if client.startswith("token ") else ADDRESS_COST)
        if actor is not None:
            wait_s = max(wait_s, self._budget.hit(f"user {actor.user_id}"))
        if wait_s:
            now = time.monotonic()
            if len(self._refused_until) >= PURGE_AT:
                self._refused_until = {key: until for key, until in self._refused_until.items() if until > now}
            self._refused_until[client] = now + wait_s

    def _wait_s(self, client: str) -> float:
        until = self._refused_until.get(client)
        return 0.0 if until is None else max(0.0, until - time.monotonic())

    async def _delay(self) -> None:
        if self._delayed >= MAX_DELAYED:
            return
        self._delayed += 1
        try:
            await asyncio.sleep(DELAY_S)
        finally:
            self._delayed -= 1


def _client(scope: Scope) -> str | None:
    """Who sent a request, as far as is known before it is authenticated; None for an address that is not public."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return f"token {hash(value)}"
    address = scope["client"] and client_bucket(scope["client"][0])
    return f"address {address}" if address else None
