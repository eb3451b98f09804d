"""Request and response schemas of messages."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError

from wasgo_chat.attachments.schemas import AttachmentOut
from wasgo_chat.core.encoding import (
    MAX_LIST_ITEMS,
    JsonObject,
    RequestModel,
    ResponseModel,
    SingleLine,
    Text,
    UserId,
)
from wasgo_chat.core.errors import Invalid
from wasgo_chat.identity.users import UserOut
from wasgo_chat.messages.types import TEXT, MessageTypeName, SendableTypeName

ClientId = Annotated[SingleLine, Field(min_length=1, max_length=128)]
Emoji = Annotated[SingleLine, Field(min_length=1, max_length=64)]


class MessageContent(RequestModel):
    """A message as users send it, by HTTP or socket."""

    content: Text = ""
    message_type: SendableTypeName = TEXT.name
    reply_to: UUID | None = None
    mentions: Annotated[list[UserId], Field(max_length=50, fail_fast=True)] = Field(default_factory=list)
    metadata: JsonObject = Field(default_factory=dict)
    client_id: ClientId | None = None
    attachment_ids: Annotated[list[UUID], Field(max_length=100, fail_fast=True)] = Field(default_factory=list)


class SendMessage(MessageContent):
    """A message, and the conversation it is for."""

    conversation: UUID


class EditMessage(RequestModel):
    """The new content."""

    content: Text


class ReactToMessage(RequestModel):
    """An emoji, and whether to add or remove it; without an action it is toggled."""

    emoji: Emoji
    action: Literal["add", "remove"] | None = None


class MarkMultipleRead(RequestModel):
    """Messages to mark as read, of one conversation or several."""

    message_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_LIST_ITEMS, fail_fast=True)]


class SendSystemMessage(RequestModel):
    """A message of a service, without a sender."""

    content: Annotated[Text, Field(min_length=1)]
    metadata: JsonObject = Field(default_factory=dict)


class ReactionOut(ResponseModel):
    """An emoji on a message, and the users who reacted with it. `me` (the caller did) is in HTTP responses only."""

    emoji: str
    count: int
    user_ids: list[str]
    me: bool | None = None


class ReplyPreview(ResponseModel):
    """The current version of the message that was replied to; `content` is cut after 140 characters."""

    id: UUID
    seq: int
    sender: UserOut | None
    message_type: MessageTypeName
    content: str | None
    is_deleted: bool


class MessageOut(ResponseModel):
    """A message. A deleted one is a tombstone: no content, attachments, reactions, mentions or metadata."""

    id: UUID
    conversation: UUID
    seq: int
    sender: UserOut | None
    message_type: MessageTypeName
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
    """What happened, and the message's reactions after it."""

    action: Literal["added", "removed"]
    reactions: list[ReactionOut]


class ReadResult(ResponseModel):
    """How many messages were newly marked as read, and how many are still unread in the conversations concerned."""

    marked: int
    unread_count: int


class ReceiptOut(ResponseModel):
    """A user who marked a message as read, and when."""

    user: UserOut
    read_at: datetime


class ReceiptsOut(ResponseModel):
    """The users who marked a message as read, earliest first."""

    results: list[ReceiptOut]


_CLIENT_ID: TypeAdapter[str] = TypeAdapter(ClientId)


def as_client_id(key: str) -> str:
    """An `Idempotency-Key` as the `client_id` of a message that has none.

    Raises:
        Invalid: it is empty, too long or has control characters.
    """
    try:
        return _CLIENT_ID.validate_python(key)
    except ValidationError as error:
        raise Invalid.field(
            ["header", "idempotency-key"],
            "idempotency_key",
            "must have 1 to 128 characters and no control characters",
        ) from error
