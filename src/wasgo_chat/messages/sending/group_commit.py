"""The door of `send`: while one commit is under way, what arrives becomes the next batch.

No timer and no added delay: a lone message goes at once, and the busier it gets the more messages share a commit.
Where enough wait, a second batch of other conversations is committed beside the first, so that the database has work
while this process tells of what was stored, and the other way round. A conversation that somebody else holds goes to a
lane of its own, which waits for it beside everything else. What no batch can store goes singly through `verbs.send`,
which stores it or says why not.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import ChatError, Overloaded, Unavailable
from wasgo_chat.database.driver import Direct, UnknownOutcome
from wasgo_chat.database.session import Database
from wasgo_chat.events.log import Appended
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.messages import verbs
from wasgo_chat.messages.schemas import MessageContent
from wasgo_chat.messages.sending import statements
from wasgo_chat.messages.sending.pending_send import Stream, Waiting, fail, fit_for_batch, settle, unbroken
from wasgo_chat.messages.sending.queue import SendQueue
from wasgo_chat.messages.sending.statements import Row, Stored
from wasgo_chat.messages.verbs import Sent
from wasgo_chat.telemetry import tracing
from wasgo_chat.telemetry.counters import Counts

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

log = structlog.get_logger(__name__)

BATCH = 256
LANES = 3
WRITERS = 2
CONNECTIONS = WRITERS + LANES
ENOUGH = 32
"""So many that wait, and came since it looked last, are worth a second batch."""

SAMPLES = 16
SHARE = 10
"""One conversation gets at most a tenth of the places in the queue."""


@dataclass(frozen=True, slots=True)
class MessageStored(Appended):
    """Announced for each message that a batch stored, with all that its frame needs."""

    shape: dict[str, Any]
    trace: "SpanContext | None" = None


class GroupCommit:
    """The one writer of messages of a worker.

    Args:
        settings: limits and the key of request hashes.
        db: for what is sent singly, and to announce commits.
        lines: a pool of `CONNECTIONS`, for the writers and for lanes.
        counts: of the worker.
    """

    def __init__(self, settings: Settings, db: Database, lines: Database, counts: Counts | None = None) -> None:
        self._counts = counts or Counts()
        self._db = db
        self._hash_key = settings.hash_key()
        self._places = settings.max_waiting_sends
        self._count = 0
        self._queue = SendQueue()
        self._came = 0
        self._writers = [Direct(lines) for _ in range(WRITERS)]
        self._woken = asyncio.Event()
        self._crowded = asyncio.Event()
        self._lanes: dict[UUID, deque[Waiting]] = {}
        self._lane_tasks: set[asyncio.Task[None]] = set()
        self._free_lines = [Direct(lines) for _ in range(LANES)]
        self._lines = list(self._free_lines)
        self._slots = asyncio.Semaphore(LANES)

    def send(
        self, actor: Actor, conversation_id: UUID, body: MessageContent, stream: Stream | None = None
    ) -> "asyncio.Future[Sent]":
        """Store a checked message (`verbs.check_message`); the future is done after the commit.

        Who stops waiting for it does not stop the send.

        Args:
            actor: who says it.
            conversation_id: where.
            body: what.
            stream: of the socket, for who does not wait for one message before sending the next.

        Raises:
            Overloaded: too many wait already; nothing was done.
            ActAsRequired: a service that names nobody.
            As `verbs.send`: out of the future.
            Unavailable: out of the future; whether it was stored, a repeat with the same client_id tells.
        """
        actor.user  # noqa: B018  raises for a service in its own name
        if stream is not None and stream.is_broken:
            raise Unavailable
        lane = self._lanes.get(conversation_id)
        mine = len(lane) if lane is not None else self._queue.length_of(conversation_id)
        if self._count >= self._places or mine >= self._places // SHARE:
            self._counts.refusals["waiting_sends"] += 1
            raise Overloaded
        request_hash = None if body.client_id is None else verbs.request_hash(self._hash_key, body)
        outcome: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()
        # Only what a service does is audited.
        request = None if actor.service is None else audit.request_id()
        row = Row(actor, conversation_id, body, new_id(), request_hash, request)
        waiting = Waiting(row, outcome, stream, time.perf_counter())
        if tracing.active is not None:
            waiting.trace = tracing.active.waiting("wait for commit", outcome)
        self._count += 1
        outcome.add_done_callback(self._settled)
        if lane is not None:
            lane.append(waiting)
        elif body.attachment_ids and not self._queue.is_busy(conversation_id):
            self._use_lane([waiting])
        else:  # behind what came before it, whatever it is
            self._queue.add(waiting)
            self._woken.set()
            self._came += 1
            if self._came >= ENOUGH:
                self._came = 0
                self._crowded.set()
        return outcome

    @property
    def waiting(self) -> int:
        """How many messages wait for their commit, wherever they are."""
        return self._count

    @property
    def lanes(self) -> int:
        """How many conversations have a lane of their own."""
        return len(self._lanes)

    async def run(self) -> None:
        """Commit batches for ever."""
        first, second = self._writers
        async with asyncio.TaskGroup() as both:
            both.create_task(self._write(first, self._woken, 1))
            both.create_task(self._write(second, self._crowded, ENOUGH))

    async def close(self) -> None:
        """Finish what is in lanes and close the connections. `run` is to be cancelled before."""
        fail(self._queue, Unavailable())
        await asyncio.gather(*self._lane_tasks, return_exceptions=True)
        for direct in (*self._writers, *self._lines):
            await direct.close()

    def _settled(self, outcome: "asyncio.Future[Sent]") -> None:
        self._count -= 1
        if not outcome.cancelled():
            outcome.exception()  # looked at, also where nobody waits any more

    async def _write(self, direct: Direct, woken: asyncio.Event, least: int) -> None:
        """One batch after the other on a connection, as long as so many wait."""
        while True:
            await woken.wait()
            woken.clear()
            while len(self._queue) >= least and (taken := self._queue.take(BATCH)):
                try:
                    self._use_lane(await self._commit(direct, taken, wait=False))
                finally:
                    self._queue.end(taken)
                    self._woken.set()  # what queued behind these is free

    async def _commit(self, direct: Direct, taken: Sequence[Waiting], *, wait: bool) -> list[Waiting]:
        """Store a batch, tell of it and answer; what it could not store is returned, in its order."""
        fresh, others = fit_for_batch(unbroken(taken))
        rows = [waiting.row for waiting in fresh]
        try:
            with tracing.NOTHING if tracing.active is None else _traced(tracing.active, fresh):
                async with direct.transaction() as connection:
                    stored = await statements.store(connection, rows, wait=wait)
        except UnknownOutcome:
            return [*await self._find_out(direct, fresh), *others]
        except Unavailable as error:
            fail(taken, error)
            return []
        except Exception:
            log.exception("batch_failed", messages=len(taken))
            return list(taken)  # one of them is at fault; singly, the others are not
        except BaseException:
            fail(taken, Unavailable())
            raise
        self._tell([(waiting, stored[at]) for at, waiting in enumerate(fresh) if at in stored])
        return [*(waiting for at, waiting in enumerate(fresh) if at not in stored), *others]

    def _tell(self, stored: Sequence[tuple[Waiting, Stored]]) -> None:
        """After the commit: the worker first, then the senders."""
        committed = time.perf_counter()
        self._db.announce(
            [MessageStored(waiting.row.conversation_id, one.seq, one.shape, waiting.trace) for waiting, one in stored]
        )
        for waiting, one in stored:
            settle(waiting, Sent(waiting.row.message_id, one.seq, one.at, is_new=True, shape=one.shape))
        self._measure(stored, committed)

    def _measure(self, stored: Sequence[tuple[Waiting, Stored]], committed: float) -> None:
        """Of a large batch a few stand for all."""
        if not stored:
            return
        self._counts.batch_messages.observe(len(stored))
        step = -(-len(stored) // SAMPLES)
        for at in range(0, len(stored), step):
            took_s = committed - stored[at][0].since
            self._counts.send_to_commit_seconds.observe(took_s, min(step, len(stored) - at))

    async def _find_out(self, direct: Direct, taken: Sequence[Waiting]) -> list[Waiting]:
        """What became of a commit that nobody answered: its ids are in the table, or never will be."""
        try:
            async with direct.transaction() as connection:
                found = await statements.find(connection, [waiting.row for waiting in taken])
        except Unavailable as error:
            fail(taken, error)
            return []
        except Exception:
            log.exception("finding_out_failed", messages=len(taken))  # whatever it is, others are still to be sent
            fail(taken, Unavailable())
            return []
        for waiting in taken:
            if (place := found.get(waiting.row.message_id)) is not None:
                self._db.announce([Appended(waiting.row.conversation_id, place[0])])
                settle(waiting, Sent(waiting.row.message_id, *place, is_new=True))
        return [waiting for waiting in taken if waiting.row.message_id not in found]

    def _use_lane(self, waiting: Iterable[Waiting]) -> None:
        """Give sends a lane of their conversation, which is then the only way to it: what queues for it follows them.

        None of them has one yet: a conversation that has a lane gets into no batch.
        """
        lanes: dict[UUID, deque[Waiting]] = {}
        for one in waiting:
            lanes.setdefault(one.row.conversation_id, deque()).append(one)
        for conversation_id, lane in lanes.items():
            lane.extend(self._queue.pull(conversation_id))
            self._lanes[conversation_id] = lane
            task = asyncio.create_task(self._work_lane(conversation_id))
            self._lane_tasks.add(task)
            task.add_done_callback(self._lane_tasks.discard)

    async def _work_lane(self, conversation_id: UUID) -> None:
        """Wait for one conversation, a few at a time, and store all of its sends."""
        lane = self._lanes[conversation_id]
        try:
            while lane:
                async with self._slots:
                    direct = self._free_lines.pop()
                    try:
                        taken = [lane.popleft() for _ in range(min(len(lane), BATCH))]
                        for waiting in await self._commit(direct, taken, wait=True):
                            await self._send_singly(waiting)
                    finally:
                        self._free_lines.append(direct)
        finally:
            del self._lanes[conversation_id]
            fail(lane, Unavailable())

    async def _send_singly(self, waiting: Waiting) -> None:
        if not unbroken([waiting]):
            return
        row = waiting.row
        try:
            async with self._db.transaction() as tx:
                sent = await verbs.send(tx, row.actor, row.conversation_id, row.body)
        except ChatError as error:
            fail([waiting], error)
        except Exception as error:
            log.exception("send_failed")
            fail([waiting], error)
        except BaseException:
            fail([waiting], Unavailable())
            raise
        else:
            settle(waiting, sent)
            if sent.is_new:
                self._counts.sent_singly += 1


def _traced(active: tracing.Tracing, taken: Sequence[Waiting]) -> AbstractContextManager[Any]:
    """The span of a batch: below its first message, and linked to all of them."""
    traces = [waiting.trace for waiting in taken if waiting.trace is not None]
    return active.span("commit", parent=traces[0] if traces else None, links=traces, messages=len(taken))
