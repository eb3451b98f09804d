"""The models of `ack` frames, one for each command."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from wasgo_chat.core.encoding import ResponseModel
from wasgo_chat.messages.schemas import ReactionOut, ReactionResult, ReadResult


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
