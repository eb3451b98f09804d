"""httpx transports that retry idempotent requests after 429, 503 and lost connections, for a limited time.

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
DEFAULT_TIMEOUT_S = 10.0
CONNECT_SHARE = 0.3
"""The share of the remaining time that an attempt may take to connect. The rest is for the answer."""

_IDEMPOTENT_METHODS = ("GET", "HEAD", "PUT", "DELETE")


class _Attempts:
    """The attempts of one request, until it is answered for good, or its time or the attempts are used up."""

    def __init__(self, request: httpx.Request, timeout_s: float, attempts: int) -> None:
        self._request = request
        self._left = attempts
        self._attempt = 0
        self._deadline = time.monotonic() + timeout_s
        self._is_idempotent = request.method in _IDEMPOTENT_METHODS or "Idempotency-Key" in request.headers

    def begin(self) -> None:
        """Give the next attempt the time that is left."""
        left = max(0.001, self._deadline - time.monotonic())
        connect, answer = left * CONNECT_SHARE, left * (1 - CONNECT_SHARE)
        timeout = httpx.Timeout(connect=connect, read=answer, write=answer, pool=connect)
        self._request.extensions = {**self._request.extensions, "timeout": timeout.as_dict()}

    def delay(self, response: httpx.Response | None) -> float | None:
        """Seconds to wait before the next attempt; None if this response, or lost connection, is final."""
        self._left -= 1
        if self._left <= 0 or not self._is_retryable(response):
            return None
        retry_after = response.headers.get("Retry-After", "") if response is not None else ""
        delay = (float(retry_after) if retry_after.isdecimal() else 0.0) + backoff(self._attempt)
        self._attempt += 1
        return delay if time.monotonic() + delay < self._deadline else None

    def _is_retryable(self, response: httpx.Response | None) -> bool:
        if response is None:
            return self._is_idempotent
        return response.status_code == 429 or (response.status_code == 503 and self._is_idempotent)


class RetryTransport(httpx.BaseTransport):
    """A synchronous transport that retries. A request takes at most `timeout_s`, with all its attempts."""

    def __init__(
        self,
        inner: httpx.BaseTransport | None = None,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        attempts: int = MAX_ATTEMPTS,
    ) -> None:
        self._inner = inner or httpx.HTTPTransport()
        self._timeout_s, self._attempts = timeout_s, attempts
        self._read_after = ReadAfter()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, Iterable)
        request.read()
        attempts = _Attempts(request, self._timeout_s, self._attempts)
        while True:
            attempts.begin()
            response: httpx.Response | None = None
            on_response = self._read_after.track(request)
            try:
                response = self._inner.handle_request(request)
            except httpx.TransportError:
                if (delay := attempts.delay(None)) is None:
                    raise
            else:
                if (delay := attempts.delay(response)) is None:
                    return response
                response.close()
            finally:
                on_response(response)
            time.sleep(delay)

    def close(self) -> None:
        self._inner.close()


class AsyncRetryTransport(httpx.AsyncBaseTransport):
    """An asynchronous transport that retries. A request takes at most `timeout_s`, with all its attempts."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport | None = None,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        attempts: int = MAX_ATTEMPTS,
        read_after: ReadAfter | None = None,
    ) -> None:
        self._inner = inner or httpx.AsyncHTTPTransport()
        self._timeout_s, self._attempts = timeout_s, attempts
        self._read_after = read_after or ReadAfter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, AsyncIterable)
        await request.aread()
        attempts = _Attempts(request, self._timeout_s, self._attempts)
        while True:
            attempts.begin()
            response: httpx.Response | None = None
            on_response = self._read_after.track(request)
            try:
                response = await self._inner.handle_async_request(request)
            except httpx.TransportError:
                if (delay := attempts.delay(None)) is None:
                    raise
            else:
                if (delay := attempts.delay(response)) is None:
                    return response
                await response.aclose()
            finally:
                on_response(response)
            await asyncio.sleep(delay)

    async def aclose(self) -> None:
        await self._inner.aclose()
