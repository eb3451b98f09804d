"""The publisher: what the commits of this worker changed goes to the local hub and, through the broker, to the others.

One task takes the notices of commits in their order, renders each event once and publishes the same bytes everywhere.
What it fails to publish, or a crash prevents, the reconciler finds.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from wasgo_chat.conversations.event_frames import EventFrame, new_message_frame, read_frames, read_receipt_frames
from wasgo_chat.core.tasks import forever
from wasgo_chat.database.session import Database
from wasgo_chat.events.log import LogAdvanced
from wasgo_chat.feed.sequencer import FeedAdvanced
from wasgo_chat.gateway.broadcast.envelope import (
    CONTROL_CHANNEL,
    ControlMessage,
    ConversationsChanged,
    FeedAdvancedTo,
    NotificationsPublished,
    PresenceChanged,
    ReadReceiptPublished,
    TokensRevoked,
    TypingPublished,
    channel_of,
    header_of,
    pack,
    pack_events,
)
from wasgo_chat.gateway.broadcast.publication_traces import deliver, trace_publication
from wasgo_chat.gateway.delivery.hub import Hub
from wasgo_chat.gateway.delivery.notification_feed import NotificationFeed
from wasgo_chat.gateway.delivery.replay import REPLAY_PAGE
from wasgo_chat.identity.users import UserRevoked
from wasgo_chat.membership.create import ConversationCreated
from wasgo_chat.messages.read_receipts import MessagesMarkedRead
from wasgo_chat.messages.sending.group_commit import MessageStored
from wasgo_chat.notifications.listing import NotificationsCreated
from wasgo_chat.pubsub import Broker
from wasgo_chat.telemetry import tracing

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

log = structlog.get_logger(__name__)

Publication = tuple[str, bytes]
"""A channel of the broker and an envelope."""


@dataclass(frozen=True, slots=True)
class PreparedPublication:
    """A publication that needs nothing from the database."""

    channel: str
    payload: bytes


class Publisher:
    """The publisher of a worker.

    Args:
        worker: the worker's name, unique among all workers.
        hub: delivers on this worker.
        feed: the notification connections of this worker.
        db: the pool of background work.
        broker: the way to the other workers.
    """

    def __init__(self, worker: str, hub: Hub, feed: NotificationFeed, db: Database, broker: Broker) -> None:
        self._header = header_of(worker)
        self._hub = hub
        self._feed = feed
        self._db = db
        self._broker = broker
        self._queue: asyncio.Queue[Sequence[object]] = asyncio.Queue()
        self._traces: dict[UUID, SpanContext] = {}  # of commits whose events are not published yet

    def on_commit(self, notices: Sequence[object]) -> None:
        """Queue the notices of a commit. Messages of a group commit bring their frames' content: delivered at once."""
        if tracing.tracer is not None and (context := tracing.tracer.current_context()) is not None:
            self._traces.update({notice.conversation_id: context for notice in notices if type(notice) is LogAdvanced})
        if stored := [notice for notice in notices if isinstance(notice, MessageStored)]:
            notices = [*notices, *self._publish_stored(stored)]
        self._queue.put_nowait(notices)

    def publish_typing(self, conversation_id: UUID, user_id: str, username: str, *, is_typing: bool) -> None:
        """Publish a typing signal, which is stored nowhere."""
        if (channel := self._hub.channels.get(conversation_id)) is not None:
            channel.signal_typing(user_id, username, is_typing=is_typing)
        if self._broker.has_peers:  # by the one task that publishes: a stop must not overtake its start
            payload = pack(self._header, TypingPublished(user_id, username, is_typing))
            self._queue.put_nowait([PreparedPublication(channel_of(conversation_id), payload)])

    async def presence_changed(self, user_id: str, is_online: bool) -> None:
        """Publish that a user went online or offline."""
        if self._broker.has_peers:
            await self._broker.publish([self._control(PresenceChanged(user_id, is_online))])
        await self._feed.presence_changed(user_id, is_online=is_online)

    async def run(self) -> None:
        """Publish what is queued: one snapshot and one pipeline for all of it. A failed notice blocks no later one."""
        await forever(self._publish_queued, failure="publish_failed")

    async def _publish_queued(self) -> None:
        notices = list(await self._queue.get())
        while not self._queue.empty():
            notices.extend(self._queue.get_nowait())
        publications = [(one.channel, one.payload) for one in notices if isinstance(one, PreparedPublication)]
        publications += await self._publish_events([notice for notice in notices if type(notice) is LogAdvanced])
        for notice in notices:
            if isinstance(notice, MessagesMarkedRead):
                publications.append(self._publish_read_receipt(notice))
            elif isinstance(notice, NotificationsCreated):
                publications.append(self._publish_notifications(notice))
            elif isinstance(notice, UserRevoked):
                await self._hub.close_revoked([notice.user_id])
                publications.append(self._control(TokensRevoked(notice.user_id)))
            elif isinstance(notice, FeedAdvanced):
                publications.append(self._control(FeedAdvancedTo(notice.position)))
        publications += self._publish_changed(notices)
        if publications and self._broker.has_peers:
            await self._broker.publish(publications)

    async def _publish_events(self, advanced: Sequence[LogAdvanced]) -> list[Publication]:
        traces = {notice.conversation_id: self._traces.pop(notice.conversation_id, None) for notice in advanced}
        first_seqs: dict[UUID, int] = {}
        for notice in advanced:
            first_seqs.setdefault(notice.conversation_id, notice.seq)
        if not self._broker.has_peers:
            first_seqs = {key: seq for key, seq in first_seqs.items() if key in self._hub.channels}
        publications: list[Publication] = []
        if not first_seqs:
            return publications
        async with self._db.snapshot() as tx:
            for conversation_id, seq in first_seqs.items():
                frames = await read_frames(tx, conversation_id, seq - 1, limit=REPLAY_PAGE)
                log.debug("events_published", conversation=str(conversation_id), seq=seq, events=len(frames))
                if frames:
                    parent = traces.get(conversation_id)
                    publications += self._publications(conversation_id, frames, parent)
                    deliver(self._hub, conversation_id, frames, parent)
        return publications

    def _publish_stored(self, stored: Sequence[MessageStored]) -> list[PreparedPublication]:
        """Deliver messages on this worker; the others get them with the next pipeline.

        The messages of one commit have consecutive seqs in each conversation.
        """
        started, committed_at = time.perf_counter(), time.time()
        by_conversation: dict[UUID, list[EventFrame]] = {}
        for message in stored:
            if self._broker.has_peers or message.conversation_id in self._hub.channels:
                frame = new_message_frame(message.conversation_id, message.seq, message.rendered)
                by_conversation.setdefault(message.conversation_id, []).append(frame)
        is_traced = tracing.tracer is not None
        traces = {message.conversation_id: message.trace for message in stored} if is_traced else {}
        prepared: list[PreparedPublication] = []
        for conversation_id, frames in by_conversation.items():
            log.debug("events_published", conversation=str(conversation_id), seq=frames[0].seq, events=len(frames))
            parent = traces.get(conversation_id)
            deliver(self._hub, conversation_id, frames, parent)
            if self._broker.has_peers:
                publications = self._publications(conversation_id, frames, parent, committed_at)
                prepared += [PreparedPublication(channel, payload) for channel, payload in publications]
        self._hub.counts.commit_to_write_seconds.observe(time.perf_counter() - started, len(stored))
        return prepared

    def _publications(
        self,
        conversation_id: UUID,
        frames: Sequence[EventFrame],
        parent: "SpanContext | None",
        committed_at: float = 0.0,
    ) -> list[Publication]:
        channel, trace = channel_of(conversation_id), trace_publication(parent, frames)
        return [(channel, payload) for payload in pack_events(self._header, frames, committed_at, trace)]

    def _publish_changed(self, notices: Sequence[object]) -> list[Publication]:
        changed = {
            notice.conversation_id
            for notice in notices
            if isinstance(notice, LogAdvanced | MessagesMarkedRead | ConversationCreated)
        }
        if not changed:
            return []
        self._feed.mark_changed(changed)
        return [self._control(ConversationsChanged(tuple(changed)))]

    def _publish_notifications(self, created: NotificationsCreated) -> Publication:
        self._feed.notifications_created(created.ranges)
        ranges = tuple((span.conversation_id, span.after, span.up_to) for span in created.ranges)
        return self._control(NotificationsPublished(ranges))

    def _publish_read_receipt(self, receipt: MessagesMarkedRead) -> Publication:
        frames = read_receipt_frames(receipt)
        if (channel := self._hub.channels.get(receipt.conversation_id)) is not None:
            channel.deliver_read_receipt(receipt.version, frames)
        payload = pack(self._header, ReadReceiptPublished(receipt.version), *frames)
        return channel_of(receipt.conversation_id), payload

    def _control(self, message: ControlMessage) -> Publication:
        return CONTROL_CHANNEL, pack(self._header, message)
