"""The platform's helpers as calls of the generated client, made ready; `platform` sends them, sync or async."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypedDict

from wasgo_chat_client.generated.rest.api.conversations import create_conversation
from wasgo_chat_client.generated.rest.api.integrations import (
    put_bid_conversation,
    put_dispute_conversation,
    put_job_conversation,
    put_request_conversation,
    send_system_message,
)
from wasgo_chat_client.generated.rest.api.support import create_support_conversation
from wasgo_chat_client.generated.rest.models import (
    CreateConversation,
    CreateSupportConversation,
    ProvisionConversation,
    SendSystemMessage,
)

_OF_OBJECTS: dict[str, ModuleType] = {
    "bid": put_bid_conversation,
    "job": put_job_conversation,
    "request": put_request_conversation,
    "dispute": put_dispute_conversation,
}


class _Known(TypedDict):
    user_id: str


class Participant(_Known, total=False):
    """Somebody to put into a conversation; role `participant` where none is given."""

    role: str
    username: str
    display_name: str


ObjectId = str | int | uuid.UUID
"""The platform's id of an object; it is text on the wire."""

Participants = Iterable[str | Participant]
"""User ids, or ids with what else is known."""


@dataclass(frozen=True)
class Call:
    """An operation of the generated client, and what it is called with."""

    operation: ModuleType
    arguments: dict[str, Any]


def object_conversation(
    kind: str, object_id: ObjectId, participants: Participants, title: str | None, metadata: Mapping[str, Any] | None
) -> Call:
    """Get or create the conversation of a bid, job, request or dispute: a PUT, safe to repeat."""
    body: dict[str, Any] = {"participants": [_person(one) for one in participants]}
    if title is not None:
        body["title"] = title
    if metadata is not None:
        body["metadata"] = dict(metadata)
    arguments = {"reference_id": str(object_id), "body": ProvisionConversation.from_dict(body)}
    return Call(_OF_OBJECTS[kind], arguments)


def conversation_for_object(
    object_type: str,
    object_id: ObjectId,
    participants: Participants,
    title: str | None,
    metadata: Mapping[str, Any] | None,
    conversation_type: str,
) -> Call:
    """The same for an object of any type; unique by `(conversation_type, object_type, object_id)`."""
    if object_type in _OF_OBJECTS:
        return object_conversation(object_type, object_id, participants, title, metadata)
    people = [{key: one[key] for key in ("user_id", "role") if key in one} for one in map(_person, participants)]
    body = {
        "conversation_type": conversation_type,
        "title": title or "",
        "participants": people,
        "reference": {"type": object_type, "id": str(object_id)},
        "metadata": dict(metadata or {}),
    }
    key = _key(None)
    return Call(create_conversation, {"body": CreateConversation.from_dict(body), "idempotency_key": key})


def support_conversation(user_id: str, support_type: str, title: str, content: str | None, key: str | None) -> Call:
    """A user's request for support; a repeat with the same key is the same conversation."""
    body = {"support_type": support_type, "title": title, "content": content}
    shape = CreateSupportConversation.from_dict(body)
    return Call(create_support_conversation, {"body": shape, "x_act_as": str(user_id), "idempotency_key": _key(key)})


def system_message(
    conversation_id: str | uuid.UUID, content: str, metadata: Mapping[str, Any] | None, key: str | None
) -> Call:
    """An automated note; a repeat with the same key is the same message."""
    body = SendSystemMessage.from_dict({"content": content, "metadata": dict(metadata or {})})
    where = uuid.UUID(str(conversation_id))
    return Call(send_system_message, {"conversation_id": where, "body": body, "idempotency_key": _key(key)})


def _person(given: str | Participant) -> dict[str, Any]:
    return {"user_id": given} if isinstance(given, str) else dict(given)


def _key(key: str | None) -> str:
    return key or str(uuid.uuid4())
