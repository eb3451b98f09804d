"""Failover between the hosts of a database URL: each gets a share of the timeout, and the working one is tried first.

asyncpg tries the hosts in order within a single timeout. An unresponsive first host, such as a machine without power,
would use it up each time, and the promoted standby would never be tried.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

import asyncpg

from wasgo_chat.core.postgres_dsn import addresses

ENGINE = "postgresql+asyncpg://"
"""SQLAlchemy only selects the dialect from this URL. `HostFailover.connect` makes the connections."""

_TRY_NEXT = (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)
"""Errors of a single host, after which the next one is tried."""


class HostFailover:
    """The hosts of a database.

    Args:
        url: PostgreSQL URL with one or several hosts.
        options: options of `asyncpg.connect` for every connection.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self._hosts = addresses(url)
        self._options = options
        self.name = ",".join(str(host.get("host", "")) for host in self._hosts)

    async def connect(self, *, timeout: float, **options: Any) -> Any:
        """Connect to the first host that accepts, each with its share of the timeout.

        Raises:
            ConnectionRefusedError: the last host does not match `target_session_attrs`.
            Exception: another error of `asyncpg.connect` at the last host.
        """
        connection, _ = await self._connect(timeout, options)
        return connection

    async def probe(self, *, timeout: float, **options: Any) -> tuple[Any, bool]:
        """Connect as `connect` does, and try this host first from now on. Also returns whether the host has changed."""
        connection, host = await self._connect(timeout, options)
        has_moved = host is not self._hosts[0]
        self._hosts.remove(host)
        self._hosts.insert(0, host)
        return connection, has_moved

    async def _connect(self, timeout: float, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        *others, last = self._hosts
        options = {**self._options, **options, "timeout": timeout / len(self._hosts)}
        for host in others:
            with contextlib.suppress(*_TRY_NEXT):
                return await _connect_to(host, options), host
        return await _connect_to(last, options), last


async def _connect_to(address: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    try:
        return await asyncpg.connect(**{**options, **address})
    except asyncpg.TargetServerAttributeNotMatched as error:  # asyncpg does not derive it from a connection error
        raise ConnectionRefusedError(str(error)) from error
