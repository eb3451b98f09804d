"""Readers of the log: who follows every conversation behind the senders, in order, and at least once.

`emit` leaves a note (`pending`) in the transaction that appends. A reader claims conversations by advisory
try-locks, never by locking a row that senders need, handles what follows its cursors, and commits the cursors in the
same transaction. A note goes once every reader has reached its head: a send that comes between raises the head and
keeps it. Any number of workers run the same readers beside each other.

Reading is behind the senders in time as well: it gathers, takes many conversations at once, and rests in proportion
to its work, so that under load it falls back rather than slowing down who sends.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from wasgo_chat.core.errors import ChatError
from wasgo_chat.database.driver import PinnedConnection
from wasgo_chat.database.session import Database
from wasgo_chat.events.log import LogAdvanced
from wasgo_chat.events.offsets import ADVANCE, CONSUMERS, SeqRange
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
"""Handles spans of different conversations, in the transaction of a connection, and returns what its commit is to
announce. It may see events again, so it is idempotent by (conversation, seq).
"""


_WAITING = """
SELECT p.conversation_id FROM pending p
LEFT JOIN reader_cursors c ON c.reader = $1 AND c.conversation_id = p.conversation_id
WHERE p.head > COALESCE(c.seq, 0) AND p.conversation_id <> ALL($2::uuid[])
LIMIT $3
"""

_CLAIM = """
SELECT k.id FROM unnest($2::uuid[]) AS k(id)
WHERE pg_try_advisory_xact_lock(hashtextextended('reader' || chr(10) || $1 || chr(10) || k.id, 0))
"""

# Seqs have no gaps and a note's head is committed with its events, so a span needs no look at them.
_SPANS = """
SELECT p.conversation_id, COALESCE(c.seq, 0) AS after, LEAST(p.head, COALESCE(c.seq, 0) + $3) AS up_to
FROM pending p
LEFT JOIN reader_cursors c ON c.reader = $1 AND c.conversation_id = p.conversation_id
WHERE p.conversation_id = ANY($2::uuid[]) AND p.head > COALESCE(c.seq, 0)
ORDER BY p.conversation_id
"""

# SKIP LOCKED, as a note that a sender holds is about to be raised. The lock re-reads `head`, so a raised one stays.
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
    """One reader of the log, as one worker runs it.

    Args:
        db: hears what its commits announce.
        lines: a pool by key to the same database, for a connection that the reader keeps.
        name: of the reader; workers that share it share the work.
        handle: what is done with events, in the transaction that moves the cursor.
        readers: all readers that notes wait for.
        counts: of the worker.
    """

    def __init__(
        self,
        db: Database,
        lines: Database,
        name: str,
        handle: Handler,
        *,
        readers: Sequence[str] = CONSUMERS,
        counts: WorkerCounters | None = None,
    ) -> None:
        self._db = db
        self._direct = PinnedConnection(lines)
        self._counts = counts or WorkerCounters()
        self._name = name
        self._handle = handle
        self._consumers = list(readers)
        self._woken = asyncio.Event()
        self._resting: dict[UUID, tuple[float, float]] = {}
        self._markers_deleted = False
        self._sweep_at = 0.0

    def wake(self, _: Sequence[LogAdvanced]) -> None:
        """Consume events that a commit of this worker appended without waiting for the next poll."""
        self._woken.set()

    async def run(self) -> None:
        """Read for ever; what other workers append is found within a second."""
        while True:
            self._woken.clear()
            began = time.monotonic()
            try:
                while await self.poll():
                    await asyncio.sleep(max(BATCHING_DELAY_S, IDLE_RATIO * (time.monotonic() - began)))
                    began = time.monotonic()
            except ChatError as error:
                log.warning("reading_failed", reader=self._name, error=error.code)
            except Exception:
                log.exception("reading_failed", reader=self._name)  # the next turn may find better weather
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._woken.wait()
            await asyncio.sleep(BATCHING_DELAY_S)

    async def poll(self) -> int:
        """One pass over the conversations that wait; how many events were read. Notes that are done go once it is calm,
        or now and then.

        Raises:
            Unavailable: the database does not answer.
        """
        waiting = await self._waiting()
        try:
            with tracing.NO_SPAN if tracing.tracer is None or not waiting else self._traced(tracing.tracer, waiting):
                read = await self.consume(*waiting)
        except ChatError:
            raise
        except Exception:
            log.exception("reading_failed", reader=self._name, conversations=len(waiting))
            read = await self._consume_singly(waiting)
        else:
            for conversation_id in waiting:
                self._resting.pop(conversation_id, None)
        self._markers_deleted = self._markers_deleted and not read
        if not self._markers_deleted and (not read or time.monotonic() >= self._sweep_at):
            while await self.delete_done_markers() == CONVERSATIONS_PAGE:
                pass
            self._markers_deleted = not read
            self._sweep_at = time.monotonic() + POLL_S
        return read

    async def consume(self, *conversation_ids: UUID) -> int:
        """Handle the next page of these conversations, but for those that another worker is at; how many events.

        Raises:
            Unavailable: the database does not answer.
        """
        if not conversation_ids:
            return 0
        async with self._direct.transaction() as connection:
            claimed = [record[0] for record in await connection.fetch(_CLAIM, self._name, conversation_ids)]
            # Read after the locks were taken, so cursors are where their last holders committed them.
            found = await connection.fetch(_SPANS, self._name, claimed, EVENTS_PAGE)
            spans = [SeqRange(*record) for record in found]
            if not spans:
                return 0
            announcements = await self._handle(connection, spans)
            ids, seqs = [span.conversation_id for span in spans], [span.up_to for span in spans]
            await connection.execute(ADVANCE, self._name, ids, seqs)
        if announcements:
            self._db.listeners.publish(announcements)
        handled = sum(span.up_to - span.after for span in spans)
        self._counts.consumer_events[self._name] += handled
        return handled

    async def _consume_singly(self, conversation_ids: Sequence[UUID]) -> int:
        """One conversation that cannot be handled stays behind, and its note with it; the others go on."""
        read = 0
        for conversation_id in conversation_ids:
            try:
                read += await self.consume(conversation_id)
            except ChatError:
                raise
            except Exception:
                log.exception("reading_failed", reader=self._name, conversation=str(conversation_id))
                self._back_off(conversation_id)
        return read

    async def delete_done_markers(self) -> int:
        """Drop notes that every reader has caught up with, also those that a crash left behind; how many."""
        async with self._direct.transaction() as connection:
            return len(await connection.fetch(_DELETE_DONE, self._consumers, CONVERSATIONS_PAGE))

    async def close(self) -> None:
        """Give the connection back. `run` is to be cancelled before."""
        await self._direct.close()

    def _traced(self, active: tracing.Tracing, waiting: Sequence[UUID]) -> AbstractContextManager[Any]:
        return active.span(f"{self._name} reading", conversations=len(waiting))

    async def _waiting(self) -> list[UUID]:
        now = time.monotonic()
        resting = [conversation_id for conversation_id, (until, _) in self._resting.items() if until > now]
        return [record[0] for record in await self._direct.fetch(_WAITING, self._name, resting, CONVERSATIONS_PAGE)]

    def _back_off(self, conversation_id: UUID) -> None:
        _, rested_s = self._resting.get(conversation_id, (0.0, POLL_S / 2))
        rest_s = min(rested_s * 2, MAX_IDLE_S)
        self._resting[conversation_id] = (time.monotonic() + rest_s, rest_s)
