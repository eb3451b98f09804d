"""After a commit, and only then: tell this worker's hub and, through the broker, the others.

One task takes what commits announced, in their order, renders each event once and publishes the same bytes. What
it fails to tell, or a crash keeps it from telling, the head check finds.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import structlog

from wasgo_chat.conversations.event_frames import EventFrame, new_message_frame, read_frames, read_receipt_frames
from wasgo_chat.core.encoding import encode
from wasgo_chat.core.errors import ChatError
from wasgo_chat.core.tasks import TaskSet
from wasgo_chat.database.session import Database
from wasgo_chat.events.log import LogAdvanced
from wasgo_chat.events.offsets import SeqRange
from wasgo_chat.gateway import publication_traces
from wasgo_chat.gateway.envelope import (
    CONTROL_CHANNEL,
    Envelope,
    channel_of,
    conversation_of,
    pack,
    pack_events,
    unpack,
)
from wasgo_chat.gateway.hub import Hub
from wasgo_chat.gateway.notification_feed import NotificationFeed
from wasgo_chat.gateway.replay import REPLAY_PAGE
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


@dataclass(frozen=True, slots=True)
class PreparedPublication:
    """A publication that needs nothing from the database."""

    channel: str
    payload: bytes


class Publisher:
    """Between commits, hub and broker. `announce` is what the database calls after each commit."""

    def __init__(
        self, worker: str, hub: Hub, feed: NotificationFeed, db: Database, broker: Broker, background: TaskSet
    ) -> None:
        self.worker = worker
        self._hub = hub
        self._feed = feed
        self._db = db
        self._broker = broker
        self._background = background
        self._queue: asyncio.Queue[Sequence[object]] = asyncio.Queue()
        self._traces: dict[UUID, SpanContext] = {}  # where events were committed, until they are told

    def on_commit(self, announcements: Sequence[object]) -> None:
        """Take what a commit announced. Messages that a batch stored come with their frames' content: told at once."""
        if tracing.tracer is not None and (here := tracing.tracer.current_context()) is not None:
            self._traces.update({one.conversation_id: here for one in announcements if type(one) is LogAdvanced})
        if stored := [one for one in announcements if isinstance(one, MessageStored)]:
            announcements = [*announcements, *self._publish_stored(stored)]
        self._queue.put_nowait(announcements)

    def publish_typing(self, conversation_id: UUID, user_id: str, username: str, *, is_typing: bool) -> None:
        """Tell a conversation's other sockets, here and elsewhere, who types; nothing of it is kept."""
        if (channel := self._hub.channels.get(conversation_id)) is not None:
            channel.signal_typing(user_id, username, is_typing=is_typing)
        if not self._broker.is_alone:  # by the one task that publishes, so that "stopped" cannot overtake "types"
            packed = pack(Envelope("typing", self.worker, int(is_typing), user_id, name=username))
            self._queue.put_nowait([PreparedPublication(channel_of(conversation_id), packed)])

    async def run(self) -> None:
        """Tell for ever: one snapshot and one pipeline for all that is waiting."""
        while True:
            waiting = list(await self._queue.get())
            while not self._queue.empty():
                waiting.extend(self._queue.get_nowait())
            try:
                publications = [(one.channel, one.payload) for one in waiting if isinstance(one, PreparedPublication)]
                publications += await self._publish_events([one for one in waiting if type(one) is LogAdvanced])
                for announcement in waiting:
                    if isinstance(announcement, MessagesMarkedRead):
                        publications.append(self._publish_read_receipt(announcement))
                    elif isinstance(announcement, NotificationsCreated):
                        publications.append(self._publish_notified(announcement))
                    elif isinstance(announcement, UserRevoked):
                        await self._hub.close_revoked([announcement.user_id])
                        header = Envelope("revoked", self.worker, user=announcement.user_id)
                        publications.append((CONTROL_CHANNEL, pack(header)))
                publications += self._publish_changed(waiting)
                if publications and not self._broker.is_alone:
                    await self._broker.publish(publications)
            except ChatError as error:
                log.warning("telling_failed", error=error.code)
            except Exception:
                log.exception("telling_failed")  # one announcement must not silence all that follow

    def on_message(self, channel_name: str, payload: bytes) -> None:
        """Take a publication of another worker."""
        try:
            header, frames = unpack(payload)
        except (msgspec.DecodeError, ValueError):
            log.warning("publication_not_understood", channel=channel_name)
            return
        if header.origin == self.worker:
            return
        if channel_name == CONTROL_CHANNEL:
            self._on_control_message(header, frames)
            return
        conversation_id = conversation_of(channel_name)
        channel = self._hub.channels.get(conversation_id) if conversation_id else None
        if channel is None or conversation_id is None:
            return
        if header.kind == "event":
            run = [EventFrame(header.number + at, data, header.user, header.role) for at, data in enumerate(frames)]
            where = tracing.tracer.extract(header.trace) if tracing.tracer is not None else None
            self._publish_local(conversation_id, run, where)
            if header.at:
                took_s = max(0.0, time.time() - header.at)
                self._hub.counts.commit_to_write_elsewhere_seconds.observe(took_s, len(run))
        elif header.kind == "reading":
            channel.deliver_read_receipt(header.number, frames)
        elif header.kind == "typing" and header.user is not None:
            channel.signal_typing(header.user, header.name, is_typing=bool(header.number))

    async def presence_changed(self, user_id: str, is_online: bool) -> None:
        """Tell, here and elsewhere, that a user came or went."""
        if not self._broker.is_alone:
            header = Envelope("presence", self.worker, int(is_online), user_id)
            await self._broker.publish([(CONTROL_CHANNEL, pack(header))])
        await self._feed.presence_changed(user_id, is_online=is_online)

    def _on_control_message(self, header: Envelope, frames: list[bytes]) -> None:
        if header.kind == "touched":
            self._feed.mark_changed(msgspec.json.decode(frames[0], type=list[UUID]))
        elif header.kind == "revoked" and header.user is not None:
            self._background.spawn(self._hub.close_revoked([header.user]))
        elif header.kind == "notified":
            spans = msgspec.json.decode(frames[0], type=list[tuple[UUID, int, int]])
            self._feed.notifications_created([SeqRange(*span) for span in spans])
        elif header.kind == "presence" and header.user is not None:
            self._background.spawn(self._feed.presence_changed(header.user, is_online=bool(header.number)))

    def _publish_changed(self, announcements: Sequence[object]) -> list[Publication]:
        touched = {
            one.conversation_id
            for one in announcements
            if isinstance(one, LogAdvanced | MessagesMarkedRead | ConversationCreated)
        }
        if not touched:
            return []
        self._feed.mark_changed(touched)
        return [(CONTROL_CHANNEL, pack(Envelope("touched", self.worker), encode(list(touched))))]

    async def _publish_events(self, appended: Sequence[LogAdvanced]) -> list[Publication]:
        traces = {one.conversation_id: self._traces.pop(one.conversation_id, None) for one in appended}
        first: dict[UUID, int] = {}
        for one in appended:
            first.setdefault(one.conversation_id, one.seq)
        if self._broker.is_alone:
            first = {key: seq for key, seq in first.items() if key in self._hub.channels}
        publications: list[Publication] = []
        if not first:
            return publications
        async with self._db.snapshot() as tx:
            for conversation_id, seq in first.items():
                frames = await read_frames(tx, conversation_id, seq - 1, limit=REPLAY_PAGE)
                log.debug("told", conversation=str(conversation_id), seq=seq, frames=len(frames))
                if frames:
                    where = traces.get(conversation_id)
                    publications += self._publications(conversation_id, frames, where)
                    self._publish_local(conversation_id, frames, where)
        return publications

    def _publish_stored(self, stored: Sequence[MessageStored]) -> list[PreparedPublication]:
        """Here now, the others with the next pipeline: a commit leaves the seqs of a conversation consecutive."""
        committed, at = time.perf_counter(), time.time()
        by_conversation: dict[UUID, list[EventFrame]] = {}
        for one in stored:
            if not self._broker.is_alone or one.conversation_id in self._hub.channels:
                frame = new_message_frame(one.conversation_id, one.seq, one.rendered)
                by_conversation.setdefault(one.conversation_id, []).append(frame)
        traces = {one.conversation_id: one.trace for one in stored} if tracing.tracer is not None else {}
        ready: list[PreparedPublication] = []
        for conversation_id, frames in by_conversation.items():
            log.debug("told", conversation=str(conversation_id), seq=frames[0].seq, frames=len(frames))
            where = traces.get(conversation_id)
            self._publish_local(conversation_id, frames, where)
            if not self._broker.is_alone:
                ready += [PreparedPublication(*one) for one in self._publications(conversation_id, frames, where, at)]
        took_s = time.perf_counter() - committed
        self._hub.counts.commit_to_write_seconds.observe(took_s, len(stored))
        return ready

    def _publish_local(self, conversation_id: UUID, frames: Sequence[EventFrame], where: "SpanContext | None") -> None:
        if tracing.tracer is None:
            self._hub.publish_local(conversation_id, frames)
        else:
            publication_traces.deliver(tracing.tracer, self._hub, conversation_id, frames, where)

    def _publications(
        self, conversation_id: UUID, frames: Sequence[EventFrame], where: "SpanContext | None", at: float = 0.0
    ) -> list[Publication]:
        channel = channel_of(conversation_id)
        trace = "" if tracing.tracer is None else publication_traces.publish(tracing.tracer, where, frames)
        return [(channel, payload) for payload in pack_events(self.worker, frames, at, trace)]

    def _publish_notified(self, notified: NotificationsCreated) -> Publication:
        self._feed.notifications_created(notified.ranges)
        spans = [(span.conversation_id, span.after, span.up_to) for span in notified.ranges]
        return CONTROL_CHANNEL, pack(Envelope("notified", self.worker), encode(spans))

    def _publish_read_receipt(self, reading: MessagesMarkedRead) -> Publication:
        frames = read_receipt_frames(reading)
        if (channel := self._hub.channels.get(reading.conversation_id)) is not None:
            channel.deliver_read_receipt(reading.version, frames)
        return channel_of(reading.conversation_id), pack(Envelope("reading", self.worker, reading.version), *frames)
