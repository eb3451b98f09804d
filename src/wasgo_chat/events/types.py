"""The kinds of events in a conversation's log: what each says, and whether it counts as activity or as governing."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Event(ABC):
    """Base of everything that takes a `seq`. Signals (typing, reads, presence) are no events."""

    type: ClassVar[str]
    is_activity: ClassVar[bool] = False
    is_administrative: ClassVar[bool] = False

    @abstractmethod
    def columns(self) -> dict[str, Any]:
        """What the row holds beside conversation, seq, type and actor."""


@dataclass(frozen=True, slots=True)
class MessageSent(Event):
    """A message was stored; counts as activity and takes the conversation's next message number."""

    type: ClassVar[str] = "new_message"
    is_activity: ClassVar[bool] = True
    message_id: UUID

    def columns(self) -> dict[str, Any]:
        """See `Event.columns`."""
        return {"message_id": self.message_id, "revision": 1}


@dataclass(frozen=True, slots=True)
class MessageEdited(Event):
    """A message has new content."""

    type: ClassVar[str] = "message_edited"
    message_id: UUID
    revision: int

    def columns(self) -> dict[str, Any]:
        """See `Event.columns`."""
        return {"message_id": self.message_id, "revision": self.revision}


@dataclass(frozen=True, slots=True)
class MessageDeleted(Event):
    """A message became a tombstone."""

    type: ClassVar[str] = "message_deleted"
    message_id: UUID
    revision: int

    def columns(self) -> dict[str, Any]:
        """See `Event.columns`."""
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
        """See `Event.columns`."""
        data = {"emoji": self.emoji, "action": self.action}
        return {"message_id": self.message_id, "user_id": self.user_id, "data": data}


@dataclass(frozen=True, slots=True)
class ParticipantAdded(Event):
    """Somebody joined, or came back."""

    type: ClassVar[str] = "participant_added"
    is_administrative: ClassVar[bool] = True
    user_id: str

    def columns(self) -> dict[str, Any]:
        """See `Event.columns`."""
        return {"user_id": self.user_id}


@dataclass(frozen=True, slots=True)
class ParticipantRemoved(Event):
    """Somebody left or was removed: they see this event and nothing after it.

    Of somebody `erased` the id goes from the log as well, so the frame then says who is left.
    """

    type: ClassVar[str] = "participant_removed"
    is_administrative: ClassVar[bool] = True
    user_id: str
    erased: bool = False

    def columns(self) -> dict[str, Any]:
        """See `Event.columns`."""
        return {"user_id": self.user_id, "data": {"erased": True} if self.erased else {}}


@dataclass(frozen=True, slots=True)
class ParticipantUpdated(Event):
    """Somebody's role changed."""

    type: ClassVar[str] = "participant_updated"
    is_administrative: ClassVar[bool] = True
    user_id: str

    def columns(self) -> dict[str, Any]:
        """See `Event.columns`."""
        return {"user_id": self.user_id}


@dataclass(frozen=True, slots=True)
class ConversationUpdated(Event):
    """Title, metadata, settings or status changed."""

    type: ClassVar[str] = "conversation_updated"
    is_activity: ClassVar[bool] = True
    is_administrative: ClassVar[bool] = True
    fields: tuple[str, ...]

    def columns(self) -> dict[str, Any]:
        """See `Event.columns`."""
        return {"data": {"fields": list(self.fields)}}
