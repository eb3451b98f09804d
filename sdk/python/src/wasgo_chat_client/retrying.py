"""Requests that are sent again where that is safe: idempotent ones, after 503, 429 and lost connections.

Safe are GET, HEAD, PUT and DELETE, and whatever carries an `Idempotency-Key`; the service answers a repeat as it
answered the first. After 429 nothing was done, so anything may be repeated then. Each attempt says what was seen before
it, where the service reads at standbys.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterable, Iterable

import httpx

from wasgo_chat_client.read_after import ReadAfter

ATTEMPTS = 5
FIRST_S = 0.5
LONGEST_S = 20.0
_SAFE = ("GET", "HEAD", "PUT", "DELETE")


def backoff(attempt: int) -> float:
    """Seconds before attempt number `attempt` (from 0): doubles up to 20, and not all clients at once."""
    return min(LONGEST_S, FIRST_S * 2.0**attempt) * random.uniform(0.5, 1.0)  # noqa: S311  no secret


def _may_repeat(request: httpx.Request, response: httpx.Response | None) -> bool:
    is_safe = request.method in _SAFE or "Idempotency-Key" in request.headers
    if response is None:
        return is_safe
    return response.status_code == 429 or (response.status_code == 503 and is_safe)


def _wait(attempt: int, response: httpx.Response | None) -> float:
    said = response.headers.get("Retry-After", "") if response is not None else ""
    return (float(said) if said.isdecimal() else 0.0) + backoff(attempt)


class Retrying(httpx.BaseTransport):
    """A transport that sends again."""

    def __init__(self, inner: httpx.BaseTransport | None = None) -> None:
        self._inner = inner or httpx.HTTPTransport()
        self._read_after = ReadAfter()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        assert isinstance(request.stream, Iterable)
        request.read()
        for attempt in range(ATTEMPTS):
            is_last = attempt + 1 == ATTEMPTS
            response: httpx.Response | None = None
            answered = self._read_after.ask(request)
            try:
                response = self._inner.handle_request(request)
            except httpx.TransportError:
                if is_last or not _may_repeat(request, None):
                    raise
            finally:
                answered(response)
            if response is not None:
                if is_last or not _may_repeat(request, response):
                    return response
                response.close()
            time.sleep(_wait(attempt, response))
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """See httpx."""
        self._inner.close()


class AsyncRetrying(httpx.AsyncBaseTransport):
    """The same for asyncio."""

    def __init__(self, inner: httpx.AsyncBaseTransport | None = None, *, read_after: ReadAfter | None = None) -> None:
        self._inner = inner or httpx.AsyncHTTPTransport()
        self._read_after = read_after or ReadAfter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        assert isinstance(request.stream, AsyncIterable)
        await request.aread()
        for attempt in range(ATTEMPTS):
            is_last = attempt + 1 == ATTEMPTS
            response: httpx.Response | None = None
            answered = self._read_after.ask(request)
            try:
                response = await self._inner.handle_async_request(request)
            except httpx.TransportError:
                if is_last or not _may_repeat(request, None):
                    raise
            finally:
                answered(response)
            if response is not None:
                if is_last or not _may_repeat(request, response):
                    return response
                await response.aclose()
            await asyncio.sleep(_wait(attempt, response))
        raise AssertionError("the last attempt returns or raises")

    async def aclose(self) -> None:
        """See httpx."""
        await self._inner.aclose()
