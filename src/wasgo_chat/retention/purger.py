"""The task of a worker that purges, and the same once, from the command line."""

import asyncio
import time
from uuid import UUID

import structlog
from sqlalchemy import Integer, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from wasgo_chat.core.db import Database
from wasgo_chat.core.errors import ChatError
from wasgo_chat.notifications import aging
from wasgo_chat.retention import purging
from wasgo_chat.retention.purging import Due, Purged

log = structlog.get_logger(__name__)

NOTIFICATIONS_PAGE = 1_000
REST_PER_WORK = 4.0
"""Purging is never urgent: it rests so many times as long as it worked, and everybody else goes first."""

_START = UUID(int=0)

_COUNT = """
SELECT c.conversation_type, count(DISTINCT c.id) AS conversations, count(*) AS messages
FROM unnest(CAST(:types AS text[]), CAST(:days AS int[])) AS k(type, days)
JOIN conversations c ON c.conversation_type = k.type
JOIN messages m ON m.conversation_id = c.id AND m.created_at < now() - make_interval(days => k.days)
    AND m.deleted_at IS NULL
GROUP BY c.conversation_type ORDER BY c.conversation_type
"""


class Purger:
    """Purges every `PURGE_S` seconds what is past its retention. Any number of workers do it beside each other."""

    def __init__(self, db: Database, *, rest_per_work: float = REST_PER_WORK) -> None:
        self._db = db
        self._rest_per_work = rest_per_work

    async def run(self) -> None:
        """Purge for ever, if there is any retention at all."""
        settings = self._db.settings
        if not settings.retention_days and not settings.notification_retention_days:
            return
        while True:
            try:
                purged = await self.purge()
                if purged.events or purged.tombstones:
                    log.info("purged", events=purged.events, messages=purged.messages, tombstones=purged.tombstones)
            except ChatError as error:
                log.warning("purge_failed", error=error.code)
            except Exception:
                log.exception("purge_failed")  # the next turn may find better weather
            await asyncio.sleep(settings.purge_s)

    async def purge(self) -> Purged:
        """Everything that is due now, page by page; what was removed.

        Raises:
            Unavailable: the database does not answer. What was purged stays so.
        """
        purged = Purged()
        after: UUID | None = _START
        while after is not None and self._db.settings.retention_days:
            due, after = await purging.scan(self._db, self._db.settings, after)
            for one in due:
                await self._purge_one(one, purged)
        await self._drop_notifications()
        return purged

    async def _purge_one(self, due: Due, purged: Purged) -> None:
        while True:
            began = time.monotonic()
            async with self._db.transaction() as tx:
                step = await purging.step(tx, due)
            purged.add(step)
            # Whoever holds it is sending there now: another turn will do.
            if step.is_held or step.events < purging.PAGE:
                return
            await asyncio.sleep(self._rest_per_work * (time.monotonic() - began))

    async def _drop_notifications(self) -> None:
        age = {"days": self._db.settings.notification_retention_days, "page": NOTIFICATIONS_PAGE}
        after: str | None = ""
        while after is not None and age["days"]:
            began = time.monotonic()
            async with self._db.transaction() as tx:
                gone, after = await aging.drop_old(tx, after, **age)
                gone += await aging.drop_dead(tx, **age)
            if gone:
                await asyncio.sleep(self._rest_per_work * (time.monotonic() - began))


async def purge_now(db: Database) -> Purged:
    """All that is due, without rests.

    Raises:
        Unavailable: the database does not answer.
    """
    return await Purger(db, rest_per_work=0.0).purge()


async def what_is_due(db: Database) -> list[tuple[str, int, int]]:
    """By conversation type, how many conversations have messages past their time, and how many of them.

    Raises:
        Unavailable: the database does not answer.
    """
    kept = db.settings.retention_days
    statement = text(_COUNT).bindparams(bindparam("types", type_=ARRAY(Text)), bindparam("days", type_=ARRAY(Integer)))
    async with db.snapshot() as tx:
        rows = await tx.execute(statement, {"types": list(kept), "days": list(kept.values())})
        return [(row.conversation_type, row.conversations, row.messages) for row in rows]
