"""Builds the requests of the platform helpers. `platform` sends them, synchronously or asynchronously."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NotRequired, TypeAlias, TypedDict

from wasgo_chat_client.generated.object_conversations import OBJECT_CONVERSATION_OPERATIONS
from wasgo_chat_client.generated.rest.api.conversations import create_conversation
from wasgo_chat_client.generated.rest.api.integrations import send_system_message
from wasgo_chat_client.generated.rest.api.support import create_support_conversation
from wasgo_chat_client.generated.rest.models import (
    CreateConversation,
    CreateSupportConversation,
    ProvisionConversation,
    SendSystemMessage,
)
from wasgo_chat_client.generated.rest.models.create_conversation_conversation_type import (
    CreateConversationConversationType,
)
from wasgo_chat_client.generated.rest.models.provisioned_participant_role import ProvisionedParticipantRole

ConversationType: TypeAlias = CreateConversationConversationType


class Participant(TypedDict):
    """A participant to add to a conversation. The default role is `participant`."""

    user_id: str
    role: NotRequired[ProvisionedParticipantRole]
    username: NotRequired[str]
    display_name: NotRequired[str]


ObjectId = str | int | uuid.UUID
"""The platform's id of an object, sent as text."""

Participants = Iterable[str | Participant]
"""User ids, or user ids with further attributes."""


@dataclass(frozen=True)
class Operation:
    """A function module of the generated client, and the arguments to call it with."""

    module: ModuleType
    arguments: dict[str, Any]


def object_conversation(
    object_type: str,
    object_id: ObjectId,
    participants: Participants,
    title: str | None,
    metadata: Mapping[str, Any] | None,
) -> Operation:
    """Get or create the conversation of an object whose type has its own route. Idempotent."""
    body: dict[str, Any] = {"participants": [_participant(one) for one in participants]}
    if title is not None:
        body["title"] = title
    if metadata is not None:
        body["metadata"] = dict(metadata)
    arguments = {"reference_id": str(object_id), "body": ProvisionConversation.from_dict(body)}
    return Operation(OBJECT_CONVERSATION_OPERATIONS[object_type], arguments)


def conversation_for_object(
    object_type: str,
    object_id: ObjectId,
    participants: Participants,
    title: str | None,
    metadata: Mapping[str, Any] | None,
    conversation_type: ConversationType,
) -> Operation:
    """Get or create the conversation of an object of any type.

    It is unique by `(conversation_type, object_type, object_id)`.
    """
    if object_type in OBJECT_CONVERSATION_OPERATIONS:
        return object_conversation(object_type, object_id, participants, title, metadata)
    # The general route has no `username` and `display_name`.
    supported = ("user_id", "role")
    body = {
        "conversation_type": conversation_type,
        "title": title or "",
        "participants": [{key: one[key] for key in supported if key in one} for one in map(_participant, participants)],
        "reference": {"type": object_type, "id": str(object_id)},
        "metadata": dict(metadata or {}),
    }
    key = _idempotency_key(None)
    return Operation(create_conversation, {"body": CreateConversation.from_dict(body), "idempotency_key": key})


def support_conversation(
    user_id: str, support_type: str, title: str, content: str | None, key: str | None
) -> Operation:
    """Open a support conversation for a user. A repeat with the same key returns the same conversation."""
    body = CreateSupportConversation.from_dict({"support_type": support_type, "title": title, "content": content})
    arguments = {"body": body, "x_act_as": str(user_id), "idempotency_key": _idempotency_key(key)}
    return Operation(create_support_conversation, arguments)


def system_message(
    conversation_id: str | uuid.UUID, content: str, metadata: Mapping[str, Any] | None, key: str | None
) -> Operation:
    """Send a system message. A repeat with the same key returns the same message."""
    arguments = {
        "conversation_id": uuid.UUID(str(conversation_id)),
        "body": SendSystemMessage.from_dict({"content": content, "metadata": dict(metadata or {})}),
        "idempotency_key": _idempotency_key(key),
    }
    return Operation(send_system_message, arguments)


def _participant(given: str | Participant) -> dict[str, Any]:
    return {"user_id": given} if isinstance(given, str) else dict(given)


def _idempotency_key(key: str | None) -> str:
    return key or str(uuid.uuid4())
