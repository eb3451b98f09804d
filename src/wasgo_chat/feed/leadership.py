"""Which worker runs what only one worker should run: the sequencer, and each consumer.

A role is an advisory lock of a session. It ends with the session: at once when the process dies, and after
`SESSION_TIMEOUT_S` if the worker hangs or its host is gone, because the server ends a session that stays idle. Two
workers may therefore believe for a moment that they have the same role. That is harmless: the statements of the
sequencer and of the consumers are safe with any number of workers, and only less efficient.
"""

from collections.abc import Callable, Sequence

import asyncpg

from wasgo_chat.core.tasks import forever
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.database.session import Database

RETRY_S = 0.5
"""How often a worker tries to take the roles that it does not have. Each attempt also keeps the session alive."""
SPREAD_S = 0.02
SESSION_TIMEOUT_S = 3

# At most one role at a time, so that workers that start together share the roles.
_TAKE = """
SELECT role FROM unnest($1::text[]) AS role
WHERE pg_try_advisory_lock(hashtextextended('wasgo-chat ' || role, 0)) LIMIT 1
"""
_LIMIT_SESSION = f"SET idle_session_timeout = '{SESSION_TIMEOUT_S}s'"


class Leadership:
    """The roles of a worker.

    Args:
        db: a pool without a pooler, with a connection for this alone.
        roles: the roles that the worker takes if no other one has them, in this order.
    """

    def __init__(self, db: Database, roles: Sequence[str]) -> None:
        self._connection = PinnedConnection(db, on_connect=self._begin_session)
        self._roles = list(roles)
        self._held: set[str] = set()
        self._on_taken: dict[str, Callable[[], None]] = {}
        self._has_taken = False

    def holds(self, role: str) -> bool:
        """Whether this worker has a role, as far as it knows."""
        return role in self._held

    def when_taken(self, role: str, callback: Callable[[], None]) -> None:
        """Call back whenever this worker takes a role."""
        self._on_taken[role] = callback

    async def run(self) -> None:
        """Take free roles until cancelled."""
        await forever(self._take_free, failure="leadership_failed", every_s=self._delay_s)

    async def close(self) -> None:
        """End the session, and with it the roles. Cancel `run` first."""
        self._held.clear()
        await self._connection.discard()

    async def _take_free(self) -> None:
        wanted = [role for role in self._roles if role not in self._held]
        try:
            taken = await self._connection.run(_TAKE, wanted)
        except BaseException:
            self._held.clear()  # the connection was discarded, and with it the session
            raise
        for record in taken:
            self._held.add(record["role"])
            if (callback := self._on_taken.get(record["role"])) is not None:
                callback()
        self._has_taken = bool(taken)

    def _delay_s(self) -> float:
        return SPREAD_S if self._has_taken and len(self._held) < len(self._roles) else RETRY_S

    async def _begin_session(self, driver: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._held.clear()
        await driver.execute(_LIMIT_SESSION)
