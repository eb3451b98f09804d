"""The event types of a conversation's log: what a row holds, whether it counts as activity, whether it is
administrative.

To add a type, add a class here and to `EVENT_TYPES`, a renderer to `conversations.event_frames`, and the schema of its
frame to `conversations.event_schemas`. `seq` counts every event, so clients must ignore frame types that they do not
know.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Event(ABC):
    """Base of everything that takes a `seq`. Signals (typing, read receipts, presence) are not events.

    Attributes:
        type: the value in the database and on the wire.
        is_activity: moves the conversation to the top of lists.
        is_administrative: recorded in the audit log, if it affects another user than the actor.
    """

    type: ClassVar[str]
    is_activity: ClassVar[bool] = False
    is_administrative: ClassVar[bool] = False

    @abstractmethod
    def columns(self) -> dict[str, Any]:
        """The columns of the row, in addition to conversation, seq, type and actor."""


@dataclass(frozen=True, slots=True)
class MessageSent(Event):
    """A message was stored. It takes the conversation's next message number."""

    type: ClassVar[str] = "new_message"
    is_activity: ClassVar[bool] = True
    message_id: UUID

    def columns(self) -> dict[str, Any]:
        return {"message_id": self.message_id, "revision": 1}


@dataclass(frozen=True, slots=True)
class MessageEdited(Event):
    """A message has new content."""

    type: ClassVar[str] = "message_edited"
    message_id: UUID
    revision: int

    def columns(self) -> dict[str, Any]:
        return {"message_id": self.message_id, "revision": self.revision}


@dataclass(frozen=True, slots=True)
class MessageDeleted(Event):
    """A message became a tombstone."""

    type: ClassVar[str] = "message_deleted"
    message_id: UUID
    revision: int

    def columns(self) -> dict[str, Any]:
        return {"message_id": self.message_id, "revision": self.revision}


@dataclass(frozen=True, slots=True)
class ReactionUpdated(Event):
    """A user added or removed a reaction."""

    type: ClassVar[str] = "reaction_update"
    message_id: UUID
    user_id: str
    emoji: str
    action: str

    def columns(self) -> dict[str, Any]:
        data = {"emoji": self.emoji, "action": self.action}
        return {"message_id": self.message_id, "user_id": self.user_id, "data": data}


@dataclass(frozen=True, slots=True)
class ParticipantAdded(Event):
    """A user joined, or came back."""

    type: ClassVar[str] = "participant_added"
    is_administrative: ClassVar[bool] = True
    user_id: str

    def columns(self) -> dict[str, Any]:
        return {"user_id": self.user_id}


@dataclass(frozen=True, slots=True)
class ParticipantRemoved(Event):
    """A user left or was removed; they receive this event and none after it.

    If the user was `erased`, their id is removed from the log later, so the frame lists the remaining members.
    """

    type: ClassVar[str] = "participant_removed"
    is_administrative: ClassVar[bool] = True
    user_id: str
    erased: bool = False

    def columns(self) -> dict[str, Any]:
        return {"user_id": self.user_id, "data": {"erased": True} if self.erased else {}}


@dataclass(frozen=True, slots=True)
class ParticipantUpdated(Event):
    """A participant's role changed."""

    type: ClassVar[str] = "participant_updated"
    is_administrative: ClassVar[bool] = True
    user_id: str

    def columns(self) -> dict[str, Any]:
        return {"user_id": self.user_id}


@dataclass(frozen=True, slots=True)
class ConversationUpdated(Event):
    """Title, metadata, settings or status changed."""

    type: ClassVar[str] = "conversation_updated"
    is_activity: ClassVar[bool] = True
    is_administrative: ClassVar[bool] = True
    fields: tuple[str, ...]

    def columns(self) -> dict[str, Any]:
        return {"data": {"fields": list(self.fields)}}


EVENT_TYPES: dict[str, type[Event]] = {
    event.type: event
    for event in (
        MessageSent,
        MessageEdited,
        MessageDeleted,
        ReactionUpdated,
        ParticipantAdded,
        ParticipantUpdated,
        ParticipantRemoved,
        ConversationUpdated,
    )
}
"""Every event type, by its name in the database and on the wire."""
