"""Frames that clients send, one model each. `commands` declares what each of them does."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from wasgo_chat.core.encoding import RequestModel, Seq, SingleLine, Text
from wasgo_chat.events.epochs import EpochIn
from wasgo_chat.messages.schemas import Emoji, MessageContent

SUBPROTOCOL = "wasgo.chat.v1"
BEARER_PREFIX = "bearer."
MAX_REF_CHARS = 64

Ref = Annotated[SingleLine, Field(max_length=MAX_REF_CHARS)]


class ClientFrame(RequestModel):
    """Base of the client frames. `ref` is returned in the `ack` or `error`.

    `conversation_id` may be omitted on a connection of one conversation.
    """

    ref: Ref | None = None
    conversation_id: UUID | None = None


class SendMessageFrame(ClientFrame, MessageContent):
    """Send a message. The ack has message_id, seq and created_at."""

    type: Literal["send_message"]


class TypingFrame(ClientFrame):
    """Signal that the user is typing, or has stopped."""

    type: Literal["typing"]
    is_typing: bool = True


class MarkReadFrame(ClientFrame):
    """Mark messages as read."""

    type: Literal["mark_read"]
    message_ids: Annotated[list[UUID], Field(min_length=1, max_length=500, fail_fast=True)]


class EditMessageFrame(ClientFrame):
    """Edit a message of the user."""

    type: Literal["edit_message"]
    message_id: UUID
    content: Text


class DeleteMessageFrame(ClientFrame):
    """Delete a message; a tombstone remains."""

    type: Literal["delete_message"]
    message_id: UUID


class ReactFrame(ClientFrame):
    """Toggle an emoji, or add or remove it."""

    type: Literal["react"]
    message_id: UUID
    emoji: Emoji
    action: Literal["add", "remove"] | None = None


class RefreshTokenFrame(ClientFrame):
    """Keep the connection open with a newer token of the same subject."""

    type: Literal["refresh_token"]
    token: Annotated[str, Field(min_length=1, max_length=16_384)]


class SubscribeFrame(ClientFrame):
    """Subscribe to a conversation, on a connection for many conversations. `epoch` is the epoch of `after_seq`."""

    type: Literal["subscribe"]
    after_seq: Seq | None = None
    epoch: EpochIn | None = None


class UnsubscribeFrame(ClientFrame):
    """End the subscription to a conversation."""

    type: Literal["unsubscribe"]
