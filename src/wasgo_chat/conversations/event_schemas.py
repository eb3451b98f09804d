"""The shapes of durable frames: the log as the socket and `list_events` tell it.

They document what `conversations.event_frames` builds from plain dicts; the tests hold every frame against them.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from wasgo_chat.core.encoding import ResponseModel
from wasgo_chat.http.pagination import PageShape
from wasgo_chat.membership.schemas import ConversationCore, ParticipantOut
from wasgo_chat.messages.schemas import MessageOut, ReactionOut


class EventFrame(ResponseModel):
    """Base of durable frames: the same for everybody, with the conversation's next `seq`."""

    conversation_id: UUID
    seq: int


class NewMessage(EventFrame):
    """Somebody, or the service, has said something."""

    type: Literal["new_message"]
    message: MessageOut


class MessageEdited(EventFrame):
    """A message has other words now; take it if its `revision` is not below the known one."""

    type: Literal["message_edited"]
    message: MessageOut


class MessageDeleted(EventFrame):
    """A message is a tombstone now."""

    type: Literal["message_deleted"]
    message_id: UUID
    message: MessageOut


class ReactionUpdate(EventFrame):
    """A reaction came or went; `reactions` are all of the message as they stand."""

    type: Literal["reaction_update"]
    message_id: UUID
    user_id: str
    username: str
    emoji: str
    action: Literal["added", "removed"]
    reactions: list[ReactionOut]


class ParticipantAdded(EventFrame):
    """Somebody joined."""

    type: Literal["participant_added"]
    participant: ParticipantOut


class ParticipantUpdated(EventFrame):
    """Somebody has another role."""

    type: Literal["participant_updated"]
    participant: ParticipantOut


class ParticipantRemoved(EventFrame):
    """Somebody left, or was removed; `by` is null for a service.

    `member_ids` is there where they were erased, and has all who are in: drop everybody else, as the `user_id` may be
    one that was never told.
    """

    type: Literal["participant_removed"]
    user_id: str
    by: str | None
    member_ids: list[str] | None = None


class ConversationChanged(EventFrame):
    """Title, metadata, settings or status as they stand now."""

    type: Literal["conversation_updated"]
    conversation: ConversationCore


DURABLE_FRAMES = (
    NewMessage,
    MessageEdited,
    MessageDeleted,
    ReactionUpdate,
    ParticipantAdded,
    ParticipantUpdated,
    ParticipantRemoved,
    ConversationChanged,
)

DurableFrame = Annotated[
    NewMessage
    | MessageEdited
    | MessageDeleted
    | ReactionUpdate
    | ParticipantAdded
    | ParticipantUpdated
    | ParticipantRemoved
    | ConversationChanged,
    Field(discriminator="type"),
]


class EventPage(PageShape):
    """Durable frames of the log, oldest first, as the socket would have sent them."""

    results: list[DurableFrame]
    last_seq: int
    purged_seq: int
