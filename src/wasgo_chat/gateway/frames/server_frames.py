"""Frames that the service sends in addition to the log: greetings, errors, signals and the notification feed.

The models document frames that are built from plain dicts; the tests validate every frame against its model. Only the
AsyncAPI document imports this module. Durable frames are in `conversations.event_schemas`, acks in `acks`, and the
frames of clients in `client_frames`.
"""

from typing import Literal
from uuid import UUID

from pydantic import Field

from wasgo_chat.conversations.schemas import ConversationOut, UnreadCounts
from wasgo_chat.core.encoding import ResponseModel
from wasgo_chat.events.epochs import EpochOut
from wasgo_chat.http.problems import FieldError
from wasgo_chat.membership.roles import RoleName
from wasgo_chat.notifications.schemas import NotificationOut
from wasgo_chat.presence.schemas import PresenceOut


class Limits(ResponseModel):
    """Limits of a connection. `messages` per `window_s` seconds is the rate limit in one conversation."""

    content_chars: int
    frame_bytes: int
    metadata_bytes: int
    messages: int
    window_s: int
    attachment_bytes: int = Field(description="The largest file that can be uploaded, in bytes.")
    attachments: int = Field(description="How many attachments a message can have.")


class Hello(ResponseModel):
    """The first frame of a connection for many conversations, and of a notification connection."""

    type: Literal["hello"]
    user_id: str
    heartbeat_s: float = Field(description="Seconds between the service's pings.")
    limits: Limits
    features: list[str] = Field(description="The features that are on, such as `attachments` and `notifications`.")
    epoch: EpochOut


class ConversationStatus(ResponseModel):
    """State of a conversation for the user. `reads` maps each member to their `last_read_seq`."""

    user_id: str
    heartbeat_s: float = Field(description="Seconds between the service's pings.")
    limits: Limits
    features: list[str] = Field(description="The features that are on, such as `attachments` and `notifications`.")
    epoch: EpochOut
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
    """Load the conversation again: the requested events cannot be replayed, or an epoch has begun because logs lost
    events. Live events follow after `last_seq`.
    """

    type: Literal["resync"]
    conversation_id: UUID
    last_seq: int
    epoch: EpochOut


class ErrorFrame(ResponseModel):
    """A frame was refused. `ref` is null if the frame had none or it could not be read."""

    type: Literal["error"]
    ref: str | None
    code: str
    detail: str
    errors: list[FieldError] | None = None
    errors_omitted: bool | None = Field(default=None, description="True if there are more than the listed `errors`.")
    retry_after_s: float | None = None


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
