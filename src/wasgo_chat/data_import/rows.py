"""Values of imported rows."""

import json
from collections.abc import Mapping
from typing import Any


def jsonb(value: Mapping[str, Any]) -> str:
    """An object as text, for a JSON column."""
    return json.dumps(value, ensure_ascii=False)


IMPORTED = '{"imported": true}'
"""The data of an imported event: consumers of the feed index it, but notify no user (`FeedEvent.is_imported`)."""


def message_event(message: Mapping[str, Any]) -> dict[str, Any]:
    """The row of `events` for a row of `messages`."""
    return {
        "conversation_id": message["conversation_id"],
        "seq": message["seq"],
        "type": "new_message",
        "actor_id": message["sender_id"],
        "service": message["service"],
        "message_id": message["id"],
        "revision": 1,
        "user_id": None,
        "data": IMPORTED,
        "created_at": message["created_at"],
    }
