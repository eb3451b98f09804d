"""A channel in isolation: a lagging subscription receives the log and no signals."""

from uuid import UUID

from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.encoding import new_id
from wasgo_chat.gateway.channel import ConversationChannel, Subscription
from wasgo_chat.gateway.framing import FrameBatch


class Peer:
    """A socket that keeps what it was written."""

    issued_at, expires_at = 0.0, 0.0

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.heard: list[bytes] = []

    def write(self, data: bytes) -> bool:
        self.heard.append(data)
        return True

    def write_batch(self, run: FrameBatch) -> bool:
        self.heard += [frame.data for frame in run.frames]
        return True

    async def wait_drained(self) -> None:
        """It always is."""

    def end(self, code: CloseCode, reason: str = "") -> None:
        """Nobody ends it."""

    def on_removed(self, subscription: Subscription, code: CloseCode) -> None:
        """Nobody drops it."""


def _follow(channel: ConversationChannel, user_id: str, *, live: bool) -> Peer:
    peer = Peer(user_id)
    subscription = Subscription(peer, channel.conversation_id)
    subscription.greeted, subscription.live = True, live
    channel.subscriptions.add(subscription)
    return peer


def test_signals_go_only_to_subscriptions_that_have_the_whole_log() -> None:
    """Whoever is behind may have been removed by an event that is still to come: a signal of afterwards would leak."""
    channel = ConversationChannel(UUID(str(new_id())))
    there, behind = _follow(channel, "ana", live=True), _follow(channel, "bo", live=False)
    channel.typing("cy", "cy", is_typing=True)
    channel.read_receipt(1, [b"reading"])
    channel.offer([EventFrame(1, b"event")])
    assert len(there.heard) == 3
    assert behind.heard == []
