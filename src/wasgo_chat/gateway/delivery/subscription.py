"""The subscription of one connection to one conversation: how far it was served, and how."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.encoding import encode
from wasgo_chat.gateway.frames.framing import FrameBatch
from wasgo_chat.gateway.send_buffer import SendBuffer
from wasgo_chat.membership.lookups import MembershipHead


class Subscriber(Protocol):
    """What the hub needs of a session."""

    user_id: str
    buffer: SendBuffer

    @property
    def issued_at(self) -> float:
        """When the token was issued, in Unix seconds."""

    @property
    def expires_at(self) -> float:
        """When the token expires, in Unix seconds."""

    def end(self, code: CloseCode, reason: str = "") -> None:
        """Close the connection after the current frame."""

    def on_subscribed(self, subscription: "Subscription", state: dict[str, Any]) -> None:
        """A subscription begins: record it and send its first frame. Replay and live events follow."""

    def on_removed(self, subscription: "Subscription", code: CloseCode) -> None:
        """The hub has ended a subscription."""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Where a client resumes: after this seq of this epoch; None if the client does not know epochs."""

    after_seq: int
    epoch: str | None = None

    @classmethod
    def parse(cls, after_seq: int | None, epoch: str | None) -> "ResumePoint | None":
        """The resume point of a request; None for live events only. An epoch means nothing without a seq."""
        return None if after_seq is None else cls(after_seq, epoch)


class Subscription:
    """A subscription and its state. Only the methods below change it.

    Attributes:
        role: the user's role, as of the last event written.
        watermark: the last seq written to the connection. It only grows, except in `begin_epoch`.
        joined_at_seq: the head at which the user was found to be a member; removals up to it are history.
        reads_version: the read receipts up to this version were written.
        epoch: the epoch that the client was told.
        live: it receives events as they are published. Otherwise `Replay` reads them from the log.
        lagging_since: since when the buffer takes no more, by the monotonic clock; None while it does.
    """

    __slots__ = (
        "buffer",
        "conversation_id",
        "epoch",
        "joined_at_seq",
        "lagging_since",
        "live",
        "peer",
        "reads_version",
        "role",
        "watermark",
    )  # fmt: skip

    def __init__(self, peer: Subscriber, conversation_id: UUID, membership: MembershipHead) -> None:
        self.peer = peer
        self.buffer = peer.buffer
        self.conversation_id = conversation_id
        self.role = membership.role
        self.watermark = self.joined_at_seq = membership.last_seq
        self.reads_version = membership.reads_version
        self.epoch = membership.epoch
        self.live = False
        self.lagging_since: float | None = None

    def resume_after(self, seq: int) -> None:
        """Start behind the head: replay begins after this seq."""
        self.watermark = seq

    def deliver(self, frame: EventFrame) -> bool:
        """Write an event unless it was written before; False if the buffer takes no more."""
        if frame.seq <= self.watermark:
            return True
        if not self.buffer.put(frame.data):
            return False
        self.watermark = frame.seq
        if frame.role is not None and frame.role[0] == self.peer.user_id:
            self.role = frame.role[1]
        return True

    def deliver_batch(self, batch: FrameBatch) -> None:
        """Write the next events with one write. If the buffer takes no more, leave the live stream."""
        if self.buffer.put_batch(batch):
            self.watermark = batch.last
        else:
            self.mark_lagging()

    def deliver_read_receipt(self, version: int, frames: Sequence[bytes]) -> None:
        """Write a read receipt. `reads_version` advances only without a gap; the reconciler sends what is missing."""
        if all(self.buffer.put(frame) for frame in frames) and version == self.reads_version + 1:
            self.reads_version = version

    def deliver_resync(self, seq: int) -> bool:
        """Tell the client to load the conversation again up to this seq; False if the buffer takes no more."""
        if not self._put_resync(seq):
            return False
        self.watermark = seq
        return True

    def begin_epoch(self, epoch: str, seq: int, reads_version: int) -> bool:
        """The log is another one now, with this head and version of its read receipts. False if the buffer is full."""
        self.epoch = epoch
        self.watermark = seq
        self.joined_at_seq = min(self.joined_at_seq, seq)
        self.reads_version = reads_version
        return self._put_resync(seq)

    def is_ended_by(self, frame: EventFrame) -> bool:
        """Whether this event, the last one written, removes the user. Removals before they joined are history."""
        return frame.removed == self.peer.user_id and frame.seq == self.watermark > self.joined_at_seq

    def mark_live(self) -> None:
        """Join the live stream."""
        self.live = True
        self.lagging_since = None

    def mark_lagging(self) -> None:
        """Leave the live stream until the buffer has drained."""
        self.live = False
        if self.lagging_since is None:
            self.lagging_since = time.monotonic()

    def mark_ended(self) -> None:
        """Leave the live stream for good."""
        self.live = False

    def made_progress(self) -> None:
        """The buffer drained. Slow readers are fine; only a stalled one is closed."""
        if self.lagging_since is not None:
            self.lagging_since = time.monotonic()

    def _put_resync(self, seq: int) -> bool:
        frame = {"type": "resync", "conversation_id": self.conversation_id, "last_seq": seq, "epoch": self.epoch}
        return self.buffer.put(encode(frame))
