"""The hosts that a database URL names: each has its share of the time, and the one that takes writes comes first.

The driver asks one after the other within one time-out, so that a first host that says nothing, a machine without
power, would use it up again and again, and the standby that has taken over would never be asked.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

import asyncpg

from wasgo_chat.core.postgres_dsn import addresses

ENGINE = "postgresql+asyncpg://"
"""SQLAlchemy only selects the dialect from this URL. `HostFailover.connect` makes the connections."""

_NEXT = (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)
"""What is the host's fault; what another one answers may be better."""


class HostFailover:
    """One or several.

    Args:
        url: as libpq takes it.
    """

    def __init__(self, url: str) -> None:
        self._hosts = addresses(url)
        self.name = ",".join(str(one.get("host", "")) for one in self._hosts)

    async def connect(self, *, timeout: float, **how: Any) -> Any:
        """A connection to the first that gives one, within its share of the time.

        Raises:
            ConnectionRefusedError: the last one is not what the URL asks for (`target_session_attrs`).
            As `asyncpg.connect`: what else the last one said.
        """
        connection, _ = await self._connect(timeout, how)
        return connection

    async def probe(self, *, timeout: float, **how: Any) -> tuple[Any, bool]:
        """The same; and whether it is another host than the last look found, which from now on comes first."""
        connection, found = await self._connect(timeout, how)
        has_moved = found is not self._hosts[0]
        self._hosts.remove(found)
        self._hosts.insert(0, found)
        return connection, has_moved

    async def _connect(self, timeout: float, how: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        *others, last = self._hosts
        how = {**how, "timeout": timeout / len(self._hosts)}
        for one in others:
            with contextlib.suppress(*_NEXT):
                return await _connect_to(one, how), one
        return await _connect_to(last, how), last


async def _connect_to(address: Mapping[str, Any], how: Mapping[str, Any]) -> Any:
    try:
        return await asyncpg.connect(**{**how, **address})
    except asyncpg.TargetServerAttributeNotMatched as error:  # the driver's own mistake, by its class
        raise ConnectionRefusedError(str(error)) from error
