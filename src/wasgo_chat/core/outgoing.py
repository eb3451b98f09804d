"""Outgoing HTTP: no redirects, no proxies of the environment, and for addresses that users name, public hosts only."""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore2
import httpx2

CONNECT_TIMEOUT_S = 5.0
STEP_TIMEOUT_S = 10.0

# They carry an IPv4 address to a host that translates, so what looks global may end anywhere.
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in network for network in _TRANSLATED):
            return False
    return found.is_global and not found.is_multicast


def trusted_client() -> httpx2.AsyncClient:
    """For addresses that the operator named."""
    return httpx2.AsyncClient(timeout=_timeout(), follow_redirects=False, trust_env=False)


def wary_client() -> httpx2.AsyncClient:
    """For addresses that users named: it connects to the very address that was found to be public."""
    return httpx2.AsyncClient(timeout=_timeout(), follow_redirects=False, trust_env=False, transport=_WaryTransport())


def _timeout() -> httpx2.Timeout:
    return httpx2.Timeout(STEP_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)


class _WaryTransport(httpx2.AsyncHTTPTransport):
    def __init__(self) -> None:
        super().__init__(trust_env=False)
        # httpx2 offers no way to give its pool a network backend.
        context = httpx2.create_ssl_context(trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context, max_connections=50, keepalive_expiry=5.0, network_backend=_WaryBackend()
        )


class _WaryBackend(httpcore2.AnyIOBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                loop = asyncio.get_running_loop()
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise httpcore2.ConnectError("The host is not found") from error
        addresses = [str(one[4][0]) for one in found]
        if not addresses or not all(is_public(address) for address in addresses):
            raise httpcore2.ConnectError("The host is not on the open internet")
        return await super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)
