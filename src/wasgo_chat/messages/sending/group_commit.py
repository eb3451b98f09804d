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
from wasgo_chat.database.driver import CommitOutcomeUnknown, PinnedConnection
from wasgo_chat.database.session import Database
from wasgo_chat.events.log import LogAdvanced
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.messages import verbs
from wasgo_chat.messages.schemas import MessageContent
from wasgo_chat.messages.sending import statements
from wasgo_chat.messages.sending.pending_send import (
    PendingSend,
    SendStream,
    fail_after_broken,
    partition_batchable,
    reject,
    resolve,
)
from wasgo_chat.messages.sending.queue import SendQueue
from wasgo_chat.messages.sending.statements import NewMessage, StoredMessage
from wasgo_chat.messages.verbs import SendResult
from wasgo_chat.telemetry import tracing
from wasgo_chat.telemetry.counters import WorkerCounters

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

log = structlog.get_logger(__name__)

BATCH = 256
LANES = 3
WRITERS = 2
CONNECTIONS = WRITERS + LANES
SECOND_WRITER_THRESHOLD = 32
"""So many that wait, and came since it looked last, are worth a second batch."""

LATENCY_SAMPLES = 16
MAX_SHARE_PER_CONVERSATION = 10
"""One conversation gets at most a tenth of the places in the queue."""


@dataclass(frozen=True, slots=True)
class MessageStored(LogAdvanced):
    """Announced for each message that a batch stored, with all that its frame needs."""

    rendered: dict[str, Any]
    trace: "SpanContext | None" = None


class GroupCommit:
    """The one writer of messages of a worker.

    Args:
        settings: limits and the key of request hashes.
        db: for what is sent singly, and to announce commits.
        lines: a pool of `CONNECTIONS`, for the writers and for lanes.
        counts: of the worker.
    """

    def __init__(self, settings: Settings, db: Database, lines: Database, counts: WorkerCounters | None = None) -> None:
        self._counts = counts or WorkerCounters()
        self._db = db
        self._hash_key = settings.hash_key()
        self._capacity = settings.max_waiting_sends
        self._count = 0
        self._queue = SendQueue()
        self._arrived = 0
        self._writers = [PinnedConnection(lines) for _ in range(WRITERS)]
        self._woken = asyncio.Event()
        self._crowded = asyncio.Event()
        self._lanes: dict[UUID, deque[PendingSend]] = {}
        self._lane_tasks: set[asyncio.Task[None]] = set()
        self._free_connections = [PinnedConnection(lines) for _ in range(LANES)]
        self._pool = list(self._free_connections)
        self._slots = asyncio.Semaphore(LANES)

    def send(
        self, actor: Actor, conversation_id: UUID, body: MessageContent, stream: SendStream | None = None
    ) -> "asyncio.Future[SendResult]":
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
        actor.require_user()
        if stream is not None and stream.is_broken:
            raise Unavailable
        lane = self._lanes.get(conversation_id)
        mine = len(lane) if lane is not None else self._queue.length_of(conversation_id)
        if self._count >= self._capacity or mine >= self._capacity // MAX_SHARE_PER_CONVERSATION:
            self._counts.refusals["waiting_sends"] += 1
            raise Overloaded
        request_hash = None if body.client_id is None else verbs.request_hash(self._hash_key, body)
        outcome: asyncio.Future[SendResult] = asyncio.get_running_loop().create_future()
        # Only what a service does is audited.
        request = None if actor.service is None else audit.request_id()
        row = NewMessage(actor, conversation_id, body, new_id(), request_hash, request)
        waiting = PendingSend(row, outcome, stream, time.perf_counter())
        if tracing.tracer is not None:
            waiting.trace = tracing.tracer.span_until_done("wait for commit", outcome)
        self._count += 1
        outcome.add_done_callback(self._settled)
        if lane is not None:
            lane.append(waiting)
        elif body.attachment_ids and not self._queue.has_pending(conversation_id):
            self._assign_lane([waiting])
        else:  # behind what came before it, whatever it is
            self._queue.add(waiting)
            self._woken.set()
            self._arrived += 1
            if self._arrived >= SECOND_WRITER_THRESHOLD:
                self._arrived = 0
                self._crowded.set()
        return outcome

    @property
    def waiting(self) -> int:
        """How many messages wait for their commit, wherever they are."""
        return self._count

    @property
    def blocked_lanes(self) -> int:
        """How many conversations have a lane of their own."""
        return len(self._lanes)

    async def run(self) -> None:
        """Commit batches for ever."""
        first, second = self._writers
        async with asyncio.TaskGroup() as both:
            both.create_task(self._write(first, self._woken, 1))
            both.create_task(self._write(second, self._crowded, SECOND_WRITER_THRESHOLD))

    async def close(self) -> None:
        """Finish what is in lanes and close the connections. `run` is to be cancelled before."""
        reject(self._queue, Unavailable())
        await asyncio.gather(*self._lane_tasks, return_exceptions=True)
        for direct in (*self._writers, *self._pool):
            await direct.close()

    def _settled(self, outcome: "asyncio.Future[SendResult]") -> None:
        self._count -= 1
        if not outcome.cancelled():
            outcome.exception()  # looked at, also where nobody waits any more

    async def _write(self, direct: PinnedConnection, woken: asyncio.Event, least: int) -> None:
        """One batch after the other on a connection, as long as so many wait."""
        while True:
            await woken.wait()
            woken.clear()
            while len(self._queue) >= least and (taken := self._queue.next_batch(BATCH)):
                try:
                    self._assign_lane(await self._commit(direct, taken, wait=False))
                finally:
                    self._queue.release(taken)
                    self._woken.set()  # what queued behind these is free

    async def _commit(self, direct: PinnedConnection, taken: Sequence[PendingSend], *, wait: bool) -> list[PendingSend]:
        """Store a batch, tell of it and answer; what it could not store is returned, in its order."""
        fresh, others = partition_batchable(fail_after_broken(taken))
        rows = [waiting.row for waiting in fresh]
        try:
            with tracing.NO_SPAN if tracing.tracer is None else _traced(tracing.tracer, fresh):
                async with direct.transaction() as connection:
                    stored = await statements.insert_batch(connection, rows, wait=wait)
        except CommitOutcomeUnknown:
            return [*await self._resolve_unknown_commit(direct, fresh), *others]
        except Unavailable as error:
            reject(taken, error)
            return []
        except Exception:
            log.exception("batch_failed", messages=len(taken))
            return list(taken)  # one of them is at fault; singly, the others are not
        except BaseException:
            reject(taken, Unavailable())
            raise
        self._acknowledge([(waiting, stored[at]) for at, waiting in enumerate(fresh) if at in stored])
        return [*(waiting for at, waiting in enumerate(fresh) if at not in stored), *others]

    def _acknowledge(self, stored: Sequence[tuple[PendingSend, StoredMessage]]) -> None:
        """After the commit: the worker first, then the senders."""
        committed = time.perf_counter()
        self._db.listeners.publish(
            [
                MessageStored(waiting.row.conversation_id, one.seq, one.rendered, waiting.trace)
                for waiting, one in stored
            ]
        )
        for waiting, one in stored:
            resolve(waiting, SendResult(waiting.row.message_id, one.seq, one.at, is_new=True, rendered=one.rendered))
        self._measure(stored, committed)

    def _measure(self, stored: Sequence[tuple[PendingSend, StoredMessage]], committed: float) -> None:
        """Of a large batch a few stand for all."""
        if not stored:
            return
        self._counts.batch_messages.observe(len(stored))
        step = -(-len(stored) // LATENCY_SAMPLES)
        for at in range(0, len(stored), step):
            took_s = committed - stored[at][0].since
            self._counts.send_to_commit_seconds.observe(took_s, min(step, len(stored) - at))

    async def _resolve_unknown_commit(
        self, direct: PinnedConnection, taken: Sequence[PendingSend]
    ) -> list[PendingSend]:
        """What became of a commit that nobody answered: its ids are in the table, or never will be."""
        try:
            async with direct.transaction() as connection:
                found = await statements.find_by_ids(connection, [waiting.row for waiting in taken])
        except Unavailable as error:
            reject(taken, error)
            return []
        except Exception:
            log.exception("finding_out_failed", messages=len(taken))  # whatever it is, others are still to be sent
            reject(taken, Unavailable())
            return []
        for waiting in taken:
            if (place := found.get(waiting.row.message_id)) is not None:
                self._db.listeners.publish([LogAdvanced(waiting.row.conversation_id, place[0])])
                resolve(waiting, SendResult(waiting.row.message_id, *place, is_new=True))
        return [waiting for waiting in taken if waiting.row.message_id not in found]

    def _assign_lane(self, waiting: Iterable[PendingSend]) -> None:
        """Give sends a lane of their conversation, which is then the only way to it: what queues for it follows them.

        None of them has one yet: a conversation that has a lane gets into no batch.
        """
        lanes: dict[UUID, deque[PendingSend]] = {}
        for one in waiting:
            lanes.setdefault(one.row.conversation_id, deque()).append(one)
        for conversation_id, lane in lanes.items():
            lane.extend(self._queue.drain(conversation_id))
            self._lanes[conversation_id] = lane
            task = asyncio.create_task(self._run_lane(conversation_id))
            self._lane_tasks.add(task)
            task.add_done_callback(self._lane_tasks.discard)

    async def _run_lane(self, conversation_id: UUID) -> None:
        """Wait for one conversation, a few at a time, and store all of its sends."""
        lane = self._lanes[conversation_id]
        try:
            while lane:
                async with self._slots:
                    direct = self._free_connections.pop()
                    try:
                        taken = [lane.popleft() for _ in range(min(len(lane), BATCH))]
                        for waiting in await self._commit(direct, taken, wait=True):
                            await self._send_individually(waiting)
                    finally:
                        self._free_connections.append(direct)
        finally:
            del self._lanes[conversation_id]
            reject(lane, Unavailable())

    async def _send_individually(self, waiting: PendingSend) -> None:
        if not fail_after_broken([waiting]):
            return
        row = waiting.row
        try:
            async with self._db.transaction() as tx:
                sent = await verbs.send(tx, row.actor, row.conversation_id, row.body)
        except ChatError as error:
            reject([waiting], error)
        except Exception as error:
            log.exception("send_failed")
            reject([waiting], error)
        except BaseException:
            reject([waiting], Unavailable())
            raise
        else:
            resolve(waiting, sent)
            if sent.is_new:
                self._counts.sends_outside_batch += 1


def _traced(active: tracing.Tracing, taken: Sequence[PendingSend]) -> AbstractContextManager[Any]:
    """The span of a batch: below its first message, and linked to all of them."""
    traces = [waiting.trace for waiting in taken if waiting.trace is not None]
    return active.span("commit", parent=traces[0] if traces else None, links=traces, messages=len(taken))
