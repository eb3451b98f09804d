"""Builds the requests of the platform helpers. `platform` sends them, synchronously or asynchronously.

The service checks the bodies: what it does not know or accept, it refuses with `invalid`.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NotRequired, Protocol, Self, TypeAlias, TypedDict, TypeVar
from urllib.parse import quote

from wasgo_chat_client.generated.object_conversations import OBJECT_CONVERSATION_PATHS
from wasgo_chat_client.generated.rest.models import ConversationOut, MessageOut, UserOut
from wasgo_chat_client.generated.rest.models.create_conversation_conversation_type import (
    CreateConversationConversationType,
)
from wasgo_chat_client.generated.rest.models.provisioned_participant_role import ProvisionedParticipantRole
from wasgo_chat_client.generated.rest.models.send_message_message_type import SendMessageMessageType
from wasgo_chat_client.generated.rest.models.update_conversation_status_type_0 import UpdateConversationStatusType0

ConversationType: TypeAlias = CreateConversationConversationType


class Participant(TypedDict):
    """A participant to add to a conversation. The default role is `participant`."""

    user_id: str
    role: NotRequired[ProvisionedParticipantRole]
    username: NotRequired[str]
    display_name: NotRequired[str]


class Profile(TypedDict, total=False):
    """The profile of a user. What is left out is unchanged."""

    username: str
    display_name: str | None
    avatar_url: str | None
    email: str | None
    locale: str | None
    is_staff: bool


class MessageOptions(TypedDict, total=False):
    """What a message can have in addition to its content."""

    message_type: SendMessageMessageType
    reply_to: str
    mentions: list[str]
    metadata: Mapping[str, Any]
    attachment_ids: list[str]


class ConversationChanges(TypedDict, total=False):
    """Changes of a conversation. `metadata` and `settings` replace the existing ones."""

    title: str
    metadata: Mapping[str, Any]
    settings: Mapping[str, Any]
    status: UpdateConversationStatusType0


Id = str | int | uuid.UUID
"""An id, sent as text."""

Participants = Iterable[str | Participant]
"""User ids, or user ids with further attributes."""


class Model(Protocol):
    """A model of the generated client."""

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self: ...


Result_co = TypeVar("Result_co", bound=Model, covariant=True)


@dataclass(frozen=True)
class Operation(Generic[Result_co]):
    """A request, and the model of its response."""

    result: type[Result_co]
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    act_as: str | None = None
    key: str | None = None


def request_headers(act_as: str | None, key: str | None) -> dict[str, str]:
    """The headers of a request in the name of a user, and with an idempotency key."""
    headers = {"X-Act-As": act_as, "Idempotency-Key": key}
    return {name: value for name, value in headers.items() if value is not None}


def object_conversation(
    object_type: str,
    object_id: Id,
    participants: Participants,
    title: str | None,
    metadata: Mapping[str, Any] | None,
) -> Operation[ConversationOut]:
    """Get or create the conversation of an object whose type has its own route. Idempotent."""
    body: dict[str, Any] = {"participants": [_participant(one) for one in participants]}
    if title is not None:
        body["title"] = title
    if metadata is not None:
        body["metadata"] = dict(metadata)
    path = OBJECT_CONVERSATION_PATHS[object_type].format(reference_id=_segment(object_id))
    return Operation(ConversationOut, "PUT", path, body)


def conversation_for_object(
    object_type: str,
    object_id: Id,
    participants: Participants,
    title: str | None,
    metadata: Mapping[str, Any] | None,
    conversation_type: ConversationType,
) -> Operation[ConversationOut]:
    """Get or create the conversation of an object of any type.

    It is unique by `(conversation_type, object_type, object_id)`.
    """
    if object_type in OBJECT_CONVERSATION_PATHS:
        return object_conversation(object_type, object_id, participants, title, metadata)
    # The general route takes no profiles.
    profile = ("username", "display_name")
    body = {
        "conversation_type": conversation_type,
        "title": title or "",
        "participants": [
            {key: value for key, value in _participant(one).items() if key not in profile} for one in participants
        ],
        "reference": {"type": object_type, "id": str(object_id)},
        "metadata": dict(metadata or {}),
    }
    return Operation(ConversationOut, "POST", "/chat/conversations/", body, key=_idempotency_key(None))


def support_conversation(
    user_id: Id, support_type: str, title: str, content: str | None, key: str | None
) -> Operation[ConversationOut]:
    """Open a support conversation for a user. A repeat with the same key returns the same conversation."""
    path = "/chat/conversations/create_support_conversation/"
    body = {"support_type": support_type, "title": title, "content": content}
    return Operation(ConversationOut, "POST", path, body, act_as=str(user_id), key=_idempotency_key(key))


def conversation(conversation_id: Id, act_as: Id) -> Operation[ConversationOut]:
    """Get a conversation as one of its members sees it."""
    return Operation(ConversationOut, "GET", _conversation_path(conversation_id), act_as=str(act_as))


def conversation_update(conversation_id: Id, act_as: Id, changes: ConversationChanges) -> Operation[ConversationOut]:
    """Change a conversation in the name of one of its members. A repeat changes nothing more."""
    path, key = _conversation_path(conversation_id), _idempotency_key(None)
    return Operation(ConversationOut, "PATCH", path, {**changes}, act_as=str(act_as), key=key)


def user_profile(user_id: Id, profile: Profile) -> Operation[UserOut]:
    """Create or update the profile of a user. Idempotent."""
    return Operation(UserOut, "PUT", f"/chat/users/{_segment(user_id)}/", {**profile})


def message(
    conversation_id: Id, act_as: Id, content: str, options: MessageOptions, key: str | None
) -> Operation[MessageOut]:
    """Send a message in the name of a user. A repeat with the same key returns the same message."""
    body = {"conversation": str(conversation_id), "content": content, **options}
    return Operation(MessageOut, "POST", "/chat/messages/", body, act_as=str(act_as), key=_idempotency_key(key))


def system_message(
    conversation_id: Id, content: str, metadata: Mapping[str, Any] | None, key: str | None
) -> Operation[MessageOut]:
    """Send a system message. A repeat with the same key returns the same message."""
    path = f"{_conversation_path(conversation_id)}system_messages/"
    body = {"content": content, "metadata": dict(metadata or {})}
    return Operation(MessageOut, "POST", path, body, key=_idempotency_key(key))


def _conversation_path(conversation_id: Id) -> str:
    return f"/chat/conversations/{_segment(conversation_id)}/"


def _segment(value: Id) -> str:
    return quote(str(value), safe="")


def _participant(given: str | Participant) -> dict[str, Any]:
    return {"user_id": given} if isinstance(given, str) else dict(given)


def _idempotency_key(key: str | None) -> str:
    return key or str(uuid.uuid4())
