"""A channel without a hub: a subscription that is behind the log receives nothing but the log."""

from typing import Any
from uuid import UUID

from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.encoding import new_id
from wasgo_chat.gateway.delivery.channel import ConversationChannel
from wasgo_chat.gateway.delivery.subscription import Subscription
from wasgo_chat.gateway.frames.framing import FrameBatch
from wasgo_chat.gateway.send_buffer import SendBuffer
from wasgo_chat.membership.lookups import MembershipHead


class RecordingBuffer:
    """A send buffer that records what is written."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def put(self, data: bytes) -> bool:
        self.frames.append(data)
        return True

    def put_batch(self, batch: FrameBatch) -> bool:
        self.frames += [frame.data for frame in batch.frames]
        return True

    async def wait_drained(self) -> None:
        pass

    def run(self) -> None:
        pass

    def discard(self) -> None:
        pass


class Peer:
    """A session without a connection."""

    issued_at, expires_at = 0.0, 0.0

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.frames = RecordingBuffer()
        self.buffer: SendBuffer = self.frames

    def end(self, code: CloseCode, reason: str = "") -> None:
        raise AssertionError

    def on_subscribed(self, subscription: Subscription, state: dict[str, Any]) -> None:
        raise AssertionError

    def on_removed(self, subscription: Subscription, code: CloseCode) -> None:
        raise AssertionError


def _subscribe(channel: ConversationChannel, user_id: str, *, live: bool) -> list[bytes]:
    peer = Peer(user_id)
    subscription = Subscription(peer, channel.conversation_id, MembershipHead("participant", 0, 0, 0, ""))
    if live:
        subscription.mark_live()
    channel.subscriptions.add(subscription)
    return peer.frames.frames


def test_signals_reach_only_live_subscriptions() -> None:
    """An event that a lagging subscription has not received may remove its user: a later signal would leak."""
    channel = ConversationChannel(UUID(str(new_id())))
    to_live, to_lagging = _subscribe(channel, "ana", live=True), _subscribe(channel, "bo", live=False)
    channel.signal_typing("cy", "cy", is_typing=True)
    channel.deliver_read_receipt(1, [b"receipt"])
    channel.offer([EventFrame(1, b"event")])
    assert len(to_live) == 3
    assert to_lagging == []
