"""Adds the token of a service to requests, and gets a new one before it expires and when it is refused."""

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncGenerator, Generator

import httpx

from wasgo_chat_client.tokens import TokenProvider, TokenReason, decode_token

RENEW_AHEAD_S = 60.0


class PlatformAuth(httpx.Auth):
    """The token of a service. Concurrent requests share one call of the provider."""

    requires_request_body = True  # a refused request is sent again

    def __init__(self, token: str | TokenProvider) -> None:
        self._provider = None if isinstance(token, str) else token
        self._current = token if isinstance(token, str) else None
        self._renew_at = float("inf")
        self._lock = threading.Lock()
        self._async_lock = asyncio.Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self._get(None)
        response = yield _with_token(request, token)
        if response.status_code == 401 and self._provider is not None:
            response.read()
            yield _with_token(request, self._get(token))

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        await request.aread()
        token = await self._get_async(None)
        response = yield _with_token(request, token)
        if response.status_code == 401 and self._provider is not None:
            await response.aread()
            yield _with_token(request, await self._get_async(token))

    def _get(self, refused: str | None) -> str:
        with self._lock:
            reason = self._reason(refused)
            if reason is None or self._provider is None:
                return self._current or ""
            provided = self._provider(reason)
            if not isinstance(provided, str):
                if inspect.iscoroutine(provided):
                    provided.close()
                raise TypeError("the token provider is asynchronous: use AsyncPlatform, or return a string")
            return self._store(provided)

    async def _get_async(self, refused: str | None) -> str:
        async with self._async_lock:
            reason = self._reason(refused)
            if reason is None or self._provider is None:
                return self._current or ""
            provided = self._provider(reason)
            return self._store(await provided if inspect.isawaitable(provided) else provided)

    def _reason(self, refused: str | None) -> TokenReason | None:
        """Why a new token is needed; None if the current one is not the refused one, and does not expire soon."""
        if self._current is None:
            return "start"
        if refused is not None:
            return "refused" if self._current == refused else None
        return "expiring" if time.time() >= self._renew_at else None

    def _store(self, token: str) -> str:
        expires_at = decode_token(token).expires_at
        # A token that lives only shortly is used for most of its life.
        self._renew_at = expires_at - min(RENEW_AHEAD_S, max(0.0, expires_at - time.time()) / 5)
        self._current = token
        return token


def _with_token(request: httpx.Request, token: str) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token}"
    return request
