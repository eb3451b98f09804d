"""Client frames: their models, and how they are parsed.

Server frames of the log are made in `conversations.event_frames`; those of the connection itself are made here.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import Field, TypeAdapter, ValidationError

from wasgo_chat.core.encoding import RequestModel, Seq, SingleLine, Text, encode, has_stray_control
from wasgo_chat.core.errors import ChatError, Invalid
from wasgo_chat.http.problems import field_errors
from wasgo_chat.messages.schemas import Emoji, MessageContent

SUBPROTOCOL = "wasgo.chat.v1"
BEARER_PREFIX = "bearer."
MAX_REF_CHARS = 64

Ref = Annotated[SingleLine, Field(max_length=MAX_REF_CHARS)]


class ClientFrame(RequestModel):
    """Base of what clients send. `ref` comes back in the `ack` or `error`.

    `conversation_id` may be left out on a socket of one conversation.
    """

    ref: Ref | None = None
    conversation_id: UUID | None = None


class SendMessageFrame(ClientFrame, MessageContent):
    """Send a message; acked with message_id, seq, created_at."""

    type: Literal["send_message"]


class TypingFrame(ClientFrame):
    """Say that one is typing, or has stopped."""

    type: Literal["typing"]
    is_typing: bool = True


class MarkReadFrame(ClientFrame):
    """Mark messages as read."""

    type: Literal["mark_read"]
    message_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]


class EditMessageFrame(ClientFrame):
    """Change one's own message."""

    type: Literal["edit_message"]
    message_id: UUID
    content: Text


class DeleteMessageFrame(ClientFrame):
    """Make a message a tombstone."""

    type: Literal["delete_message"]
    message_id: UUID


class ReactFrame(ClientFrame):
    """Toggle an emoji, or add or remove it."""

    type: Literal["react"]
    message_id: UUID
    emoji: Emoji
    action: Literal["add", "remove"] | None = None


class RefreshTokenFrame(ClientFrame):
    """Prolong the socket with a newer token of the same subject."""

    type: Literal["refresh_token"]
    token: Annotated[str, Field(min_length=1, max_length=16_384)]


class SubscribeFrame(ClientFrame):
    """Follow a conversation on a socket for many."""

    type: Literal["subscribe"]
    after_seq: Seq | None = None


class UnsubscribeFrame(ClientFrame):
    """Stop following it."""

    type: Literal["unsubscribe"]


SequentialFrame = (
    TypingFrame
    | MarkReadFrame
    | EditMessageFrame
    | DeleteMessageFrame
    | ReactFrame
    | RefreshTokenFrame
    | SubscribeFrame
    | UnsubscribeFrame
)
"""Frames that are done before the next one is read."""

AnyFrame = SendMessageFrame | SequentialFrame
_FRAMES: TypeAdapter[AnyFrame] = TypeAdapter(Annotated[AnyFrame, Field(discriminator="type")])


class MalformedFrame(Exception):
    """What came is no frame. `ref` is set where one could still be read; `error` says what is wrong."""

    def __init__(self, ref: str | None, error: ChatError) -> None:
        super().__init__(str(error))
        self.ref = ref
        self.error = error


def parse(text: str) -> AnyFrame:
    """One client frame.

    Raises:
        MalformedFrame: it is not JSON, not a known type, or a field is wrong.
    """
    try:
        return _FRAMES.validate_json(text)
    except ValidationError as error:
        found = field_errors(error.errors(include_url=False))
        # pydantic puts the frame's type before the field: of no use to a client
        errors = [{**one, "loc": one["loc"][1:] if len(one["loc"]) > 1 else one["loc"]} for one in found]
        raise MalformedFrame(_readable_ref(text), Invalid(errors)) from error


def _readable_ref(text: str) -> str | None:
    try:
        frame = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    ref = frame.get("ref") if isinstance(frame, dict) else None
    is_ref = isinstance(ref, str) and len(ref) <= MAX_REF_CHARS and not has_stray_control(ref, allowed="")
    return ref if is_ref else None


def ack(ref: str, result: dict[str, Any]) -> bytes:
    """The answer to a frame with a `ref`, after its commit."""
    return encode({"type": "ack", "ref": ref, **result})


def error_frame(ref: str | None, error: ChatError) -> bytes:
    """A refusal, for frames with and without a `ref`."""
    return encode({"type": "error", "ref": ref, "code": error.code, "detail": error.detail, **error.extras()})


def typing_frame(conversation_id: UUID, user_id: str, username: str, *, is_typing: bool) -> bytes:
    """Somebody types or has stopped."""
    frame = {"type": "typing", "conversation_id": conversation_id, "user_id": user_id, "username": username}
    return encode({**frame, "is_typing": is_typing})


def resync_frame(conversation_id: UUID, last_seq: int) -> bytes:
    """Tell a client to load afresh: what it asked to replay is not to be had."""
    return encode({"type": "resync", "conversation_id": conversation_id, "last_seq": last_seq})
