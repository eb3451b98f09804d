"""Examples of server frames for the AsyncAPI document, by message. Those of commands are with the commands."""

from typing import Any

from wasgo_chat.api_docs.openapi_examples import CHAT, EPOCH, MESSAGE, MOMENT, SHAPES
from wasgo_chat.feature_registry import command_registry

_MESSAGE = SHAPES["MessageOut"]
_PARTICIPANT = SHAPES["ParticipantOut"]
_HTTP_ONLY = ("participants", "participant_count", "last_message", "last_seq", "unread_count", "is_archived")
_CORE = {key: value for key, value in SHAPES["ConversationOut"].items() if key not in _HTTP_ONLY}
_REACTIONS = [{"emoji": "👍", "count": 1, "user_ids": ["bo"]}]
_ME = {
    "user_id": "ana",
    "heartbeat_s": 20.0,
    "limits": {
        "content_chars": 10000,
        "frame_bytes": 65536,
        "metadata_bytes": 8192,
        "messages": 30,
        "window_s": 10,
        "attachment_bytes": 26214400,
        "attachments": 10,
    },
    "features": ["presence", "attachments", "notifications", "support"],
    "epoch": EPOCH,
}
_STATUS = {"conversation_id": CHAT, "role": "admin", "last_seq": 6, "reads": {"ana": 6, "bo": 3}}

SERVER: dict[str, dict[str, Any]] = {
    "hello": {"type": "hello", **_ME},
    "conversation_hello": {"type": "hello", **_ME, **_STATUS},
    "subscribed": {"type": "subscribed", **_ME, **_STATUS},
    "unsubscribed": {"type": "unsubscribed", "conversation_id": CHAT, "code": 4403},
    "resync": {"type": "resync", "conversation_id": CHAT, "last_seq": 18, "epoch": EPOCH},
    "error": {
        "type": "error",
        "ref": "30",
        "code": "rate_limited",
        "detail": "Too many requests",
        "retry_after_s": 1.2,
    },
    **{f"{command.type}_ack": {"type": "ack", **command.ack_example} for command in command_registry()},
    "new_message": {"type": "new_message", "conversation_id": CHAT, "seq": 6, "message": _MESSAGE},
    "message_edited": {"type": "message_edited", "conversation_id": CHAT, "seq": 7, "message": _MESSAGE},
    "message_deleted": {
        "type": "message_deleted",
        "conversation_id": CHAT,
        "seq": 8,
        "message_id": _MESSAGE["id"],
        "message": {
            **_MESSAGE,
            "content": None,
            "reactions": [],
            "revision": 2,
            "is_deleted": True,
            "deleted_at": MOMENT,
        },
    },
    "reaction_update": {
        "type": "reaction_update",
        "conversation_id": CHAT,
        "seq": 9,
        "message_id": MESSAGE,
        "user_id": "bo",
        "username": "bo",
        "emoji": "👍",
        "action": "added",
        "reactions": _REACTIONS,
    },
    "participant_added": {
        "type": "participant_added",
        "conversation_id": CHAT,
        "seq": 10,
        "participant": _PARTICIPANT,
    },
    "participant_updated": {
        "type": "participant_updated",
        "conversation_id": CHAT,
        "seq": 11,
        "participant": _PARTICIPANT,
    },
    "participant_removed": {
        "type": "participant_removed",
        "conversation_id": CHAT,
        "seq": 12,
        "user_id": "bo",
        "by": "ana",
    },
    "conversation_changed": {"type": "conversation_updated", "conversation_id": CHAT, "seq": 13, "conversation": _CORE},
    "typing_signal": {
        "type": "typing",
        "conversation_id": CHAT,
        "user_id": "bo",
        "username": "bo",
        "is_typing": True,
    },
    "messages_read": {
        "type": "messages_read",
        "conversation_id": CHAT,
        "message_ids": [MESSAGE],
        "user_id": "bo",
        "up_to_seq": 18,
    },
    "unread_counts": {"type": "unread_counts", "total": 1, "conversations": {CHAT: 1}},
    "conversation_added": {"type": "conversation_added", "conversation": SHAPES["ConversationOut"]},
    "conversation_updated": {"type": "conversation_updated", "conversation": SHAPES["ConversationOut"]},
    "conversation_removed": {"type": "conversation_removed", "conversation_id": CHAT},
    "presence": {"type": "presence", "user_id": "bo", "online": False, "last_seen": MOMENT},
    "notification": {"type": "notification", "notification": SHAPES["NotificationOut"]},
}
