"""Frames that the service sends in addition to the log: greetings, acks, errors, signals and the notification feed.

The models document frames that are built from plain dicts, by the functions at the end and where the data is. The
tests validate every frame against its model. Durable frames are in `conversations.event_schemas`, client frames in
`client_frames`.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from wasgo_chat.conversations.schemas import ConversationOut, UnreadCounts
from wasgo_chat.core.encoding import ResponseModel, encode
from wasgo_chat.core.errors import ChatError
from wasgo_chat.http.problems import FieldError
from wasgo_chat.membership.roles import RoleName
from wasgo_chat.messages.schemas import ReactionOut, ReactionResult, ReadResult
from wasgo_chat.notifications.schemas import NotificationOut
from wasgo_chat.presence.schemas import PresenceOut


class Limits(ResponseModel):
    """Limits of a connection. `messages` per `window_s` seconds is the rate limit in one conversation."""

    content_chars: int
    frame_bytes: int
    metadata_bytes: int
    messages: int
    window_s: int


class Hello(ResponseModel):
    """The first frame of a connection for many conversations, and of a notification connection."""

    type: Literal["hello"]
    user_id: str
    heartbeat_s: float = Field(description="Seconds between the service's pings.")
    limits: Limits


class ConversationStatus(ResponseModel):
    """State of a conversation for the user. `reads` maps each member to their `last_read_seq`."""

    user_id: str
    heartbeat_s: float = Field(description="Seconds between the service's pings.")
    limits: Limits
    conversation_id: UUID
    role: RoleName
    last_seq: int
    reads: dict[str, int]


class ConversationHello(ConversationStatus):
    """The first frame of a connection of one conversation."""

    type: Literal["hello"]


class Subscribed(ConversationStatus):
    """The subscription to a conversation has begun; requested events follow."""

    type: Literal["subscribed"]


class Unsubscribed(ResponseModel):
    """A subscription has ended: as requested (code 1000), or because the user was removed (4403)."""

    type: Literal["unsubscribed"]
    conversation_id: UUID
    code: int


class Resync(ResponseModel):
    """The requested events cannot be replayed: load the conversation again. Live events follow after `last_seq`."""

    type: Literal["resync"]
    conversation_id: UUID
    last_seq: int


class ErrorFrame(ResponseModel):
    """A frame was refused. `ref` is null if the frame had none or it could not be read."""

    type: Literal["error"]
    ref: str | None
    code: str
    detail: str
    errors: list[FieldError] | None = None
    retry_after_s: float | None = None


class Ack(ResponseModel):
    """Confirms a frame that has a `ref`, after its commit."""

    type: Literal["ack"]
    ref: str


class SendMessageAck(Ack):
    """The message is stored."""

    message_id: UUID
    seq: int
    created_at: datetime


class EditMessageAck(Ack):
    """The message is edited."""

    message_id: UUID
    revision: int


class DeleteMessageAck(Ack):
    """The message is deleted; a tombstone remains."""

    message_id: UUID


class ReactAck(ReactionResult, Ack):
    """The reaction is added or removed."""

    message_id: UUID
    reactions: list[ReactionOut]


class MarkReadAck(ReadResult, Ack):
    """The messages are marked as read."""


class TypingAck(Ack):
    """The typing signal is accepted."""


class RefreshTokenAck(Ack):
    """The connection may stay open until `expires_at`."""

    expires_at: float = Field(description="Unix seconds.")


class SubscribeAck(Ack):
    """The subscription has begun; the `subscribed` frame came before."""

    conversation_id: UUID


class UnsubscribeAck(Ack):
    """The subscription has ended."""

    conversation_id: UUID


class TypingSignal(ResponseModel):
    """Another member is typing, or has stopped."""

    type: Literal["typing"]
    conversation_id: UUID
    user_id: str
    username: str
    is_typing: bool


class ReadSignal(ResponseModel):
    """A member has read these messages or, with `up_to_seq`, every message up to it."""

    type: Literal["messages_read"]
    conversation_id: UUID
    message_ids: list[UUID]
    user_id: str
    up_to_seq: int | None = None


class UnreadCountsFrame(UnreadCounts):
    """The number of the user's unread messages, in total and by conversation."""

    type: Literal["unread_counts"]


class ConversationAdded(ResponseModel):
    """The user has become a member of a conversation."""

    type: Literal["conversation_added"]
    conversation: ConversationOut


class ConversationUpdated(ResponseModel):
    """The title, metadata, settings or status of a conversation of the user has changed."""

    type: Literal["conversation_updated"]
    conversation: ConversationOut


class ConversationRemoved(ResponseModel):
    """The user is no longer a member of a conversation."""

    type: Literal["conversation_removed"]
    conversation_id: UUID


class PresenceSignal(PresenceOut):
    """A user who shares a conversation with this user went online or offline."""

    type: Literal["presence"]


class NotificationFrame(ResponseModel):
    """The user has a new notification."""

    type: Literal["notification"]
    notification: NotificationOut


def ack(ref: str, result: dict[str, Any]) -> bytes:
    """An `ack`; `result` has the fields of its model besides `type` and `ref`."""
    return encode({"type": "ack", "ref": ref, **result})


def error_frame(ref: str | None, error: ChatError) -> bytes:
    """An `error` frame."""
    return encode({"type": "error", "ref": ref, "code": error.code, "detail": error.detail, **error.extras()})


def typing_frame(conversation_id: UUID, user_id: str, username: str, *, is_typing: bool) -> bytes:
    """A `typing` signal."""
    frame = {"type": "typing", "conversation_id": conversation_id, "user_id": user_id, "username": username}
    return encode({**frame, "is_typing": is_typing})


def resync_frame(conversation_id: UUID, last_seq: int) -> bytes:
    """A `resync` frame."""
    return encode({"type": "resync", "conversation_id": conversation_id, "last_seq": last_seq})
