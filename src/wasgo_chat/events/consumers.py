"""Log consumers: they handle the events of every conversation after the senders, in order and at least once.

`emit` leaves a pending marker in the transaction that appends. A consumer claims conversations with advisory try-locks,
never by locking a row that senders need, handles the events after its offsets, and commits the offsets in the same
transaction. A marker is deleted when every consumer has reached its head; a concurrent send raises the head and keeps
the marker. Any number of workers run the same consumers concurrently.

A consumer batches, and sleeps in proportion to its run time, so under load it lags instead of slowing down senders.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from wasgo_chat.core.errors import ChatError
from wasgo_chat.core.tasks import forever
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.database.session import Database
from wasgo_chat.events.consumer_registry import CONSUMERS
from wasgo_chat.events.log import LogAdvanced
from wasgo_chat.events.offsets import ADVANCE, SeqRange
from wasgo_chat.telemetry import tracing
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

POLL_S = 1.0
EVENTS_PAGE = 50
CONVERSATIONS_PAGE = 100
MAX_IDLE_S = 60.0
BATCHING_DELAY_S = 0.2
IDLE_RATIO = 4.0


Handler = Callable[["asyncpg.Connection[asyncpg.Record]", Sequence[SeqRange]], Awaitable[Sequence[object]]]
"""Handles ranges of events of different conversations, in the transaction of a connection. Returns the notices to
publish after the commit. It can be called again for the same events, so it must be idempotent by (conversation, seq).
"""


_PENDING = """
SELECT p.conversation_id FROM pending p
LEFT JOIN reader_cursors c ON c.reader = $1 AND c.conversation_id = p.conversation_id
WHERE p.head > COALESCE(c.seq, 0) AND p.conversation_id <> ALL($2::uuid[])
LIMIT $3
"""

_CLAIM = """
SELECT k.id FROM unnest($2::uuid[]) AS k(id)
WHERE pg_try_advisory_xact_lock(hashtextextended('reader' || chr(10) || $1 || chr(10) || k.id, 0))
"""

# Seqs have no gaps and a marker's head is committed with its events, so a range does not need the events themselves.
_RANGES = """
SELECT p.conversation_id, COALESCE(c.seq, 0) AS after, LEAST(p.head, COALESCE(c.seq, 0) + $3) AS up_to
FROM pending p
LEFT JOIN reader_cursors c ON c.reader = $1 AND c.conversation_id = p.conversation_id
WHERE p.conversation_id = ANY($2::uuid[]) AND p.head > COALESCE(c.seq, 0)
ORDER BY p.conversation_id
"""

# SKIP LOCKED: a marker that a sender has locked is about to advance. The lock re-reads `head`, so an advanced one
# stays.
_DELETE_DONE = """
WITH done AS (
    SELECT p.conversation_id FROM pending p
    WHERE NOT EXISTS (
        SELECT FROM unnest($1::text[]) AS r(reader)
        WHERE NOT EXISTS (
            SELECT FROM reader_cursors c
            WHERE c.reader = r.reader AND c.conversation_id = p.conversation_id AND c.seq >= p.head))
    LIMIT $2 FOR UPDATE SKIP LOCKED
)
DELETE FROM pending USING done WHERE pending.conversation_id = done.conversation_id RETURNING 1
"""


class LogConsumer:
    """A consumer of the log, in one worker.

    Args:
        db: its listeners receive the notices of the handler's commits.
        keyed_db: the keyed pool of the same database, for a connection that the consumer keeps.
        name: the name of the consumer; workers with the same name share the work.
        handle: the handler, called in the transaction that advances the offsets.
        consumers: the names of all consumers that pending markers wait for.
        counts: the counters of the worker.
    """

    def __init__(
        self,
        db: Database,
        keyed_db: Database,
        name: str,
        handle: Handler,
        *,
        consumers: Sequence[str] = CONSUMERS,
        counts: WorkerCounters | None = None,
    ) -> None:
        self._db = db
        self._connection = PinnedConnection(keyed_db)
        self._counts = counts or WorkerCounters()
        self._name = name
        self._handle = handle
        self._consumers = list(consumers)
        self._woken = asyncio.Event()
        self._backed_off: dict[UUID, tuple[float, float]] = {}  # until when, and for how long
        self._markers_deleted = False
        self._cleanup_at = 0.0

    def wake(self, _: Sequence[LogAdvanced]) -> None:
        """Consume events that a commit of this worker appended without waiting for the next poll."""
        self._woken.set()

    async def run(self) -> None:
        """Consume until cancelled. Events appended by other workers are found within `POLL_S`."""
        await forever(self._drain, failure="consumer_failed", every_s=POLL_S, wake=self._woken, consumer=self._name)

    async def poll(self) -> int:
        """Make one pass over the pending conversations; returns the number of handled events. Done markers are deleted
        when a pass finds no events, and once per `POLL_S` under load.

        Raises:
            Unavailable: the database does not answer.
        """
        pending = await self._pending()
        try:
            with tracing.NO_SPAN if tracing.tracer is None or not pending else self._traced(tracing.tracer, pending):
                handled = await self.consume(*pending)
        except ChatError:
            raise
        except Exception:
            log.exception("consumer_failed", consumer=self._name, conversations=len(pending))
            handled = await self._consume_individually(pending)
        else:
            for conversation_id in pending:
                self._backed_off.pop(conversation_id, None)
        self._markers_deleted = self._markers_deleted and not handled
        if not self._markers_deleted and (not handled or time.monotonic() >= self._cleanup_at):
            while await self.delete_done_markers() == CONVERSATIONS_PAGE:
                pass
            self._markers_deleted = not handled
            self._cleanup_at = time.monotonic() + POLL_S
        return handled

    async def consume(self, *conversation_ids: UUID) -> int:
        """Handle the next page of events of these conversations, except those that another worker has claimed; returns
        the number of events.

        Raises:
            Unavailable: the database does not answer.
        """
        if not conversation_ids:
            return 0
        async with self._connection.transaction() as connection:
            claimed = [record[0] for record in await connection.fetch(_CLAIM, self._name, conversation_ids)]
            # Read after the locks are taken: the offsets are those that the last holders committed.
            records = await connection.fetch(_RANGES, self._name, claimed, EVENTS_PAGE)
            ranges = [SeqRange(*record) for record in records]
            if not ranges:
                return 0
            notices = await self._handle(connection, ranges)
            ids, seqs = [each.conversation_id for each in ranges], [each.up_to for each in ranges]
            await connection.execute(ADVANCE, self._name, ids, seqs)
        if notices:
            self._db.listeners.publish(notices)
        handled = sum(each.up_to - each.after for each in ranges)
        self._counts.consumer_events[self._name] += handled
        return handled

    async def _drain(self) -> None:
        await asyncio.sleep(BATCHING_DELAY_S)
        self._woken.clear()  # this pass handles what was appended during the delay
        began = time.monotonic()
        while await self.poll():
            await asyncio.sleep(max(BATCHING_DELAY_S, IDLE_RATIO * (time.monotonic() - began)))
            began = time.monotonic()

    async def _consume_individually(self, conversation_ids: Sequence[UUID]) -> int:
        """A conversation whose events cannot be handled stays behind, with its marker; the others continue."""
        handled = 0
        for conversation_id in conversation_ids:
            try:
                handled += await self.consume(conversation_id)
            except ChatError:
                raise
            except Exception:
                log.exception("consumer_failed", consumer=self._name, conversation=str(conversation_id))
                self._back_off(conversation_id)
        return handled

    async def delete_done_markers(self) -> int:
        """Delete markers that every consumer has caught up with, including those left by a crash; returns how many."""
        async with self._connection.transaction() as connection:
            return len(await connection.fetch(_DELETE_DONE, self._consumers, CONVERSATIONS_PAGE))

    async def close(self) -> None:
        """Close the connection. Cancel `run` first."""
        await self._connection.close()

    def _traced(self, tracer: tracing.Tracing, pending: Sequence[UUID]) -> AbstractContextManager[Any]:
        return tracer.span(f"{self._name} consumer", conversations=len(pending))

    async def _pending(self) -> list[UUID]:
        now = time.monotonic()
        excluded = [conversation_id for conversation_id, (until, _) in self._backed_off.items() if until > now]
        records = await self._connection.fetch(_PENDING, self._name, excluded, CONVERSATIONS_PAGE)
        return [record[0] for record in records]

    def _back_off(self, conversation_id: UUID) -> None:
        _, last_s = self._backed_off.get(conversation_id, (0.0, POLL_S / 2))
        delay_s = min(last_s * 2, MAX_IDLE_S)
        self._backed_off[conversation_id] = (time.monotonic() + delay_s, delay_s)
