"""Outgoing HTTP: no redirects, no proxies of the environment, and for addresses that users name, public hosts only."""

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
    """A host that users may not name: it is not on the open internet, or is not found at all."""


class TooLarge(Exception):
    """An answer is longer than anybody asked for."""


async def require_public_host(host: str, port: int) -> None:
    """Refuse, when a user names it, a host that no connection will be made to; each connect looks again.

    Raises:
        NotPublic: it leads to an address that is not public, or to none: a caller cannot tell which, and so learns
            nothing of names that are known inside only.
    """
    await _public_addresses(host, port, RESOLVE_S)


def internal_client() -> httpx2.AsyncClient:
    """For addresses that the operator named."""
    return httpx2.AsyncClient(timeout=_timeout(), follow_redirects=False, trust_env=False)


async def fetch_internal(url: str, *, max_bytes: int) -> bytes:
    """The body at an address that the operator named, all of it within ten seconds.

    Raises:
        httpx2.HTTPError: no answer, or one that is not 2xx; redirects are not followed.
        TooLarge: it has more than `max_bytes`.
        TimeoutError: it took too long.
    """
    body = bytearray()
    async with asyncio.timeout(FETCH_S), internal_client() as client, client.stream("GET", url) as response:
        response.raise_for_status()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > max_bytes:
                raise TooLarge(url)
    return bytes(body)


def ssrf_safe_client() -> httpx2.AsyncClient:
    """For addresses that users named: it connects to the very address that was found to be public."""
    return httpx2.AsyncClient(
        timeout=_timeout(), follow_redirects=False, trust_env=False, transport=_PublicOnlyTransport()
    )


def _timeout() -> httpx2.Timeout:
    return httpx2.Timeout(STEP_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)


class _PublicOnlyTransport(httpx2.AsyncHTTPTransport):
    def __init__(self) -> None:
        super().__init__(trust_env=False)
        # httpx2 offers no way to give its pool a network backend.
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
    """The addresses of a host, as the system's resolver says. Raises: OSError, UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


async def _public_addresses(host: str, port: int, timeout: float | None) -> list[str]:
    """The addresses of a host, if all of them are public. The system's own resolver reads every way to write one.

    Raises:
        NotPublic: one is not, or there is none.
    """
    try:
        async with asyncio.timeout(timeout):
            addresses = await resolve(host, port)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise PrivateAddress("The host is not found") from error
    if not addresses or not all(is_public(address) for address in addresses):
        raise PrivateAddress("The host is not on the open internet")
    return addresses
