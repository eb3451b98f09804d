"""httpx transports that retry idempotent requests after 429, 503 and lost connections.

GET, HEAD, PUT and DELETE are idempotent, and so is every request with an `Idempotency-Key`: the service returns the
original response to a repeat. A request answered with 429 was not processed, so any request can be repeated then. Each
attempt sends the position that the client has seen (`read_after`).
"""

import asyncio
import time
from collections.abc import AsyncIterable, Iterable

import httpx

from wasgo_chat_client.backoff import backoff
from wasgo_chat_client.read_after import ReadAfter

MAX_ATTEMPTS = 5
_IDEMPOTENT_METHODS = ("GET", "HEAD", "PUT", "DELETE")


def _is_retryable(request: httpx.Request, response: httpx.Response | None) -> bool:
    is_idempotent = request.method in _IDEMPOTENT_METHODS or "Idempotency-Key" in request.headers
    if response is None:
        return is_idempotent
    return response.status_code == 429 or (response.status_code == 503 and is_idempotent)


def _delay(attempt: int, response: httpx.Response | None) -> float:
    retry_after = response.headers.get("Retry-After", "") if response is not None else ""
    return (float(retry_after) if retry_after.isdecimal() else 0.0) + backoff(attempt)


class RetryTransport(httpx.BaseTransport):
    """A synchronous transport that retries."""

    def __init__(self, inner: httpx.BaseTransport | None = None) -> None:
        self._inner = inner or httpx.HTTPTransport()
        self._read_after = ReadAfter()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, Iterable)
        request.read()
        for attempt in range(MAX_ATTEMPTS):
            is_last = attempt + 1 == MAX_ATTEMPTS
            response: httpx.Response | None = None
            on_response = self._read_after.track(request)
            try:
                response = self._inner.handle_request(request)
            except httpx.TransportError:
                if is_last or not _is_retryable(request, None):
                    raise
            finally:
                on_response(response)
            if response is not None:
                if is_last or not _is_retryable(request, response):
                    return response
                response.close()
            time.sleep(_delay(attempt, response))
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        self._inner.close()


class AsyncRetryTransport(httpx.AsyncBaseTransport):
    """An asynchronous transport that retries."""

    def __init__(self, inner: httpx.AsyncBaseTransport | None = None, *, read_after: ReadAfter | None = None) -> None:
        self._inner = inner or httpx.AsyncHTTPTransport()
        self._read_after = read_after or ReadAfter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, AsyncIterable)
        await request.aread()
        for attempt in range(MAX_ATTEMPTS):
            is_last = attempt + 1 == MAX_ATTEMPTS
            response: httpx.Response | None = None
            on_response = self._read_after.track(request)
            try:
                response = await self._inner.handle_async_request(request)
            except httpx.TransportError:
                if is_last or not _is_retryable(request, None):
                    raise
            finally:
                on_response(response)
            if response is not None:
                if is_last or not _is_retryable(request, response):
                    return response
                await response.aclose()
            await asyncio.sleep(_delay(attempt, response))
        raise AssertionError("the last attempt returns or raises")

    async def aclose(self) -> None:
        await self._inner.aclose()
