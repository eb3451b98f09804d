"""The remote subscriber: delivers what other workers publish."""

import time
from collections.abc import Callable, Sequence
from uuid import UUID

import structlog

from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.core.tasks import TaskSet
from wasgo_chat.events.ranges import SeqRange
from wasgo_chat.gateway.broadcast.envelope import (
    AnyWorkerMessage,
    ConversationsChanged,
    EventsPublished,
    FeedAdvancedTo,
    NotificationsPublished,
    PresenceChanged,
    ReadReceiptPublished,
    TokensRevoked,
    TypingPublished,
    UnknownEnvelope,
    conversation_of,
    header_of,
    unpack,
)
from wasgo_chat.gateway.broadcast.publication_traces import deliver
from wasgo_chat.gateway.delivery.hub import Hub
from wasgo_chat.gateway.delivery.notification_feed import NotificationFeed
from wasgo_chat.telemetry import tracing

log = structlog.get_logger(__name__)

MAX_REPORTED = 100


class BroadcastSubscriber:
    """The receiving side of a worker. `Publisher` is the sending side.

    Args:
        worker: the worker's name. What it published itself is skipped.
        hub: delivers on this worker.
        feed: the notification connections of this worker.
        tasks: runs what needs the database.
        on_logs_advanced: called when other workers have appended events to logs.
        on_feed_advanced: called when another worker has appended events to the global feed.
    """

    def __init__(
        self,
        worker: str,
        hub: Hub,
        feed: NotificationFeed,
        tasks: TaskSet,
        *,
        on_logs_advanced: Callable[[], None] = lambda: None,
        on_feed_advanced: Callable[[], None] = lambda: None,
    ) -> None:
        self._own_header = header_of(worker) + b"\n"
        self._hub = hub
        self._feed = feed
        self._tasks = tasks
        self._on_logs_advanced = on_logs_advanced
        self._on_feed_advanced = on_feed_advanced
        self._reported: set[str] = set()

    def on_message(self, channel_name: str, payload: bytes) -> None:
        """Deliver one envelope. An unknown one is skipped, with one warning for each reason."""
        if payload.startswith(self._own_header):
            return
        try:
            message, frames = unpack(payload)
        except UnknownEnvelope as error:
            self._report(channel_name, str(error))
            return
        conversation_id = conversation_of(channel_name)
        if conversation_id is None:
            self._handle_control(message)
        else:
            self._deliver(conversation_id, message, frames)

    def _deliver(self, conversation_id: UUID, message: AnyWorkerMessage, frames: Sequence[bytes]) -> None:
        channel = self._hub.channels.get(conversation_id)
        if channel is None:
            return
        match message:
            case EventsPublished():
                self._deliver_events(conversation_id, message, frames)
            case ReadReceiptPublished():
                channel.deliver_read_receipt(message.version, frames)
            case TypingPublished():
                channel.signal_typing(message.user_id, message.username, is_typing=message.is_typing)

    def _deliver_events(self, conversation_id: UUID, message: EventsPublished, frames: Sequence[bytes]) -> None:
        events = [
            EventFrame(message.first_seq + index, data, message.removed, message.role)
            for index, data in enumerate(frames)
        ]
        parent = tracing.tracer.extract(message.trace) if tracing.tracer is not None else None
        deliver(self._hub, conversation_id, events, parent)
        if message.committed_at:
            delay_s = max(0.0, time.time() - message.committed_at)
            self._hub.counts.commit_to_write_elsewhere_seconds.observe(delay_s, len(events))

    def _handle_control(self, message: AnyWorkerMessage) -> None:
        match message:
            case ConversationsChanged():
                self._feed.mark_changed(message.conversation_ids)
                self._on_logs_advanced()
            case FeedAdvancedTo():
                self._on_feed_advanced()
            case NotificationsPublished():
                self._feed.notifications_created([SeqRange(*span) for span in message.ranges])
            case TokensRevoked():
                self._tasks.spawn(self._hub.close_revoked([message.user_id]))
            case PresenceChanged():
                self._tasks.spawn(self._feed.presence_changed(message.user_id, is_online=message.is_online))

    def _report(self, channel_name: str, reason: str) -> None:
        if reason not in self._reported and len(self._reported) < MAX_REPORTED:
            self._reported.add(reason)
            log.warning("unknown_envelope", channel=channel_name, reason=reason)
