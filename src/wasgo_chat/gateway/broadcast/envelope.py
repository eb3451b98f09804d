"""Envelopes: the messages between workers, each with the encoded frames that the receiving worker delivers.

An envelope has a line each for the protocol version with the worker it is from, for the message, and for each frame.
JSON has no raw newlines. The message holds only what a hub must know to order and address the frames, which are never
parsed on the way. Workers of two releases run at the same time during an upgrade, so a change that an older release
would misread needs a new `VERSION`; an unknown version or message is skipped, and the reconciler finds what it held.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from wasgo_chat.conversations.event_frames import EventFrame

VERSION = 2
CONTROL_CHANNEL = "control"
_VERSION_PREFIX = b"%d " % VERSION
_CONVERSATION_PREFIX = "c:"


class WorkerMessage(msgspec.Struct, array_like=True, frozen=True):
    """Base of the messages. A new field goes to the end, with a default, so that older releases still read it."""


class EventsPublished(WorkerMessage, frozen=True, tag="events"):
    """Events with consecutive seqs; their frames follow. On the channel of the conversation.

    `removed` and `role` are those of `EventFrame`; an event that has either is the only one. `committed_at` is when
    messages were committed, in Unix seconds, 0 for other events. `trace` continues a trace; empty without tracing.
    """

    first_seq: int
    removed: str | None = None
    role: tuple[str, str] | None = None
    committed_at: float = 0.0
    trace: str = ""


class ReadReceiptPublished(WorkerMessage, frozen=True, tag="read_receipt"):
    """A read receipt; its frames follow. On the channel of the conversation."""

    version: int


class TypingPublished(WorkerMessage, frozen=True, tag="typing"):
    """A user is typing, or has stopped. On the channel of the conversation."""

    user_id: str
    username: str
    is_typing: bool


class ConversationsChanged(WorkerMessage, frozen=True, tag="conversations_changed"):
    """Conversations whose members may see other unread counts, titles or memberships."""

    conversation_ids: tuple[UUID, ...]


class NotificationsPublished(WorkerMessage, frozen=True, tag="notifications"):
    """New notifications of events in these ranges: conversation, after this seq, up to this seq."""

    ranges: tuple[tuple[UUID, int, int], ...]


class TokensRevoked(WorkerMessage, frozen=True, tag="tokens_revoked"):
    """Tokens of a user were revoked."""

    user_id: str


class PresenceChanged(WorkerMessage, frozen=True, tag="presence"):
    """A user went online or offline."""

    user_id: str
    is_online: bool


class FeedAdvancedTo(WorkerMessage, frozen=True, tag="feed_advanced"):
    """The global feed has events up to this position."""

    position: int


ConversationMessage = EventsPublished | ReadReceiptPublished | TypingPublished
ControlMessage = ConversationsChanged | NotificationsPublished | TokensRevoked | PresenceChanged | FeedAdvancedTo
AnyWorkerMessage = ConversationMessage | ControlMessage

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnyWorkerMessage).decode


class UnknownEnvelope(Exception):
    """An envelope of another version, or a message that this release does not know."""


def header_of(worker: str) -> bytes:
    """The first line of every envelope of a worker, without its newline."""
    return f"{VERSION} {worker}".encode()


def pack(header: bytes, message: AnyWorkerMessage, *frames: bytes) -> bytes:
    """Encode an envelope; `header` is that of the worker."""
    return b"\n".join((header, _encode(message), *frames))


def unpack(payload: bytes) -> tuple[AnyWorkerMessage, list[bytes]]:
    """Decode an envelope into its message and its frames.

    Raises:
        UnknownEnvelope: another release has packed it, or it is no envelope.
    """
    if not payload.startswith(_VERSION_PREFIX):
        version = payload[:12].partition(b" ")[0].decode(errors="replace")
        raise UnknownEnvelope(f"version {version!r}")
    try:
        _, message, *frames = payload.split(b"\n")
        return _decode(message), frames
    except ValueError as error:  # of msgspec too
        raise UnknownEnvelope(str(error)) from error


def pack_events(header: bytes, frames: Sequence[EventFrame], committed_at: float = 0.0, trace: str = "") -> list[bytes]:
    """Pack events with consecutive seqs into few envelopes; an event that the hub has to look at goes alone.

    Args:
        header: the header of the worker.
        frames: the events.
        committed_at: when messages were committed, in Unix seconds; 0 for other events.
        trace: where a trace continues.
    """
    packed: list[bytes] = []
    plain: list[EventFrame] = []

    def pack_plain() -> None:
        if plain:
            message = EventsPublished(plain[0].seq, committed_at=committed_at, trace=trace)
            packed.append(pack(header, message, *(frame.data for frame in plain)))
            plain.clear()

    for frame in frames:
        if frame.removed is None and frame.role is None:
            plain.append(frame)
            continue
        pack_plain()
        packed.append(pack(header, EventsPublished(frame.seq, frame.removed, frame.role, trace=trace), frame.data))
    pack_plain()
    return packed


def channel_of(conversation_id: UUID) -> str:
    """The Redis channel of a conversation."""
    return f"{_CONVERSATION_PREFIX}{conversation_id}"


def conversation_of(channel: str) -> UUID | None:
    """The conversation of a Redis channel; None for other channels."""
    return UUID(channel.removeprefix(_CONVERSATION_PREFIX)) if channel.startswith(_CONVERSATION_PREFIX) else None
