"""HTTP clients without redirects or environment proxies. For URLs from users, a client that is safe against SSRF."""

import asyncio
import contextlib
import re
from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2

from wasgo_chat.core.ip_ranges import is_public
from wasgo_chat.core.name_resolver import NameNotFound, NameResolver

CONNECT_TIMEOUT_S = 5.0
STEP_TIMEOUT_S = 10.0
FETCH_S = 10.0
MAX_ADDRESSES = 3
"""How many addresses of a host a connection attempt tries."""


NEVER_SENT = (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)
"""Errors of a request that cannot be sent, however often it is tried."""


_HOST = re.compile(rb"[\w.:-]+")


class PrivateAddress(Exception):
    """The host of a user-supplied URL is not on the public internet, or cannot be resolved."""


class TooLarge(Exception):
    """A response is larger than the caller allows."""


def parse_web_url(text: str) -> httpx2.URL:
    """An http:// or https:// URL to which a request can be sent.

    Raises:
        ValueError: it is another URL, or none. httpx2 itself accepts URLs that it cannot send to.
    """
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise ValueError("must be a URL") from error
    has_port = url.port is None or 0 < url.port < 65_536
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(url.raw_host) or not has_port:
        raise ValueError("must be a URL of a host and a valid port")
    return url


async def require_public_host(resolver: NameResolver, host: str) -> None:
    """Reject a user-supplied host early. `ssrf_safe_client` checks again on every connection.

    Raises:
        PrivateAddress: the host cannot be resolved or has an address that is not public. Callers must not reveal which:
            otherwise users could probe internal host names.
    """
    await _public_addresses(resolver, host)


def internal_client() -> httpx2.AsyncClient:
    """A client for URLs from the settings."""
    return httpx2.AsyncClient(timeout=_timeout(), follow_redirects=False, trust_env=False)


async def fetch_internal(url: str, *, max_bytes: int) -> bytes:
    """The body at a URL from the settings, fetched within ten seconds in total.

    Raises:
        httpx2.HTTPError: the request failed, or the response is not 2xx; redirects are not followed.
        TooLarge: the body exceeds `max_bytes`.
        TimeoutError: it took too long.
    """
    body = bytearray()
    async with asyncio.timeout(FETCH_S), internal_client() as client, client.stream("GET", url) as response:
        response.raise_for_status()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > max_bytes:
                raise TooLarge(url)
    return bytes(body)


def ssrf_safe_client(resolver: NameResolver) -> httpx2.AsyncClient:
    """A client for URLs from users. It connects to an address that was checked, so DNS rebinding fails."""
    return httpx2.AsyncClient(
        timeout=_timeout(), follow_redirects=False, trust_env=False, transport=_PublicOnlyTransport(resolver)
    )


def _timeout() -> httpx2.Timeout:
    return httpx2.Timeout(STEP_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)


class _PublicOnlyTransport(httpx2.AsyncHTTPTransport):
    def __init__(self, resolver: NameResolver) -> None:
        super().__init__(trust_env=False)
        # httpx2 has no option for the network backend of its pool.
        context = httpx2.create_ssl_context(trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context, max_connections=50, keepalive_expiry=5.0, network_backend=_PublicOnlyBackend(resolver)
        )


class _PublicOnlyBackend(httpcore2.AnyIOBackend):
    def __init__(self, resolver: NameResolver) -> None:
        self._resolver = resolver

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address that accepts, within `timeout` in total."""
        try:
            async with asyncio.timeout(timeout):
                *others, last = (await _public_addresses(self._resolver, host))[:MAX_ADDRESSES]
                for address in others:
                    with contextlib.suppress(httpcore2.ConnectError):
                        return await super().connect_tcp(address, port, timeout, local_address, socket_options)
                return await super().connect_tcp(last, port, timeout, local_address, socket_options)
        except PrivateAddress as error:
            raise httpcore2.ConnectError(str(error)) from error
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error


async def _public_addresses(resolver: NameResolver, host: str) -> list[str]:
    """The addresses of a host, all of them public.

    Raises:
        PrivateAddress: an address is not public, or the host cannot be resolved.
    """
    try:
        addresses = await resolver.addresses(host)
    except NameNotFound as error:
        raise PrivateAddress("The host cannot be resolved") from error
    if not all(is_public(address) for address in addresses):
        raise PrivateAddress("The host is not on the public internet")
    return addresses
