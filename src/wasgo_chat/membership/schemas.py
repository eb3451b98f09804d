"""Request and response schemas of conversations and participants."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from wasgo_chat.conversation_types import ConversationTypeName
from wasgo_chat.core.encoding import (
    MAX_LIST_ITEMS,
    ExternalId,
    JsonObject,
    RequestModel,
    ResponseModel,
    SingleLine,
    Title,
    UserId,
)
from wasgo_chat.identity.users import DisplayName, Username, UserOut
from wasgo_chat.membership.roles import Role, RoleName

_SHORT_LIST = Field(max_length=MAX_LIST_ITEMS, fail_fast=True)

Status = Literal["open", "closed"]


class Reference(RequestModel):
    """The platform's object that a conversation is about, as an opaque pair."""

    type: Annotated[SingleLine, Field(min_length=1, max_length=64)]
    id: ExternalId


class ParticipantIn(RequestModel):
    """A user to add to a new conversation."""

    user_id: UserId
    role: RoleName = Role.PARTICIPANT


class ProvisionedParticipant(ParticipantIn):
    """A user to add, with the profile that a service may give."""

    username: Username = None
    display_name: DisplayName = None


class CreateConversation(RequestModel):
    """A new conversation."""

    conversation_type: ConversationTypeName
    title: Title = ""
    participant_ids: Annotated[list[UserId], _SHORT_LIST] | None = None
    participants: Annotated[list[ParticipantIn], _SHORT_LIST] | None = None
    reference: Reference | None = None
    metadata: JsonObject = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_list(self) -> "CreateConversation":
        if self.participant_ids is not None and self.participants is not None:
            raise ValueError("give either participant_ids or participants, not both")
        return self

    def participants_given(self) -> list[ParticipantIn]:
        """The participants, from either field."""
        if self.participants is not None:
            return self.participants
        return [ParticipantIn(user_id=user_id) for user_id in self.participant_ids or []]


class ProvisionConversation(RequestModel):
    """Get or create the conversation about an object of the platform."""

    title: Title | None = None
    participants: Annotated[list[ProvisionedParticipant], _SHORT_LIST] = Field(default_factory=list)
    metadata: JsonObject | None = None


class UpdateConversation(RequestModel):
    """Fields to change; omitted fields keep their value, and null empties all but the status."""

    title: Title | None = None
    metadata: JsonObject | None = None
    settings: JsonObject | None = None
    status: Status | None = None

    def changes(self) -> dict[str, Any]:
        """The fields to change, with their new values."""
        empty: dict[str, Any] = {"title": "", "metadata": {}, "settings": {}}
        given = {field: empty.get(field) if value is None else value for field, value in self}
        return {field: given[field] for field in self.model_fields_set if given[field] is not None}


class AddParticipant(RequestModel):
    """The user to add, and their role."""

    user_id: UserId
    role: RoleName = Role.PARTICIPANT


class RemoveParticipant(RequestModel):
    """The user to remove; the caller's own id to leave."""

    user_id: UserId


class UpdateParticipant(RequestModel):
    """The new role."""

    role: RoleName


class ParticipantOut(ResponseModel):
    """A participant. They have read everything that others sent up to `last_read_seq`."""

    user: UserOut
    role: RoleName
    joined_at: datetime
    left_at: datetime | None
    last_read_seq: int


class ReferenceOut(ResponseModel):
    """The platform's object that a conversation is about, as an opaque pair."""

    type: str
    id: str


class ConversationCore(ResponseModel):
    """The part of a conversation that is the same for every member; event frames carry it."""

    id: UUID
    conversation_type: ConversationTypeName
    title: str
    reference: ReferenceOut | None
    status: Status
    metadata: dict[str, Any]
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime
