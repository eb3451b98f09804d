"""Shapes of messages, in and out."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError

from wasgo_chat.attachments.schemas import AttachmentOut
from wasgo_chat.core.encoding import RequestModel, ResponseModel, SingleLine, Text, UserId
from wasgo_chat.core.errors import Invalid
from wasgo_chat.identity.users import UserOut

MessageType = Literal["text", "image", "file", "audio", "video", "location", "system"]
SendableType = Literal["text", "image", "file", "audio", "video", "location"]
ClientId = Annotated[SingleLine, Field(min_length=1, max_length=128)]
Emoji = Annotated[SingleLine, Field(min_length=1, max_length=64)]


class MessageContent(RequestModel):
    """What a message says, by whichever door it comes."""

    content: Text = ""
    message_type: SendableType = "text"
    reply_to: UUID | None = None
    mentions: Annotated[list[UserId], Field(max_length=50)] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)
    client_id: ClientId | None = None
    attachment_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)


class SendMessage(MessageContent):
    """A message for a conversation."""

    conversation: UUID


class EditMessage(RequestModel):
    """The new content."""

    content: Text


class ReactToMessage(RequestModel):
    """An emoji; without an action it toggles."""

    emoji: Emoji
    action: Literal["add", "remove"] | None = None


class MarkMultipleRead(RequestModel):
    """Messages to mark as read; of one conversation or several."""

    message_ids: Annotated[list[UUID], Field(min_length=1)]


class SendSystemMessage(RequestModel):
    """An automated note in a conversation."""

    content: Annotated[Text, Field(min_length=1)]
    metadata: dict[str, Any] = Field(default_factory=dict)


class ReactionOut(ResponseModel):
    """One emoji on a message, and who gave it. `me` is in HTTP answers only."""

    emoji: str
    count: int
    user_ids: list[str]
    me: bool | None = None


class ReplyPreview(ResponseModel):
    """The message that was replied to, as it stands now; at most 140 characters of it."""

    id: UUID
    seq: int
    sender: UserOut | None
    message_type: MessageType
    content: str | None
    is_deleted: bool


class MessageOut(ResponseModel):
    """A message. A deleted one is a tombstone: content null, nothing attached."""

    id: UUID
    conversation: UUID
    seq: int
    sender: UserOut | None
    message_type: MessageType
    content: str | None
    reply_to: UUID | None
    reply_preview: ReplyPreview | None
    attachments: list[AttachmentOut]
    reactions: list[ReactionOut]
    mentions: list[str]
    metadata: dict[str, Any]
    client_id: str | None
    revision: int
    is_edited: bool
    edited_at: datetime | None
    is_deleted: bool
    deleted_at: datetime | None
    created_at: datetime


class ReactionResult(ResponseModel):
    """The state a reaction is in now."""

    action: Literal["added", "removed"]
    reactions: list[ReactionOut]


class ReadResult(ResponseModel):
    """How many messages were newly read, and how many of the conversations concerned are still unread."""

    marked: int
    unread_count: int


class ReceiptOut(ResponseModel):
    """Who read a message, and when they marked it."""

    user: UserOut
    read_at: datetime


class ReceiptsOut(ResponseModel):
    """Everybody who marked a message as read, earliest first."""

    results: list[ReceiptOut]


_CLIENT_ID: TypeAdapter[str] = TypeAdapter(ClientId)


def as_client_id(key: str) -> str:
    """An `Idempotency-Key` stands for a missing client_id and keeps its rules.

    Raises:
        Invalid: it is empty, too long or has control characters.
    """
    try:
        return _CLIENT_ID.validate_python(key)
    except ValidationError as error:
        raise Invalid.field(
            ["header", "idempotency-key"],
            "idempotency_key",
            "must have 1 to 128 characters, none of them control",
        ) from error
