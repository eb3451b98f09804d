"""The task of a worker that purges, and the same once, from the command line."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog
from sqlalchemy import Integer, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from wasgo_chat.core.errors import ChatError, Unavailable
from wasgo_chat.database.driver import PinnedConnection
from wasgo_chat.database.errors import was_contention
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.notifications import retention
from wasgo_chat.retention import steps
from wasgo_chat.retention.pacing import PER_EVENT, AdaptivePager, purge_one
from wasgo_chat.retention.steps import DueConversation, PurgeResult
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

REST_PER_WORK = 4.0
"""Purging is never urgent: it rests so many times as long as it worked, and everybody else goes first."""
JITTER = 0.25
MOST_DOUBLINGS = 6

_START = UUID(int=0)

_EXCLUSIVE = "SELECT pg_try_advisory_lock(hashtextextended('purge', 0))"

_COUNT = """
SELECT c.conversation_type, count(DISTINCT c.id) AS conversations, count(*) AS messages
FROM unnest(CAST(:types AS text[]), CAST(:days AS int[])) AS k(type, days)
JOIN conversations c ON c.conversation_type = k.type
JOIN messages m ON m.conversation_id = c.id AND m.created_at < now() - make_interval(days => k.days)
    AND m.deleted_at IS NULL
GROUP BY c.conversation_type ORDER BY c.conversation_type
"""


class RetentionWorker:
    """Purges every `PURGE_S` seconds, about, what is past its retention. Of any number of workers one does at a time.

    Args:
        db: where everything is.
        counts: of the worker.
        rest_per_work: how many times as long to rest as a page took.
    """

    def __init__(self, db: Database, counts: WorkerCounters, *, rest_per_work: float = REST_PER_WORK) -> None:
        self._db = db
        self._counts = counts
        self._rest_per_work = rest_per_work
        self._failures: dict[UUID, int] = {}
        self._turns_off: dict[UUID, int] = {}

    async def run(self) -> None:
        """Purge for ever, if there is any retention at all."""
        settings = self._db.settings
        if not settings.retention_days and not settings.notification_retention_days:
            return
        while True:
            try:
                async with _exclusive(self._db) as is_alone:
                    if is_alone:
                        _tell(await self.purge())
            except ChatError as error:
                self._counts.purges["failed"] += 1
                log.warning("purge_failed", error=error.code)
            except Exception:
                self._counts.purges["failed"] += 1
                log.exception("purge_failed")  # the next turn may find better weather
            # Workers that were started together need not go on looking together.
            await asyncio.sleep(settings.purge_s * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311  no secret

    async def purge(self) -> PurgeResult:
        """Everything that is due now, page by page; what was removed, and what was left.

        What fails of one conversation keeps none of the others waiting.

        Raises:
            Unavailable: the database does not answer. What was purged stays so.
        """
        purged = PurgeResult()
        after: UUID | None = _START
        while after is not None and self._db.settings.retention_days:
            began = time.monotonic()
            due, after = await steps.scan(self._db, self._db.settings, after)
            await asyncio.sleep(self._rest_per_work * (time.monotonic() - began))
            for one in due:
                purged.add(await self._purge_conversation(one))
        if self._db.settings.notification_retention_days:
            await self._drop_notifications(self._db.settings.notification_retention_days)
        return purged

    async def _purge_conversation(self, due: DueConversation) -> PurgeResult:
        conversation_id = due.conversation_id
        if self._turns_off.get(conversation_id):
            self._turns_off[conversation_id] -= 1
            self._counts.purges["deferred"] += 1
            return PurgeResult(failed={conversation_id: "put off"})
        try:
            purged = await purge_one(self._db, due, rest_per_work=self._rest_per_work)
        except Unavailable as error:
            if not was_contention(error):
                await self._db.ping()  # without a database all the others would fail as well
            log.warning("purge_put_off", conversation=str(conversation_id), error=error.code)
            return self._put_off(conversation_id, error)
        except Exception as error:
            log.exception("purge_put_off", conversation=str(conversation_id))
            return self._put_off(conversation_id, error)
        self._failures.pop(conversation_id, None)
        self._counts.purges["done"] += 1
        return purged

    def _put_off(self, conversation_id: UUID, error: Exception) -> PurgeResult:
        """Twice as long each time: what fails takes locks, and time, for nothing."""
        failures = self._failures[conversation_id] = min(self._failures.get(conversation_id, 0) + 1, MOST_DOUBLINGS)
        self._turns_off[conversation_id] = 2**failures - 1
        self._counts.purges["deferred"] += 1
        return PurgeResult(failed={conversation_id: getattr(error, "code", type(error).__name__)})

    async def _drop_notifications(self, days: int) -> None:
        paced = AdaptivePager(self._db, self._rest_per_work)
        after: str | None = ""

        async def drop_old(tx: Tx) -> str | None:
            _, following = await retention.delete_expired(tx, after or "", days=days, page=PER_EVENT * paced.page)
            return following

        async def drop_dead(tx: Tx) -> bool:
            page = PER_EVENT * paced.page
            return await retention.delete_dead(tx, days=days, page=page) == page

        while after is not None:
            after = await paced.run(drop_old)
        while await paced.run(drop_dead):
            pass


@asynccontextmanager
async def _exclusive(db: Database) -> AsyncIterator[bool]:
    """Whether no other worker purges, which then holds until the end of the block.

    The lock is a connection's, which is opened for it and closed: those of the pool are for doors, and may be few.
    """
    pool = Database(db.settings, pool_size=1, breaker=db.breaker, name="purge")
    direct = PinnedConnection(pool)
    try:
        yield (await direct.fetch(_EXCLUSIVE))[0][0]
    finally:
        await direct.close()
        await pool.engine.dispose()


def _tell(purged: PurgeResult) -> None:
    if purged.events or purged.tombstones or purged.held or purged.failed:
        log.info(
            "purged",
            events=purged.events,
            messages=purged.messages,
            tombstones=purged.tombstones,
            held=len(purged.held),
            failed=len(purged.failed),
        )


async def purge_now(db: Database) -> PurgeResult:
    """All that is due, without rests, and beside workers that purge: each step stands for itself.

    Raises:
        Unavailable: the database does not answer.
    """
    return await RetentionWorker(db, WorkerCounters(), rest_per_work=0.0).purge()


async def count_due(db: Database) -> list[tuple[str, int, int]]:
    """By conversation type, how many conversations have messages past their time, and how many of them.

    Raises:
        Unavailable: the database does not answer.
    """
    kept = db.settings.retention_days
    statement = text(_COUNT).bindparams(bindparam("types", type_=ARRAY(Text)), bindparam("days", type_=ARRAY(Integer)))
    async with db.snapshot() as tx:
        rows = await tx.execute(statement, {"types": list(kept), "days": list(kept.values())})
        return [(row.conversation_type, row.conversations, row.messages) for row in rows]
