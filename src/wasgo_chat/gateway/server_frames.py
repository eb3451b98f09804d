"""The shapes of what the sockets say beside the log: greetings, answers, signals, the feed of a user.

They document frames that are built from plain dicts where they arise; the tests hold every frame against them.
Durable frames are in `conversations.event_schemas`, what clients say is in `gateway.client_frames`.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from wasgo_chat.conversations.schemas import ConversationOut, UnreadCounts
from wasgo_chat.core.encoding import ResponseModel
from wasgo_chat.http.problems import FieldError
from wasgo_chat.membership.schemas import Role
from wasgo_chat.messages.schemas import ReactionOut, ReactionResult, ReadResult
from wasgo_chat.notifications.schemas import NotificationOut
from wasgo_chat.presence.tracker import PresenceOut


class Limits(ResponseModel):
    """What a socket takes; `messages` per `window_s` seconds is the rate in one conversation."""

    content_chars: int
    frame_bytes: int
    metadata_bytes: int
    messages: int
    window_s: int


class Hello(ResponseModel):
    """The first frame of a socket for many conversations, and of a notification socket."""

    type: Literal["hello"]
    user_id: str
    heartbeat_s: float = Field(description="Seconds between the service's pings.")
    limits: Limits


class ConversationStatus(ResponseModel):
    """Where a conversation stands for this member; `reads` is each member's `last_read_seq`."""

    user_id: str
    heartbeat_s: float = Field(description="Seconds between the service's pings.")
    limits: Limits
    conversation_id: UUID
    role: Role
    last_seq: int
    reads: dict[str, int]


class ConversationHello(ConversationStatus):
    """The first frame of a socket of one conversation."""

    type: Literal["hello"]


class Subscribed(ConversationStatus):
    """A conversation is followed from here; the events asked for come next."""

    type: Literal["subscribed"]


class Unsubscribed(ResponseModel):
    """It is followed no more: as asked (1000), or after a removal (4403)."""

    type: Literal["unsubscribed"]
    conversation_id: UUID
    code: int


class Resync(ResponseModel):
    """Load afresh: what was asked for cannot be replayed. The socket is live from `last_seq`."""

    type: Literal["resync"]
    conversation_id: UUID
    last_seq: int


class ErrorFrame(ResponseModel):
    """A refusal; `ref` is null where the frame had none or none could be read."""

    type: Literal["error"]
    ref: str | None
    code: str
    detail: str
    errors: list[FieldError] | None = None
    retry_after_s: float | None = None


class Ack(ResponseModel):
    """The answer to a frame with a `ref`, after its commit."""

    type: Literal["ack"]
    ref: str


class SendMessageAck(Ack):
    """The message is stored."""

    message_id: UUID
    seq: int
    created_at: datetime


class EditMessageAck(Ack):
    """The message has other words now."""

    message_id: UUID
    revision: int


class DeleteMessageAck(Ack):
    """The message is a tombstone now."""

    message_id: UUID


class ReactAck(ReactionResult, Ack):
    """The reaction is as it should be."""

    message_id: UUID
    reactions: list[ReactionOut]


class MarkReadAck(ReadResult, Ack):
    """The messages are read."""


class TypingAck(Ack):
    """It was heard."""


class RefreshTokenAck(Ack):
    """The socket may live until then."""

    expires_at: float = Field(description="Unix seconds.")


class SubscribeAck(Ack):
    """It is followed; `subscribed` came before."""

    conversation_id: UUID


class UnsubscribeAck(Ack):
    """It is followed no more."""

    conversation_id: UUID


class TypingSignal(ResponseModel):
    """Somebody else types, or has stopped."""

    type: Literal["typing"]
    conversation_id: UUID
    user_id: str
    username: str
    is_typing: bool


class ReadSignal(ResponseModel):
    """Somebody has read: these messages, or with `up_to_seq` everything up to there."""

    type: Literal["messages_read"]
    conversation_id: UUID
    message_ids: list[UUID]
    user_id: str
    up_to_seq: int | None = None


class UnreadCountsFrame(UnreadCounts):
    """The user's unread messages, in all and by conversation."""

    type: Literal["unread_counts"]


class ConversationAdded(ResponseModel):
    """The user is in one more conversation."""

    type: Literal["conversation_added"]
    conversation: ConversationOut


class ConversationUpdated(ResponseModel):
    """Title, metadata, settings or status of one of the user's conversations changed."""

    type: Literal["conversation_updated"]
    conversation: ConversationOut


class ConversationRemoved(ResponseModel):
    """The user is no longer in a conversation."""

    type: Literal["conversation_removed"]
    conversation_id: UUID


class PresenceSignal(PresenceOut):
    """Somebody who shares a conversation with the user came or went."""

    type: Literal["presence"]


class NotificationFrame(ResponseModel):
    """The user was told of a message."""

    type: Literal["notification"]
    notification: NotificationOut
