"""Shapes of conversations and participants, in and out."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from wasgo_chat.core.encoding import ExternalId, RequestModel, ResponseModel, SingleLine, Title, UserId
from wasgo_chat.identity.users import UserOut

ConversationType = Literal["direct", "job", "bid", "request", "support", "dispute"]
Role = Literal["observer", "participant", "moderator", "admin"]
Status = Literal["open", "closed"]
JsonObject = dict[str, Any]
"""A JSON object of the client's own; its size, depth and strings are checked against the settings by the verb."""


class Reference(RequestModel):
    """What of the platform a conversation is about, as an opaque pair."""

    type: Annotated[SingleLine, Field(min_length=1, max_length=64)]
    id: ExternalId


class ParticipantIn(RequestModel):
    """Somebody to put into a new conversation."""

    user_id: UserId
    role: Role = "participant"


class ProvisionedParticipant(ParticipantIn):
    """The same from a service, which may say who that is."""

    username: Annotated[SingleLine, Field(min_length=1, max_length=150)] | None = None
    display_name: Annotated[SingleLine, Field(max_length=200)] | None = None


class CreateConversation(RequestModel):
    """A new conversation."""

    conversation_type: ConversationType
    title: Title = ""
    participant_ids: list[UserId] | None = None
    participants: list[ParticipantIn] | None = None
    reference: Reference | None = None
    metadata: JsonObject = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_list(self) -> "CreateConversation":
        if self.participant_ids is not None and self.participants is not None:
            raise ValueError("give participant_ids or participants, not both")
        return self

    def participants_given(self) -> list[ParticipantIn]:
        """The participants, whichever way they were given."""
        if self.participants is not None:
            return self.participants
        return [ParticipantIn(user_id=user_id) for user_id in self.participant_ids or []]


class ProvisionConversation(RequestModel):
    """Get or create the conversation of a bid, job, request or dispute."""

    title: Title | None = None
    participants: list[ProvisionedParticipant] = Field(default_factory=list)
    metadata: JsonObject | None = None


class UpdateConversation(RequestModel):
    """What to change; what is left out stays."""

    title: Title | None = None
    metadata: JsonObject | None = None
    settings: JsonObject | None = None
    status: Status | None = None


class AddParticipant(RequestModel):
    """Whom to add."""

    user_id: UserId
    role: Role = "participant"


class RemoveParticipant(RequestModel):
    """Whom to remove; oneself to leave."""

    user_id: UserId


class UpdateParticipant(RequestModel):
    """The new role."""

    role: Role


class ParticipantOut(ResponseModel):
    """Somebody in a conversation. All that others sent up to `last_read_seq` is read."""

    user: UserOut
    role: Role
    joined_at: datetime
    left_at: datetime | None
    last_read_seq: int


class ReferenceOut(ResponseModel):
    """The opaque pair."""

    type: str
    id: str


class ConversationCore(ResponseModel):
    """A conversation as everybody sees it: what frames carry."""

    id: UUID
    conversation_type: ConversationType
    title: str
    reference: ReferenceOut | None
    status: Status
    metadata: JsonObject
    settings: JsonObject
    created_at: datetime
    updated_at: datetime
