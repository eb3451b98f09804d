"""The AsyncAPI 3.0 document: the three WebSocket endpoints, the frames of clients and the frames of the service.

It derives from the registry of commands (`gateway.commands`) and from the models of server frames
(`conversations.event_schemas`, `gateway.frames.server_frames`). As AsyncAPI demands, it takes the point of view of the
service, which receives what clients send.
"""

import json
from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from wasgo_chat.api_docs.asyncapi_examples import SERVER
from wasgo_chat.api_docs.schema_names import with_schema_names
from wasgo_chat.conversations import event_schemas as events
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.encoding import ResponseModel
from wasgo_chat.feature_registry import command_registry
from wasgo_chat.gateway.frames import server_frames as sent

DESCRIPTION = """WebSocket API of the chat service. `docs/protocol.md` explains authentication, resuming and close
codes; `/openapi.json` describes the HTTP API."""

_CONVERSATION_FRAMES: dict[str, type[ResponseModel]] = {
    "new_message": events.NewMessageFrame,
    "message_edited": events.MessageEditedFrame,
    "message_deleted": events.MessageDeletedFrame,
    "reaction_update": events.ReactionUpdateFrame,
    "participant_added": events.ParticipantAddedFrame,
    "participant_updated": events.ParticipantUpdatedFrame,
    "participant_removed": events.ParticipantRemovedFrame,
    "conversation_changed": events.ConversationUpdatedFrame,
    "typing_signal": sent.TypingSignal,
    "messages_read": sent.ReadSignal,
    "resync": sent.Resync,
    "error": sent.ErrorFrame,
}
_SUBSCRIPTION_FRAMES: dict[str, type[ResponseModel]] = {
    "hello": sent.Hello,
    "subscribed": sent.Subscribed,
    "unsubscribed": sent.Unsubscribed,
}
_USER_FRAMES: dict[str, type[ResponseModel]] = {
    "unread_counts": sent.UnreadCountsFrame,
    "conversation_added": sent.ConversationAdded,
    "conversation_updated": sent.ConversationUpdated,
    "conversation_removed": sent.ConversationRemoved,
    "presence": sent.PresenceSignal,
    "notification": sent.NotificationFrame,
}
_REGISTRY = command_registry()
_SERVER_FRAMES: dict[str, type[ResponseModel]] = {
    "conversation_hello": sent.ConversationHello,
    **_SUBSCRIPTION_FRAMES,
    **_CONVERSATION_FRAMES,
    **_USER_FRAMES,
    **{f"{command.type}_ack": command.ack for command in _REGISTRY},
}
_COMMANDS = [command.type for command in _REGISTRY]

_CHANNELS: dict[str, dict[str, Any]] = {
    "conversation": {
        "address": "ws/chat/{conversation_id}/",
        "title": "One conversation",
        "client": [command.type for command in _REGISTRY if not command.many_only],
        "server": ["conversation_hello", *_CONVERSATION_FRAMES],
        "after_seq": True,
    },
    "conversations": {
        "address": "ws/chat/",
        "title": "Many conversations",
        "client": _COMMANDS,
        "server": [*_SUBSCRIPTION_FRAMES, *_CONVERSATION_FRAMES],
    },
    "notifications": {
        "address": "ws/notifications/",
        "title": "A user: unread counts, conversations, presence and notifications",
        "client": _COMMANDS,
        "server": [*_SUBSCRIPTION_FRAMES, *_CONVERSATION_FRAMES, *_USER_FRAMES],
    },
}


@cache
def asyncapi_json() -> str:
    """The document as JSON text."""
    return json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n"


def asyncapi() -> dict[str, Any]:
    """Build the document."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for name, channel in _CHANNELS.items():
        channels[name] = _channel(channel)
        operations.update(_operations(name, channel))
    document: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": {"title": "wasgo-chat", "version": version("wasgo-chat"), "description": DESCRIPTION},
        "servers": {
            "local": {"host": "127.0.0.1:8000", "protocol": "ws", "security": [_ref("securitySchemes", "jwt")]}
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {name: _message(name) for name in [*_COMMANDS, *_SERVER_FRAMES]},
            "schemas": _schemas(),
            "securitySchemes": {"jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "x-close-codes": {str(int(code)): code.description for code in CloseCode},
        "x-close-code-actions": {str(int(code)): code.action for code in CloseCode},
    }
    renamed: dict[str, Any] = with_schema_names(document)
    return renamed


def _channel(channel: dict[str, Any]) -> dict[str, Any]:
    acks = [f"{name}_ack" for name in channel["client"]]
    query: dict[str, Any] = {
        "ticket": {"type": "string", "description": "Ticket from POST /chat/ws_tickets/, for browsers."}
    }
    if channel.get("after_seq"):
        query["after_seq"] = {
            "type": "integer",
            "description": "Replay the events after this seq. Without it, only new events are sent.",
        }
        query["epoch"] = {"type": "string", "description": "The epoch of that seq, from `subscribed`."}
    described = {
        "address": channel["address"],
        "title": channel["title"],
        "messages": {name: _ref("messages", name) for name in [*channel["client"], *channel["server"], *acks]},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {"type": "object", "properties": query, "additionalProperties": False},
                "bindingVersion": "0.1.0",
            }
        },
    }
    if channel.get("after_seq"):
        described["parameters"] = {"conversation_id": {"description": "Id of the conversation."}}
    return described


def _operations(name: str, channel: dict[str, Any]) -> dict[str, Any]:
    reference = {"$ref": f"#/channels/{name}"}

    def message_ref(message: str) -> dict[str, str]:
        return {"$ref": f"#/channels/{name}/messages/{message}"}

    operations: dict[str, Any] = {
        f"{name}.tell": {
            "action": "send",
            "channel": reference,
            "summary": "Frames sent by the service.",
            "messages": [message_ref(message) for message in channel["server"]],
        }
    }
    for frame in channel["client"]:
        operations[f"{name}.{frame}"] = {
            "action": "receive",
            "channel": reference,
            "summary": _REGISTRY[frame].frame.__doc__,
            "messages": [message_ref(frame)],
            "reply": {"channel": reference, "messages": [message_ref(f"{frame}_ack"), message_ref("error")]},
        }
    return operations


def _message(name: str) -> dict[str, Any]:
    model = _REGISTRY[name].frame if name in _COMMANDS else _SERVER_FRAMES[name]
    payloads = _REGISTRY[name].examples if name in _COMMANDS else [SERVER[name]]
    return {
        "name": name,
        "title": model.__name__,
        "summary": (model.__doc__ or "").split("\n\n")[0],
        "payload": _ref("schemas", model.__name__),
        "examples": [{"payload": payload} for payload in payloads],
    }


def _schemas() -> dict[str, Any]:
    clients = [command.frame for command in _REGISTRY]
    servers = [*_SERVER_FRAMES.values()]
    models = [(model, "validation") for model in [*clients, *servers]]
    _, document = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]  # the mode is a literal
    schemas: dict[str, Any] = document["$defs"]
    schemas["ClientFrame"] = {"oneOf": [_ref("schemas", model.__name__) for model in clients], "discriminator": "type"}
    schemas["ServerFrame"] = {"anyOf": [_ref("schemas", model.__name__) for model in servers]}
    return dict(sorted(with_schema_names(schemas).items()))


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
