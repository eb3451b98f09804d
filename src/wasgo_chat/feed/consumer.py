"""Consumers of the feed: each handles every event, in order and at least once, and commits its offset with its work.

A consumer runs on the worker that has its role (`leadership`). It reads pages of events after its offset, and commits
what the handler wrote together with the new offset. If a page fails, its events are handled one by one, and one that
fails alone is parked (`parking`). A consumer that has to handle all history walks the logs first (`offsets`).
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import structlog

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.core.tasks import forever
from wasgo_chat.database.errors import is_busy, is_unavailable, was_contention
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.database.session import Database
from wasgo_chat.feed import offsets, parking
from wasgo_chat.feed.handler import FeedEvent, Handler
from wasgo_chat.feed.leadership import Leadership
from wasgo_chat.feed.parking import describe
from wasgo_chat.telemetry import tracing
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

POLL_S = 1.0
PAGE = 500
GATHER_S = 0.05
"""After it was woken, a consumer waits this long, so that a burst of events is one page."""
REST_RATIO = 1.0
"""After a page, a consumer rests for this multiple of its run time, so that under load it lags instead of slowing down
senders."""


def role_of(consumer: str) -> str:
    """The role of the worker that runs a consumer."""
    return f"consumer {consumer}"


class HandlerFailed(Exception):
    """The handler raised an error for these events."""

    def __init__(self, events: Sequence[FeedEvent], error: Exception) -> None:
        super().__init__(describe(error))
        self.events = events
        self.error = error


class TooManyParked(Exception):
    """So many conversations are parked that the cause cannot be their events."""


class FeedConsumer:
    """A consumer of the feed in one worker; it works while the worker has its role.

    Args:
        db: its listeners receive the notices of the handler's commits.
        keyed_db: a pool of the same database with a connection for this alone.
        leadership: says whether this worker has the role.
        name: the name of the consumer.
        handle: the handler.
        has_history: whether it has to handle every event there ever was, as an index does. If so, it walks the logs
            when it is new, or was away for longer than the feed is kept. Otherwise it handles events as they happen.
        counts: the counters of the worker.
    """

    def __init__(
        self,
        db: Database,
        keyed_db: Database,
        leadership: Leadership,
        name: str,
        handle: Handler,
        *,
        has_history: bool = False,
        counts: WorkerCounters | None = None,
    ) -> None:
        self.name = name
        self._db = db
        self._connection = PinnedConnection(keyed_db)
        self._leadership = leadership
        self._handle = handle
        self._has_history = has_history
        self._counts = counts or WorkerCounters()
        self._is_registered = False
        self._one_by_one = 0  # how many of the next events are handled one by one
        self._retry_at = 0.0  # when to look for parked events that are due
        self._handler_timeout_s = db.settings.statement_timeout_s
        self._woken = asyncio.Event()
        leadership.when_taken(role_of(name), self._woken.set)

    def wake(self, _: Sequence[object] = ()) -> None:
        """Handle events now: the feed has advanced."""
        if self._leadership.holds(role_of(self.name)):
            self._woken.set()

    async def run(self) -> None:
        """Handle events, while this worker has the role, until cancelled."""
        await forever(self._drain, failure="consumer_failed", every_s=POLL_S, wake=self._woken, consumer=self.name)

    async def poll(self) -> int:
        """Handle the next page of events, and the parked events that are due. Returns the number of events passed.

        Raises:
            Unavailable: the database does not respond.
            TooManyParked: the handler fails for many conversations.
        """
        if not self._is_registered:
            async with self._connection.transaction() as transaction:
                if await offsets.register(transaction, self.name, has_history=self._has_history):
                    log.info("consumer_registered", consumer=self.name, rebuild=self._has_history)
            self._is_registered = True
        retried = await self._retry_parked()
        limit = 1 if self._one_by_one else PAGE
        try:
            return retried + await self._consume(limit)
        except HandlerFailed as failure:
            if limit > 1:
                log.warning("consumer_page_failed", consumer=self.name, events=len(failure.events), error=str(failure))
                self._one_by_one = len(failure.events) + 1  # this poll counts as the first
            else:
                await self._park(failure)
            return retried + 1
        finally:
            self._one_by_one = max(0, self._one_by_one - 1)

    async def close(self) -> None:
        """Close the connection. Cancel `run` first."""
        await self._connection.close()

    async def _drain(self) -> None:
        if not self._leadership.holds(role_of(self.name)):
            return
        await asyncio.sleep(GATHER_S)
        self._woken.clear()  # this pass handles what came during the delay
        began = time.monotonic()
        while self._leadership.holds(role_of(self.name)) and await self.poll():
            await asyncio.sleep(REST_RATIO * (time.monotonic() - began))
            began = time.monotonic()

    async def _consume(self, limit: int) -> int:
        """Handle one page in one transaction.

        Raises:
            HandlerFailed: nothing is committed.
        """
        notices: Sequence[object] = ()
        async with self._connection.transaction() as transaction:
            offset = await offsets.lock(transaction, self.name)
            if offset is None:
                return 0
            page = await offsets.next_page(transaction, offset, limit=limit)
            if page.has_gap:
                return await self._pass_gap(transaction, offset)
            if not page.events and offset.rebuilt is None:
                return 0
            free = await parking.hold_back(transaction, self.name, page.events) if page.events else []
            if free:
                notices = await self._call(transaction, free)
            await offsets.advance(transaction, self.name, offset, page)
        self._counts.consumer_events[self.name] += len(free)
        if notices:
            self._db.listeners.publish(notices)
        if not page.events:
            log.info("consumer_rebuilt", consumer=self.name)
        return max(1, len(page.events))

    async def _pass_gap(self, transaction: Any, offset: offsets.Offset) -> int:
        """The consumer was away for longer than the feed is kept."""
        if self._has_history:
            await offsets.begin_rebuild(transaction, self.name)
            log.warning("consumer_rebuild_started", consumer=self.name, position=offset.position)
        else:
            skipped = await offsets.skip_gap(transaction, self.name, offset)
            log.error("consumer_events_skipped", consumer=self.name, position=offset.position, events=skipped)
        return 1

    async def _park(self, failure: HandlerFailed) -> None:
        """Park the next event, which the handler cannot handle, and pass it."""
        (failed,) = failure.events
        async with self._connection.transaction() as transaction:
            offset = await offsets.lock(transaction, self.name)
            if offset is None:
                return
            page = await offsets.next_page(transaction, offset, limit=1)
            if page.has_gap or page.events != [failed]:
                return  # another worker has passed it
            if not await parking.park(transaction, self.name, failed, failure.error):
                raise TooManyParked from failure.error
            await offsets.advance(transaction, self.name, offset, page)
        log.error(
            "event_parked",
            consumer=self.name,
            conversation=str(failed.conversation_id),
            seq=failed.seq,
            exc_info=failure.error,
        )

    async def _retry_parked(self) -> int:
        """Handle the parked events of the conversation that has been due the longest. Returns how many."""
        if time.monotonic() < self._retry_at:
            return 0
        self._retry_at = time.monotonic() + POLL_S
        events: list[FeedEvent] = []
        notices: Sequence[object] = ()
        try:
            async with self._connection.transaction() as transaction:
                if await parking.next_due(transaction, self.name) is None:
                    return 0
                if await offsets.lock(transaction, self.name) is None:
                    return 0
                due = await parking.next_due(transaction, self.name)  # as the last holder of the lock left it
                if due is None:
                    return 0
                events = await parking.events_of(transaction, due, limit=1 if due.attempts else PAGE)
                if events:
                    notices = await self._call(transaction, events)
                await parking.handled(transaction, self.name, due, events[-1].seq if events else None)
        except HandlerFailed as failure:
            async with self._connection.transaction() as transaction:
                await parking.failed(transaction, self.name, failure.events[0], failure.error)
        else:
            self._counts.consumer_events[self.name] += len(events)
            if notices:
                self._db.listeners.publish(notices)
        self._retry_at = 0.0  # there may be more
        return max(1, len(events))

    async def _call(self, transaction: Any, events: Sequence[FeedEvent]) -> Sequence[object]:
        try:
            with tracing.NO_SPAN if tracing.tracer is None else self._traced(tracing.tracer, events):
                async with asyncio.timeout(self._handler_timeout_s):
                    return await self._handle(transaction, events)
        except Exception as error:
            if _is_down(error):
                raise  # no event is the cause
            raise HandlerFailed(events, error) from error

    def _traced(self, tracer: tracing.Tracing, events: Sequence[FeedEvent]) -> AbstractContextManager[Any]:
        return tracer.span(f"{self.name} consumer", events=len(events))


def _is_down(error: Exception) -> bool:
    """Whether the database does not respond. A statement that is slow or waits for a lock may be due to its event."""
    if isinstance(error, Unavailable):
        return not was_contention(error)
    return is_unavailable(error) and not isinstance(error, TimeoutError) and not is_busy(error)
