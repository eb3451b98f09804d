"""One conversation on one worker: its head, the sockets that follow it, and the order in which they are served.

Pure bookkeeping: no database, no broker. `hub` feeds it and reads the log where it reports a gap.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.gateway.client_frames import resync_frame, typing_frame
from wasgo_chat.gateway.framing import FrameBatch, frame_type
from wasgo_chat.telemetry.counters import WorkerCounters

RECENT_FRAMES = 256
RUN_BYTES = 262_144
TYPING_S = 6.0


class Subscriber(Protocol):
    """A socket, as far as the hub cares."""

    user_id: str

    @property
    def issued_at(self) -> float:
        """When its token was issued, in Unix seconds."""

    @property
    def expires_at(self) -> float:
        """When its token ends, likewise."""

    def write(self, data: bytes) -> bool:
        """Queue a frame; False where too much is unsent already (then nothing was queued)."""

    def write_batch(self, run: FrameBatch) -> bool:
        """Queue these frames, or none and answer False."""

    async def wait_drained(self) -> None:
        """Wait until little enough is unsent that more may come."""

    def end(self, code: CloseCode, reason: str = "") -> None:
        """Close soon."""

    def on_removed(self, subscription: "Subscription", code: CloseCode) -> None:
        """The hub ended this subscription."""


class Subscription:
    """A socket's place in a conversation.

    `watermark` is the last seq written to it. While `live` it gets events as they come; else `hub.catch_up`
    leads it there from the log. `entered_at` is the head at which its user was found to be a member,
    and `purged_seq` what could not be replayed then.
    """

    __slots__ = (
        "catching_up",
        "conversation_id",
        "greeted",
        "joined_at_seq",
        "lagging_since",
        "live",
        "peer",
        "purged_seq",
        "reads_version",
        "role",
        "watermark",
    )  # fmt: skip

    def __init__(self, peer: Subscriber, conversation_id: UUID) -> None:
        self.peer = peer
        self.conversation_id = conversation_id
        self.role = ""
        self.watermark = 0
        self.joined_at_seq = 0
        self.purged_seq = 0
        self.reads_version = 0
        self.greeted = False
        self.live = False
        self.catching_up = False
        self.lagging_since: float | None = None

    def deliver(self, frame: EventFrame) -> bool:
        """Write the next frame, if it is the next; False where the socket is too far behind to take it."""
        if frame.seq <= self.watermark:
            return True
        if not self.peer.write(frame.data):
            return False
        self.watermark = frame.seq
        if frame.role is not None and frame.role[0] == self.peer.user_id:
            self.role = frame.role[1]
        return True

    def deliver_batch(self, run: FrameBatch) -> None:
        """Write the next frames at once; who cannot take them leaves the live stream."""
        if self.peer.write_batch(run):
            self.watermark = run.last
        else:
            self.mark_lagging()

    def is_ended_by(self, frame: EventFrame) -> bool:
        """Whether this, the last one written, removes its user; a removal before they were let in is history."""
        return frame.removed == self.peer.user_id and frame.seq == self.watermark > self.joined_at_seq

    def deliver_signals(self, frames: Iterable[bytes]) -> bool:
        """Write signals; False where the socket is too far behind to take them."""
        return all(self.peer.write(frame) for frame in frames)

    def mark_lagging(self) -> None:
        """Leave the live stream until the socket has drained."""
        self.live = False
        if self.lagging_since is None:
            self.lagging_since = time.monotonic()

    def made_progress(self) -> None:
        """It drained: being slow is no reason to close it, standing still is."""
        if self.lagging_since is not None:
            self.lagging_since = time.monotonic()

    def mark_live(self) -> None:
        """Rejoin the live stream."""
        self.live = True
        self.lagging_since = None


class ConversationChannel:
    """A conversation with at least one local socket.

    `last` is the seq up to which live sockets were served, `wanted` the greatest seq known to exist.
    """

    def __init__(self, conversation_id: UUID, counts: WorkerCounters | None = None) -> None:
        self.conversation_id = conversation_id
        self._counts = counts or WorkerCounters()
        self.delivered_head = 0
        self.known_head = 0
        self.reads_version = 0
        # What `hello` says of who read how far, and the head and version at which that was read.
        self.read_up_to: tuple[tuple[int, int], dict[str, int]] = ((-1, -1), {})
        self.subscriptions: set[Subscription] = set()
        self.recent: deque[EventFrame] = deque(maxlen=RECENT_FRAMES)
        self.catching_up = 0
        self._typing: dict[str, tuple[str, float]] = {}

    def offer(self, frames: Sequence[EventFrame]) -> bool:
        """Frames with consecutive seqs from anywhere: what is next is served, what was is ignored.

        Returns:
            False if there is a gap before them.
        """
        self.known_head = max(self.known_head, frames[-1].seq)
        news = [frame for frame in frames if frame.seq > self.delivered_head]
        if not news:
            return True
        before = news[0].seq - 1
        if before != self.delivered_head:
            return False
        self.delivered_head = news[-1].seq
        if self.catching_up:
            self.recent.extend(news)
        run = FrameBatch(news)
        is_plain = all(frame.removed is None and frame.role is None for frame in news) and run.size <= RUN_BYTES
        served = tuple(self.subscriptions)
        away = 0
        for subscription in served:
            if not subscription.live:
                away += 1
                continue
            if is_plain and subscription.watermark == before:
                subscription.deliver_batch(run)
            else:
                self._serve_each(subscription, news)
        self._count_out([frame.data for frame in news], len(served) - away)
        return True

    def replay_from_memory(self, subscription: Subscription) -> bool:
        """Lead a socket from memory to the live stream, where memory reaches back far enough."""
        if subscription.watermark < self.delivered_head:
            if not self.recent or self.recent[0].seq > subscription.watermark + 1:
                return False
            subscription.mark_live()
            missed = [frame.data for frame in self.recent if frame.seq > subscription.watermark]
            self._serve_each(subscription, tuple(self.recent))
            self._counts.events_replayed += len(missed)
            self._count_out(missed, 1)
            return subscription.live or subscription not in self.subscriptions
        subscription.mark_live()
        return True

    def resync(self, subscription: Subscription, seq: int) -> bool:
        """Have a socket load afresh, as what it lacks up to this seq is purged; False where it cannot take that now."""
        if not subscription.peer.write(resync_frame(self.conversation_id, seq)):
            return False
        subscription.watermark = seq
        return True

    def skip_purged(self, seq: int) -> None:
        """Go on after this seq: what was to be served before it is purged."""
        self.delivered_head = seq
        self.recent.clear()
        for subscription in self.subscriptions:
            if subscription.live and not self.resync(subscription, seq):
                subscription.mark_lagging()

    def rewind(self, seq: int, reads_version: int) -> None:
        """The log ends here now, and what was beyond it is gone, joins and readings too: all load afresh."""
        self.delivered_head = self.known_head = seq
        self.reads_version = min(self.reads_version, reads_version)
        self.read_up_to = ((-1, -1), {})
        self.recent.clear()
        for subscription in self.subscriptions:
            subscription.watermark = min(subscription.watermark, seq)
            subscription.joined_at_seq = min(subscription.joined_at_seq, seq)
            subscription.reads_version = min(subscription.reads_version, reads_version)
            if not subscription.peer.write(resync_frame(self.conversation_id, seq)):
                subscription.peer.end(CloseCode.TOO_SLOW, "too much is unsent; reconnect with after_seq")

    def typing(self, user_id: str, username: str, *, is_typing: bool) -> None:
        """Tell everybody else that somebody types or has stopped; who is not heard of again stops by themselves."""
        if is_typing:
            self._typing[user_id] = (username, time.monotonic() + TYPING_S)
        elif self._typing.pop(user_id, None) is None:
            return
        frame = typing_frame(self.conversation_id, user_id, username, is_typing=is_typing)
        told = [one.peer for one in self.subscriptions if one.live and one.peer.user_id != user_id]
        for peer in told:  # who is behind may have been removed by what is still to come
            peer.write(frame)
        self._counts.frames_out["typing"] += len(told)

    def expire_typing(self) -> None:
        """Stop those whose `typing` was not repeated: their tab or their worker may be gone."""
        now = time.monotonic()
        for user_id, (username, until) in tuple(self._typing.items()):
            if until <= now:
                self.typing(user_id, username, is_typing=False)

    def read_receipt(self, version: int, frames: list[bytes]) -> None:
        """A `messages_read`; who misses one before it gets all from there again at the next head check."""
        self.reads_version = max(self.reads_version, version)
        told = [one for one in self.subscriptions if one.live and version > one.reads_version]
        for subscription in told:
            is_written = subscription.deliver_signals(frames)
            if is_written and version == subscription.reads_version + 1:
                subscription.reads_version = version
        self._counts.frames_out["messages_read"] += len(told) * len(frames)

    def drop(self, subscription: Subscription, code: CloseCode) -> None:
        """End a subscription and tell its socket."""
        if subscription in self.subscriptions:
            self.subscriptions.discard(subscription)
            subscription.live = False
            subscription.peer.on_removed(subscription, code)

    def _count_out(self, frames: Sequence[bytes], sockets: int) -> None:
        """Once a fan-out; who falls behind in it counts as well."""
        if sockets:
            self._counts.deliveries += len(frames) * sockets
            for data in frames:
                self._counts.frames_out[frame_type(data)] += sockets

    def _serve_each(self, subscription: Subscription, frames: Iterable[EventFrame]) -> None:
        for frame in frames:
            if subscription.live:
                self._serve(subscription, frame)

    def _serve(self, subscription: Subscription, frame: EventFrame) -> None:
        if not subscription.deliver(frame):
            subscription.mark_lagging()
        elif subscription.is_ended_by(frame):
            # Exactly here, in the order of the log: nothing after the removal is ever written.
            self.drop(subscription, CloseCode.REMOVED)
