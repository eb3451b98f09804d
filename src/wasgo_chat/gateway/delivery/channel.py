"""One conversation on one worker: its head, its subscriptions, and the order in which they are served.

Pure bookkeeping without database or broker. `hub` feeds it, and `replay` reads the log where it reports a gap.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from uuid import UUID

from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.encoding import encode
from wasgo_chat.gateway.delivery.subscription import Subscription
from wasgo_chat.gateway.frames.framing import FrameBatch, frame_type
from wasgo_chat.gateway.typing_indicator import TYPING_TTL_S
from wasgo_chat.membership.lookups import MembershipHead
from wasgo_chat.telemetry.counters import WorkerCounters

RECENT_FRAMES = 256
MAX_BATCH_BYTES = 262_144
MIXED_EPOCHS = "mixed"


class ConversationChannel:
    """A conversation with at least one local subscription.

    `delivered_head` is the seq up to which live subscriptions were served, `known_head` the highest seq known to exist.

    Args:
        conversation_id: the conversation.
        epoch: the epoch of its log when the channel opens; `MIXED_EPOCHS` while subscriptions have different ones.
        last_seq: the head of its log then.
        reads_version: the version of its read receipts then.
        reads: the `last_read_seq` of each member then.
        counts: the counters of the worker.
    """

    def __init__(
        self,
        conversation_id: UUID,
        *,
        epoch: str = "",
        last_seq: int = 0,
        reads_version: int = 0,
        reads: dict[str, int] | None = None,
        counts: WorkerCounters | None = None,
    ) -> None:
        self.conversation_id = conversation_id
        self.epoch = epoch
        self.delivered_head = self.known_head = last_seq
        self.reads_version = reads_version
        self.subscriptions: set[Subscription] = set()
        self._counts = counts or WorkerCounters()
        self._reads_at = (last_seq, reads_version)  # the head and version at which `_reads` was true
        self._reads = reads or {}
        self._recent: deque[EventFrame] = deque(maxlen=RECENT_FRAMES)
        self._replays = 0
        self._typing: dict[str, tuple[str, float]] = {}

    def add(self, subscription: Subscription) -> None:
        """Add a subscription. If it was told another epoch, the reconciler compares all of them."""
        self.subscriptions.add(subscription)
        if subscription.epoch != self.epoch:
            self.epoch = MIXED_EPOCHS

    def offer(self, frames: Sequence[EventFrame]) -> bool:
        """Take events with consecutive seqs from any source: deliver what is next, ignore what was delivered.

        Returns:
            False if events are missing before them.
        """
        self.known_head = max(self.known_head, frames[-1].seq)
        new_frames = [frame for frame in frames if frame.seq > self.delivered_head]
        if not new_frames:
            return True
        before = new_frames[0].seq - 1
        if before != self.delivered_head:
            return False
        self.delivered_head = new_frames[-1].seq
        if self._replays:
            self._recent.extend(new_frames)
        batch = FrameBatch(new_frames)
        is_plain = all(frame.removed is None and frame.role is None for frame in new_frames)
        is_plain = is_plain and batch.size <= MAX_BATCH_BYTES
        subscriptions = tuple(self.subscriptions)
        not_live = 0
        for subscription in subscriptions:
            if not subscription.live:
                not_live += 1
                continue
            if is_plain and subscription.watermark == before:
                subscription.deliver_batch(batch)
            else:
                self._deliver_each(subscription, new_frames)
        self._count_deliveries([frame.data for frame in new_frames], len(subscriptions) - not_live)
        return True

    def learn_head(self, last_seq: int, reads_version: int) -> None:
        """The log has at least this head, and its read receipts at least this version."""
        self.known_head = max(self.known_head, last_seq)
        self.reads_version = max(self.reads_version, reads_version)

    def reads_as_of(self, membership: MembershipHead) -> dict[str, int] | None:
        """The `last_read_seq` of each member when a membership was loaded; None if they have to be loaded."""
        is_current = self._reads_at == (membership.last_seq, membership.reads_version)
        return self._reads if is_current else None

    def keep_reads(self, membership: MembershipHead, reads: dict[str, int]) -> None:
        """Keep loaded reads for the next subscriptions: often many begin while nothing changes."""
        self._reads_at = (membership.last_seq, membership.reads_version)
        self._reads = reads

    def begin_replay(self) -> None:
        """A replay begins: recent events are kept in memory, so that it can reach the live stream."""
        self._replays += 1

    def end_replay(self) -> None:
        """A replay has ended; the last one frees the recent events."""
        self._replays -= 1
        if not self._replays:
            self._recent.clear()

    def replay_from_memory(self, subscription: Subscription) -> bool:
        """Bring a subscription to the live stream without the database; False if memory does not reach back enough."""
        if subscription.watermark < self.delivered_head:
            if not self._recent or self._recent[0].seq > subscription.watermark + 1:
                return False
            subscription.mark_live()
            missed = [frame.data for frame in self._recent if frame.seq > subscription.watermark]
            self._deliver_each(subscription, tuple(self._recent))
            self._counts.events_replayed += len(missed)
            self._count_deliveries(missed, 1)
            return subscription.live or subscription not in self.subscriptions
        subscription.mark_live()
        return True

    def skip_purged(self, seq: int) -> None:
        """Continue after this seq: the events up to it that were not delivered are purged."""
        self.delivered_head = seq
        self._recent.clear()
        for subscription in self.subscriptions:
            if subscription.live and not subscription.deliver_resync(seq):
                subscription.mark_lagging()

    def begin_epoch(self, epoch: str, seq: int, reads_version: int) -> None:
        """The log is another one now, with this head: it may lack events that were delivered, or have others in their
        places. Every client that was told another epoch loads again.
        """
        self.epoch = epoch
        self.delivered_head = self.known_head = seq
        self.reads_version = reads_version
        self._reads_at = (-1, -1)
        self._recent.clear()
        stale = [subscription for subscription in self.subscriptions if subscription.epoch != epoch]
        for subscription in stale:
            if not subscription.begin_epoch(epoch, seq, reads_version):
                subscription.peer.end(CloseCode.TOO_SLOW, "too many unsent bytes; reconnect with after_seq")
        self._counts.resyncs += len(stale)
        self._counts.frames_out["resync"] += len(stale)

    def signal_typing(self, user_id: str, username: str, *, is_typing: bool) -> None:
        """Send a `typing` signal to the other users; without a repeat it ends after `TYPING_TTL_S`."""
        if is_typing:
            self._typing[user_id] = (username, time.monotonic() + TYPING_TTL_S)
        elif self._typing.pop(user_id, None) is None:
            return
        frame = encode(
            {
                "type": "typing",
                "conversation_id": self.conversation_id,
                "user_id": user_id,
                "username": username,
                "is_typing": is_typing,
            }
        )
        sent = 0
        for subscription in self.subscriptions:
            # A subscription that is behind may turn out to be removed by an event that it has not received yet.
            if subscription.live and subscription.peer.user_id != user_id:
                subscription.buffer.put(frame)
                sent += 1
        self._counts.frames_out["typing"] += sent

    def expire_typing(self) -> None:
        """End the typing signals that were not repeated: the connection or its worker may be gone."""
        now = time.monotonic()
        for user_id, (username, expires_at) in tuple(self._typing.items()):
            if expires_at <= now:
                self.signal_typing(user_id, username, is_typing=False)

    def deliver_read_receipt(self, version: int, frames: Sequence[bytes]) -> None:
        """Send a read receipt. The reconciler finds the subscriptions that missed one before it."""
        self.reads_version = max(self.reads_version, version)
        receivers = [one for one in self.subscriptions if one.live and version > one.reads_version]
        for subscription in receivers:
            subscription.deliver_read_receipt(version, frames)
        self._counts.frames_out["messages_read"] += len(receivers) * len(frames)

    def drop(self, subscription: Subscription, code: CloseCode) -> None:
        """End a subscription and notify its session."""
        if subscription in self.subscriptions:
            self.subscriptions.discard(subscription)
            subscription.mark_ended()
            subscription.peer.on_removed(subscription, code)

    def _count_deliveries(self, frames: Sequence[bytes], subscriptions: int) -> None:
        """Count once per fan-out; a subscription that falls behind in it is counted as well."""
        if subscriptions:
            self._counts.deliveries += len(frames) * subscriptions
            for data in frames:
                self._counts.frames_out[frame_type(data)] += subscriptions

    def _deliver_each(self, subscription: Subscription, frames: Iterable[EventFrame]) -> None:
        for frame in frames:
            if not subscription.live:
                return
            if not subscription.deliver(frame):
                subscription.mark_lagging()
            elif subscription.is_ended_by(frame):
                # In the order of the log: nothing is written after the removal.
                self.drop(subscription, CloseCode.REMOVED)
