"""HTTP clients without redirects or environment proxies. For URLs from users, a client that is safe against SSRF."""

import asyncio
import socket
from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2

from wasgo_chat.core.ip_ranges import is_public

CONNECT_TIMEOUT_S = 5.0
STEP_TIMEOUT_S = 10.0
FETCH_S = 10.0
RESOLVE_S = 3.0


class PrivateAddress(Exception):
    """The host of a user-supplied URL is not on the public internet, or cannot be resolved."""


class TooLarge(Exception):
    """A response is larger than the caller allows."""


async def require_public_host(host: str, port: int) -> None:
    """Reject a user-supplied host early. `ssrf_safe_client` checks again on every connection.

    Raises:
        PrivateAddress: the host cannot be resolved or has an address that is not public. Callers must not reveal which:
            otherwise users could probe internal host names.
    """
    await _public_addresses(host, port, RESOLVE_S)


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


def ssrf_safe_client() -> httpx2.AsyncClient:
    """A client for URLs from users. It connects to the address that was checked, so DNS rebinding fails."""
    return httpx2.AsyncClient(
        timeout=_timeout(), follow_redirects=False, trust_env=False, transport=_PublicOnlyTransport()
    )


def _timeout() -> httpx2.Timeout:
    return httpx2.Timeout(STEP_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)


class _PublicOnlyTransport(httpx2.AsyncHTTPTransport):
    def __init__(self) -> None:
        super().__init__(trust_env=False)
        # httpx2 has no option for the network backend of its pool.
        context = httpx2.create_ssl_context(trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context, max_connections=50, keepalive_expiry=5.0, network_backend=_PublicOnlyBackend()
        )


class _PublicOnlyBackend(httpcore2.AnyIOBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            addresses = await _public_addresses(host, port, timeout)
        except PrivateAddress as error:
            raise httpcore2.ConnectError(str(error)) from error
        return await super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)


async def resolve(host: str, port: int) -> list[str]:
    """Resolve a host with the system resolver. Raises: OSError, UnicodeError."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in infos]


async def _public_addresses(host: str, port: int, timeout: float | None) -> list[str]:
    """The addresses of a host, all of them public. The system resolver parses all notations of an address.

    Raises:
        PrivateAddress: an address is not public, or the host cannot be resolved.
    """
    try:
        async with asyncio.timeout(timeout):
            addresses = await resolve(host, port)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise PrivateAddress("The host cannot be resolved") from error
    if not addresses or not all(is_public(address) for address in addresses):
        raise PrivateAddress("The host is not on the public internet")
    return addresses
