"""Group commit: messages that arrive while one commit is in flight form the next batch.

There is no timer and no added delay: a lone message is stored at once, and the higher the load, the more messages share
a commit. If enough messages wait, a second batch, of other conversations, is committed concurrently: the database works
while this process publishes the first batch, and the other way round. A conversation that another transaction has
locked gets a lane of its own, which waits for it without delaying the others. Messages that no batch can store are sent
individually by `operations.send`, which stores or refuses them.
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

from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import ChatError, Overloaded, Unavailable
from wasgo_chat.database.pinned import CommitOutcomeUnknown, PinnedConnection, Session, end_session
from wasgo_chat.database.session import Database
from wasgo_chat.events.log import LogAdvanced
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.messages import operations
from wasgo_chat.messages.operations import SendResult
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
from wasgo_chat.settings.config import Settings
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
"""The second writer starts once this many messages arrived since it last started, and are still queued."""

LATENCY_SAMPLES = 16
MAX_SHARE_PER_CONVERSATION = 10
"""One conversation may fill at most one tenth of the capacity."""


@dataclass(frozen=True, slots=True)
class MessageStored(LogAdvanced):
    """Sent after the commit of each message that a batch stored, with everything that its frame needs."""

    rendered: dict[str, Any]
    trace: "SpanContext | None" = None


class GroupCommit:
    """Stores the messages of a worker.

    Args:
        settings: limits and the key of request hashes.
        db: for individual sends, and for publishing commits.
        keyed_db: a pool of `CONNECTIONS`, for the writers and the lanes.
        counts: the counters of the worker.
    """

    def __init__(
        self, settings: Settings, db: Database, keyed_db: Database, counts: WorkerCounters | None = None
    ) -> None:
        self._counts = counts or WorkerCounters()
        self._db = db
        self._hash_key = settings.hash_key()
        self._lock_timeout_s = settings.lock_timeout_s
        self._capacity = settings.max_waiting_sends
        self._count = 0
        self._queue = SendQueue()
        self._arrived = 0
        self._writers = [PinnedConnection(keyed_db) for _ in range(WRITERS)]
        self._woken = asyncio.Event()
        self._crowded = asyncio.Event()
        self._lanes: dict[UUID, deque[PendingSend]] = {}
        self._lane_tasks: set[asyncio.Task[None]] = set()
        self._free_connections = [PinnedConnection(keyed_db) for _ in range(LANES)]
        self._lane_connections = list(self._free_connections)
        self._slots = asyncio.Semaphore(LANES)

    def send(
        self, actor: Actor, conversation_id: UUID, body: MessageContent, stream: SendStream | None = None
    ) -> "asyncio.Future[SendResult]":
        """Store a message that `gate.admit` has admitted. Abandoning the returned future does not stop the send.

        Args:
            actor: the sender.
            conversation_id: the conversation.
            body: the message.
            stream: the stream of the socket, if the sender does not wait for one message before sending the next.

        Returns:
            A future, done after the commit. It raises what `operations.send` raises, and Unavailable if the outcome is
            unknown: repeating the send with the same client_id finds out.

        Raises:
            Overloaded: too many messages wait already; nothing was done.
            ActAsRequired: a service that acts as no user.
            Unavailable: an earlier message of the stream failed.
        """
        actor.require_user()
        if stream is not None and stream.is_broken:
            raise Unavailable
        lane = self._lanes.get(conversation_id)
        in_conversation = len(lane) if lane is not None else self._queue.length_of(conversation_id)
        if self._count >= self._capacity or in_conversation >= self._capacity // MAX_SHARE_PER_CONVERSATION:
            self._counts.refusals["waiting_sends"] += 1
            raise Overloaded
        request_hash = None if body.client_id is None else operations.request_hash(self._hash_key, body)
        outcome: asyncio.Future[SendResult] = asyncio.get_running_loop().create_future()
        request_id = None if actor.service is None else audit.request_id()  # for the audit log, which records services
        message = NewMessage(actor, conversation_id, body, new_id(), request_hash, request_id)
        send = PendingSend(message, outcome, stream, time.perf_counter())
        if tracing.tracer is not None:
            send.trace = tracing.tracer.span_until_done("wait for commit", outcome)
        self._count += 1
        outcome.add_done_callback(self._settled)
        if lane is not None:
            lane.append(send)
        elif body.attachment_ids and not self._queue.has_pending(conversation_id):
            self._assign_lane([send])
        else:  # also with attachments, behind what was sent to the conversation before
            self._queue.add(send)
            self._woken.set()
            self._arrived += 1
            if self._arrived >= SECOND_WRITER_THRESHOLD:
                self._arrived = 0
                self._crowded.set()
        return outcome

    @property
    def waiting(self) -> int:
        """How many messages wait for their commit, in the queue, a batch or a lane."""
        return self._count

    @property
    def blocked_lanes(self) -> int:
        """How many conversations have a lane."""
        return len(self._lanes)

    async def run(self) -> None:
        """Commit batches until cancelled."""
        first, second = self._writers
        async with asyncio.TaskGroup() as both:
            both.create_task(self._write(first, self._woken, 1))
            both.create_task(self._write(second, self._crowded, SECOND_WRITER_THRESHOLD))

    async def close(self) -> None:
        """Finish the lanes and close the connections. Cancel `run` first."""
        reject(self._queue, Unavailable())
        await asyncio.gather(*self._lane_tasks, return_exceptions=True)
        for connection in (*self._writers, *self._lane_connections):
            await connection.close()

    def _settled(self, outcome: "asyncio.Future[SendResult]") -> None:
        self._count -= 1
        if not outcome.cancelled():
            outcome.exception()  # retrieved, even if nothing awaits the future any more

    async def _write(self, connection: PinnedConnection, woken: asyncio.Event, minimum: int) -> None:
        """Commit one batch after the other on a connection, while at least `minimum` messages are queued."""
        while True:
            await woken.wait()
            woken.clear()
            while len(self._queue) >= minimum and (batch := self._queue.next_batch(BATCH)):
                try:
                    self._assign_lane(await self._commit(connection, batch, wait=False))
                finally:
                    self._queue.release(batch)
                    self._woken.set()  # the next sends of these conversations can go

    async def _commit(
        self, connection: PinnedConnection, batch: Sequence[PendingSend], *, wait: bool
    ) -> list[PendingSend]:
        """Store a batch, publish it and complete its sends. Returns the sends that it could not store, in order."""
        batchable, others = partition_batchable(fail_after_broken(batch))
        messages = [send.message for send in batchable]
        try:
            with tracing.NO_SPAN if tracing.tracer is None else _traced(tracing.tracer, batchable):
                stored = await self._store(connection, messages, wait=wait)
        except CommitOutcomeUnknown as unknown:
            return [*await self._resolve_unknown_commit(connection, batchable, unknown.session), *others]
        except Unavailable as error:
            reject(batch, error)
            return []
        except Exception:
            log.exception("batch_failed", messages=len(batch))
            return list(batch)  # sent individually, only the message that caused the error fails
        except BaseException:
            reject(batch, Unavailable())
            raise
        self._acknowledge([(send, stored[index]) for index, send in enumerate(batchable) if index in stored])
        return [*(send for index, send in enumerate(batchable) if index not in stored), *others]

    async def _store(
        self, connection: PinnedConnection, messages: Sequence[NewMessage], *, wait: bool
    ) -> dict[int, StoredMessage]:
        if not wait:
            return await statements.insert_batch(connection.commit, messages, wait=False)
        async with connection.transaction() as transaction:
            return await statements.insert_batch(transaction.fetch, messages, wait=True)

    def _acknowledge(self, sends: Sequence[tuple[PendingSend, StoredMessage]]) -> None:
        """After a commit: publish the messages, then complete the sends."""
        committed_at = time.perf_counter()
        self._db.listeners.publish(
            [
                MessageStored(send.message.conversation_id, stored.seq, stored.rendered, send.trace)
                for send, stored in sends
            ]
        )
        for send, stored in sends:
            result = SendResult(send.message.message_id, stored.seq, stored.at, is_new=True, rendered=stored.rendered)
            resolve(send, result)
        self._measure([send for send, _ in sends], committed_at)

    def _measure(self, sends: Sequence[PendingSend], committed_at: float) -> None:
        """Observe the latency of a sample of the batch, weighted to count all of it."""
        if not sends:
            return
        self._counts.batch_messages.observe(len(sends))
        step = -(-len(sends) // LATENCY_SAMPLES)
        for index in range(0, len(sends), step):
            took_s = committed_at - sends[index].since
            self._counts.send_to_commit_seconds.observe(took_s, min(step, len(sends) - index))

    async def _resolve_unknown_commit(
        self, connection: PinnedConnection, sends: Sequence[PendingSend], session: Session | None
    ) -> list[PendingSend]:
        """Find out whether a commit took effect: its messages are in the table, or never will be. Returns those that
        were not stored.
        """
        try:
            async with connection.transaction() as transaction:
                if session is not None:
                    await end_session(transaction, session, self._lock_timeout_s)
                found = await statements.find_by_ids(transaction, [send.message for send in sends])
        except Unavailable as error:
            reject(sends, error)
            return []
        except Exception:
            log.exception("commit_resolution_failed", messages=len(sends))
            reject(sends, Unavailable())  # and go on: other conversations are waiting
            return []
        for send in sends:
            message = send.message
            if (position := found.get(message.message_id)) is not None:
                seq, created_at = position
                self._db.listeners.publish([LogAdvanced(message.conversation_id, seq)])
                resolve(send, SendResult(message.message_id, seq, created_at, is_new=True))
        return [send for send in sends if send.message.message_id not in found]

    def _assign_lane(self, sends: Iterable[PendingSend]) -> None:
        """Start lanes for the conversations of these sends; what is queued for a conversation follows into its lane.

        None of them has a lane yet: sends to a conversation with a lane are never queued.
        """
        lanes: dict[UUID, deque[PendingSend]] = {}
        for send in sends:
            lanes.setdefault(send.message.conversation_id, deque()).append(send)
        for conversation_id, lane in lanes.items():
            lane.extend(self._queue.drain(conversation_id))
            self._lanes[conversation_id] = lane
            task = asyncio.create_task(self._run_lane(conversation_id))
            self._lane_tasks.add(task)
            task.add_done_callback(self._lane_tasks.discard)

    async def _run_lane(self, conversation_id: UUID) -> None:
        """Store the sends of one conversation, waiting for its lock, until there are no more."""
        lane = self._lanes[conversation_id]
        try:
            while lane:
                async with self._slots:
                    connection = self._free_connections.pop()
                    try:
                        batch = [lane.popleft() for _ in range(min(len(lane), BATCH))]
                        for send in await self._commit(connection, batch, wait=True):
                            await self._send_individually(send)
                    finally:
                        self._free_connections.append(connection)
        finally:
            del self._lanes[conversation_id]
            reject(lane, Unavailable())

    async def _send_individually(self, send: PendingSend) -> None:
        if not fail_after_broken([send]):
            return
        message = send.message
        try:
            async with self._db.transaction() as tx:
                result = await operations.send(tx, message.actor, message.conversation_id, message.body)
        except ChatError as error:
            reject([send], error)
        except Exception as error:
            log.exception("send_failed")
            reject([send], error)
        except BaseException:
            reject([send], Unavailable())
            raise
        else:
            resolve(send, result)
            if result.is_new:
                self._counts.sends_outside_batch += 1


def _traced(tracer: tracing.Tracing, sends: Sequence[PendingSend]) -> AbstractContextManager[Any]:
    """The span of a batch: a child of its first message's span, linked to the spans of all its messages."""
    traces = [send.trace for send in sends if send.trace is not None]
    return tracer.span("commit", parent=traces[0] if traces else None, links=traces, messages=len(sends))
