"""A worker's background task that purges expired data, and the same once for the command line."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import Integer, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.core.tasks import forever
from wasgo_chat.database.errors import was_contention
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.feature import Retention
from wasgo_chat.retention import steps
from wasgo_chat.retention.pacing import ROWS_PER_EVENT, AdaptivePager, purge_one
from wasgo_chat.retention.steps import DueConversation, PurgeResult
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

REST_PER_WORK = 4.0
"""The pause after each page, as a multiple of the page's duration. Purging is never urgent; requests come first."""
JITTER = 0.25
MAX_DOUBLINGS = 6

_FIRST_ID = UUID(int=0)

_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('purge', 0))"

_COUNT = """
SELECT c.conversation_type, count(DISTINCT c.id) AS conversations, count(*) AS messages
FROM unnest(CAST(:types AS text[]), CAST(:days AS int[])) AS k(type, days)
JOIN conversations c ON c.conversation_type = k.type
JOIN messages m ON m.conversation_id = c.id AND m.created_at < now() - make_interval(days => k.days)
    AND m.deleted_at IS NULL
GROUP BY c.conversation_type ORDER BY c.conversation_type
"""


class RetentionTask:
    """Purges expired data about every `PURGE_S` seconds, on one worker at a time.

    Args:
        db: the database.
        counts: the worker's counters.
        retention: what expires apart from conversations, as the features declare it.
        rest_per_work: the length of the pause after a page, as a multiple of the page's duration.
    """

    def __init__(
        self,
        db: Database,
        counts: WorkerCounters,
        retention: Sequence[Retention] = (),
        *,
        rest_per_work: float = REST_PER_WORK,
    ) -> None:
        self._db = db
        self._counts = counts
        self._retention = retention
        self._rest_per_work = rest_per_work
        self._failures: dict[UUID, int] = {}
        self._skips_left: dict[UUID, int] = {}

    async def run(self) -> None:
        """Purge until cancelled. Returns at once if no retention period is set."""
        if not has_retention_period(self._db.settings, self._retention):
            return
        await forever(self._purge_exclusively, failure="purge_failed", every_s=self._interval_s)

    def _interval_s(self) -> float:
        """`PURGE_S` with jitter, so that workers that started together do not stay in step."""
        return self._db.settings.purge_s * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  not a secret

    async def _purge_exclusively(self) -> None:
        try:
            async with exclusive_run(self._db) as is_locked:
                if is_locked:
                    _log_result(await self.purge())
        except Exception:
            self._counts.purges["failed"] += 1
            raise

    async def purge(self) -> PurgeResult:
        """Purge everything that is due now, page by page. A conversation that fails does not stop the others.

        Raises:
            Unavailable: the database does not respond. What was purged before stays purged.
        """
        purged = PurgeResult()
        after: UUID | None = _FIRST_ID
        while after is not None and self._db.settings.retention_days:
            started = time.monotonic()
            due, after = await steps.scan(self._db, self._db.settings, after)
            await asyncio.sleep(self._rest_per_work * (time.monotonic() - started))
            for conversation in due:
                purged.add(await self._purge_conversation(conversation))
        for retention in self._retention:
            if (days := retention.days(self._db.settings)) is not None:
                await self._delete_expired(retention, days)
        return purged

    async def _purge_conversation(self, due: DueConversation) -> PurgeResult:
        conversation_id = due.conversation_id
        if self._skips_left.get(conversation_id):
            self._skips_left[conversation_id] -= 1
            self._counts.purges["deferred"] += 1
            return PurgeResult(failed={conversation_id: "deferred"})
        try:
            purged = await purge_one(self._db, due, rest_per_work=self._rest_per_work)
        except Unavailable as error:
            if not was_contention(error):
                await self._db.ping()  # raises if the database is down, as all others would fail too
            log.warning("purge_deferred", conversation=str(conversation_id), error=error.code)
            return self._defer(conversation_id, error)
        except Exception as error:
            log.exception("purge_deferred", conversation=str(conversation_id))
            return self._defer(conversation_id, error)
        self._failures.pop(conversation_id, None)
        self._counts.purges["done"] += 1
        return purged

    def _defer(self, conversation_id: UUID, error: Exception) -> PurgeResult:
        """Skip a failing conversation for twice as many purges each time: a failing purge costs locks and time."""
        failures = self._failures[conversation_id] = min(self._failures.get(conversation_id, 0) + 1, MAX_DOUBLINGS)
        self._skips_left[conversation_id] = 2**failures - 1
        self._counts.purges["deferred"] += 1
        return PurgeResult(failed={conversation_id: getattr(error, "code", type(error).__name__)})

    async def _delete_expired(self, retention: Retention, days: int) -> None:
        pager = AdaptivePager(self._db, self._rest_per_work)

        async def delete_page(after: str, tx: Tx) -> str | None:
            return await retention.delete_expired(tx, after, days=days, page=ROWS_PER_EVENT * pager.page)

        after: str | None = ""
        while after is not None:
            after = await pager.run(partial(delete_page, after))


def has_retention_period(settings: Settings, retention: Sequence[Retention]) -> bool:
    """Whether anything ever expires."""
    return bool(settings.retention_days) or any(one.days(settings) is not None for one in retention)


@asynccontextmanager
async def exclusive_run(db: Database) -> AsyncIterator[bool]:
    """Take the lock of purging until the end of the block. Yields False if another worker holds it.

    The lock belongs to a session that is opened for it, without a pooler, as the connections of the pool are for
    requests.
    """
    settings = db.settings
    breaker = None if settings.database_pooler else db.breaker
    pool = Database(settings.without_pooler(), pool_size=1, breaker=breaker, name="purge")
    connection = PinnedConnection(pool)
    try:
        yield (await connection.fetch(_TRY_LOCK))[0][0]
    finally:
        await connection.close()
        await (pool.engine.dispose() if breaker is not None else pool.close())


def _log_result(purged: PurgeResult) -> None:
    if purged.events or purged.tombstones or purged.locked or purged.failed:
        log.info(
            "purged",
            events=purged.events,
            messages=purged.messages,
            tombstones=purged.tombstones,
            locked=len(purged.locked),
            failed=len(purged.failed),
        )


async def purge_now(db: Database, retention: Sequence[Retention] = ()) -> PurgeResult:
    """Purge everything that is due, without pauses. Safe while workers purge: each step is atomic.

    Raises:
        Unavailable: the database does not respond.
    """
    return await RetentionTask(db, WorkerCounters(), retention, rest_per_work=0.0).purge()


async def count_due(db: Database) -> list[tuple[str, int, int]]:
    """Expired messages by type, as `(conversation_type, conversations, messages)`.

    Raises:
        Unavailable: the database does not respond.
    """
    retention_days = db.settings.retention_days
    statement = text(_COUNT).bindparams(bindparam("types", type_=ARRAY(Text)), bindparam("days", type_=ARRAY(Integer)))
    async with db.snapshot() as tx:
        rows = await tx.execute(statement, {"types": list(retention_days), "days": list(retention_days.values())})
        return [(row.conversation_type, row.conversations, row.messages) for row in rows]
