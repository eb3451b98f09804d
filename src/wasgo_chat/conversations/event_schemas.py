"""Schemas of event frames: the log as sockets send it and `list_events` returns it.

They document what `conversations.event_frames` builds as plain dicts; the tests validate every frame against them. The
API documents name them without the suffix `Frame` (see `api_docs.schema_names`).
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from wasgo_chat.core.encoding import ResponseModel
from wasgo_chat.events.epochs import EpochOut
from wasgo_chat.http.pagination import PageShape
from wasgo_chat.membership.schemas import ConversationCore, ParticipantOut
from wasgo_chat.messages.schemas import MessageOut, ReactionOut


class DurableFrame(ResponseModel):
    """Base of event frames: the same for every member, with the conversation's next `seq`."""

    conversation_id: UUID
    seq: int


class NewMessageFrame(DurableFrame):
    """A user or a service sent a message."""

    type: Literal["new_message"]
    message: MessageOut


class MessageEditedFrame(DurableFrame):
    """A message has new content. Apply it unless its `revision` is lower than the known one."""

    type: Literal["message_edited"]
    message: MessageOut


class MessageDeletedFrame(DurableFrame):
    """A message was deleted and is a tombstone now."""

    type: Literal["message_deleted"]
    message_id: UUID
    message: MessageOut


class ReactionUpdateFrame(DurableFrame):
    """A user added or removed a reaction; `reactions` are all current reactions to the message."""

    type: Literal["reaction_update"]
    message_id: UUID
    user_id: str
    username: str
    emoji: str
    action: Literal["added", "removed"]
    reactions: list[ReactionOut]


class ParticipantAddedFrame(DurableFrame):
    """A user joined the conversation."""

    type: Literal["participant_added"]
    participant: ParticipantOut


class ParticipantUpdatedFrame(DurableFrame):
    """A participant has another role."""

    type: Literal["participant_updated"]
    participant: ParticipantOut


class ParticipantRemovedFrame(DurableFrame):
    """A user left or was removed; `by` is null if a service did it.

    If the user was erased, `member_ids` lists the remaining members: drop every other participant, because `user_id`
    can be an id that the client does not know.
    """

    type: Literal["participant_removed"]
    user_id: str
    by: str | None
    member_ids: list[str] | None = None


class ConversationUpdatedFrame(DurableFrame):
    """Title, metadata, settings or status changed; the frame has the current values."""

    type: Literal["conversation_updated"]
    conversation: ConversationCore


AnyDurableFrame = Annotated[
    NewMessageFrame
    | MessageEditedFrame
    | MessageDeletedFrame
    | ReactionUpdateFrame
    | ParticipantAddedFrame
    | ParticipantUpdatedFrame
    | ParticipantRemovedFrame
    | ConversationUpdatedFrame,
    Field(discriminator="type"),
]


class EventPage(PageShape):
    """A page of the log, oldest event first, as event frames."""

    results: list[AnyDurableFrame]
    last_seq: int
    purged_seq: int
    epoch: EpochOut
