"""Readers of the log: who follows every conversation behind the senders, in order, and at least once.

`emit` leaves a note (`pending`) in the transaction that appends. A reader claims a conversation by an advisory
try-lock, never by locking a row that senders need, handles what follows its cursor, and commits the cursor in the
same transaction. A note goes once every reader has reached its head: a send that comes between raises the head and
keeps it. Any number of workers run the same readers beside each other.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import structlog
from sqlalchemy import BigInteger, ForeignKey, Text, Uuid, bindparam, func, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.core.db import Base, Database, Tx
from wasgo_chat.core.errors import ChatError
from wasgo_chat.events.log import Appended, EventRow, since

log = structlog.get_logger(__name__)

READERS = ("notifications",)
"""Every reader there is; a note stays until all of them have reached its head."""

POLL_S = 1.0
EVENTS_PAGE = 50
CONVERSATIONS_PAGE = 100
LONGEST_REST_S = 60.0

Handle = Callable[[Tx, UUID, Sequence[EventRow]], Awaitable[None]]
"""Handles events of one conversation in seq order; may see one again, so it is idempotent by (conversation, seq)."""


class Pending(Base):
    """A note that a conversation's log has grown; `head` is its greatest seq."""

    __tablename__ = "pending"

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    head: Mapped[int] = mapped_column(BigInteger)


class ReaderCursor(Base):
    """How far a reader has come in a conversation."""

    __tablename__ = "reader_cursors"

    reader: Mapped[str] = mapped_column(Text, primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


_WAITING = """
SELECT p.conversation_id FROM pending p
LEFT JOIN reader_cursors c ON c.reader = :reader AND c.conversation_id = p.conversation_id
WHERE p.head > COALESCE(c.seq, 0) AND p.conversation_id <> ALL(:resting)
LIMIT :limit
"""

# SKIP LOCKED, as a note that a sender holds is about to be raised. The lock re-reads `head`, so a raised one stays.
_SWEEP = """
WITH done AS (
    SELECT p.conversation_id FROM pending p
    WHERE NOT EXISTS (
        SELECT FROM unnest(CAST(:readers AS text[])) AS r(reader)
        WHERE NOT EXISTS (
            SELECT FROM reader_cursors c
            WHERE c.reader = r.reader AND c.conversation_id = p.conversation_id AND c.seq >= p.head))
    LIMIT :limit FOR UPDATE SKIP LOCKED
)
DELETE FROM pending USING done WHERE pending.conversation_id = done.conversation_id
"""


class Reader:
    """One reader of the log, as one worker runs it.

    Args:
        db: where the log is.
        name: of the reader; workers that share it share the work.
        handle: what is done with events, in the transaction that moves the cursor.
        readers: all readers that notes wait for.
    """

    def __init__(self, db: Database, name: str, handle: Handle, *, readers: Sequence[str] = READERS) -> None:
        self._db = db
        self._name = name
        self._handle = handle
        self._readers = list(readers)
        self._woken = asyncio.Event()
        self._resting: dict[UUID, tuple[float, float]] = {}

    def announce(self, announcements: Sequence[object]) -> None:
        """Take what a commit of this worker announced: what was appended here is read at once."""
        if any(isinstance(one, Appended) for one in announcements):
            self._woken.set()

    async def run(self) -> None:
        """Read for ever; what other workers append is found within a second."""
        while True:
            self._woken.clear()
            try:
                while await self.read_all():
                    pass
            except ChatError as error:
                log.warning("reading_failed", reader=self._name, error=error.code)
            except Exception:
                log.exception("reading_failed", reader=self._name)  # the next turn may find better weather
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._woken.wait()

    async def read_all(self) -> int:
        """One pass over the conversations that wait, then drop the notes that are done; how many events were read.

        Raises:
            Unavailable: the database does not answer.
        """
        read = 0
        for conversation_id in await self._waiting():
            try:
                read += await self.read(conversation_id)
                self._resting.pop(conversation_id, None)
            except ChatError:
                raise
            except Exception:
                # One conversation that cannot be handled stays behind, and its note with it; the others go on.
                log.exception("reading_failed", reader=self._name, conversation=str(conversation_id))
                self._rest(conversation_id)
        await self.sweep()
        return read

    async def read(self, conversation_id: UUID) -> int:
        """Handle the next page of one conversation, unless another worker is at it; how many events it was."""
        async with self._db.transaction() as tx:
            name = f"reader\n{self._name}\n{conversation_id}"
            lock = select(func.pg_try_advisory_xact_lock(func.hashtextextended(name, 0)))
            if not (await tx.execute(lock)).scalar_one():
                return 0
            # Read after the lock was taken, so it is where the last holder committed it.
            place = (ReaderCursor.reader == self._name) & (ReaderCursor.conversation_id == conversation_id)
            cursor = (await tx.execute(select(ReaderCursor.seq).where(place))).scalar_one_or_none() or 0
            events = await since(tx, conversation_id, cursor, limit=EVENTS_PAGE)
            if not events:
                return 0
            await self._handle(tx, conversation_id, events)
            seq = events[-1].seq
            moved = insert(ReaderCursor).values(reader=self._name, conversation_id=conversation_id, seq=seq)
            key = [ReaderCursor.reader, ReaderCursor.conversation_id]
            await tx.execute(moved.on_conflict_do_update(index_elements=key, set_={"seq": seq}))
        return len(events)

    async def sweep(self) -> None:
        """Drop the notes that every reader has caught up with, also those that a crash left behind."""
        async with self._db.transaction() as tx:
            await tx.execute(sql(_SWEEP), {"readers": self._readers, "limit": CONVERSATIONS_PAGE})

    async def _waiting(self) -> list[UUID]:
        now = time.monotonic()
        resting = [conversation_id for conversation_id, (until, _) in self._resting.items() if until > now]
        statement = sql(_WAITING).bindparams(bindparam("resting", type_=ARRAY(Uuid())))
        given = {"reader": self._name, "resting": resting, "limit": CONVERSATIONS_PAGE}
        async with self._db.snapshot() as tx:
            return list((await tx.execute(statement, given)).scalars())

    def _rest(self, conversation_id: UUID) -> None:
        _, rested_s = self._resting.get(conversation_id, (0.0, POLL_S / 2))
        rest_s = min(rested_s * 2, LONGEST_REST_S)
        self._resting[conversation_id] = (time.monotonic() + rest_s, rest_s)
