"""The check of the database behind `/readyz`."""

import asyncio
import time

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database import migrations
from wasgo_chat.database.session import Database

SCHEMA_CHECK_S = 0.5
"""For how long the requests of a worker share a result."""


class SchemaCheck:
    """Checks that the database responds and which schema it has. Requests within `SCHEMA_CHECK_S` share a check: anyone
    may ask for it.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = asyncio.Lock()
        self._state = ""
        self._checked_at = -SCHEMA_CHECK_S

    async def state(self) -> str:
        """`ok`, `ahead` or `behind` this program.

        Raises:
            Unavailable: the database does not respond.
        """
        async with self._lock:
            if self._db.breaker.is_open:
                raise Unavailable("The database does not respond")
            if time.monotonic() - self._checked_at >= SCHEMA_CHECK_S:
                await self._db.ping()
                self._state = _schema_state(await migrations.applied_revisions(self._db))
                self._checked_at = time.monotonic()
            return self._state


def _schema_state(revisions: frozenset[str]) -> str:
    if revisions == {migrations.head_revision()}:
        return "ok"
    return "ahead" if migrations.is_newer_than_program(revisions) else "behind"
