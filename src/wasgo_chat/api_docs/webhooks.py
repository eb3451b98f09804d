"""The webhook that the service sends, as OpenAPI describes it. `notifications/delivery/webhook.py` makes the body."""

from typing import Any

from wasgo_chat.conversation_types import CONVERSATION_TYPES

_TIME = {"type": "string", "format": "date-time"}
_ID = {"type": "string", "format": "uuid"}
_TEXT = {"type": "string"}
_OPTIONAL_TEXT = {"type": ["string", "null"]}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "properties": properties}


_MESSAGE = _object(
    id={**_ID, "description": "Id of the notification."},
    kind={**_TEXT, "description": "Why the user is notified, such as `message` or `mention`. New kinds may appear."},
    message_id=_ID,
    seq={"type": "integer", "description": "Position of the message in the log of the conversation."},
    sender=_object(id=_TEXT, name=_TEXT),
    created_at=_TIME,
    text={**_OPTIONAL_TEXT, "description": "The beginning of the message; null without `NOTIFY_INCLUDE_TEXT`."},
)
_DATA = _object(
    user_id={**_TEXT, "description": "The user to notify."},
    conversation=_object(
        id=_ID,
        conversation_type={"type": "string", "enum": [*CONVERSATION_TYPES]},
        title={**_TEXT, "description": "Title of the conversation, or name of the sender."},
        url={**_OPTIONAL_TEXT, "description": "Page of the conversation; null without `CONVERSATION_URL`."},
    ),
    count={"type": "integer", "description": "Number of unread messages."},
    notifications={"type": "array", "items": _MESSAGE, "description": "The newest 20 of them, oldest first."},
)
_HEADERS = {
    "webhook-id": "Id of the delivery, the same on every attempt: process each once.",
    "webhook-timestamp": "When this attempt was signed, in Unix seconds; reject old ones.",
    "webhook-signature": "`v1,` and the base64 of HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`.",
}

NOTIFICATION_BODY = _object(
    type={"type": "string", "const": "chat.notification"},
    timestamp={**_TIME, "description": "Time of the newest message."},
    data=_DATA,
)
WEBHOOKS: dict[str, Any] = {
    "notification": {
        "post": {
            "operationId": "receive_notification",
            "summary": "A user has unread messages and is away",
            "description": "Sent to `WASGO_CHAT_NOTIFY_WEBHOOK_URL`, in the format of Standard Webhooks.",
            "tags": ["notifications"],
            "security": [],
            "parameters": [
                {"name": name, "in": "header", "required": True, "description": text, "schema": _TEXT}
                for name, text in _HEADERS.items()
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": NOTIFICATION_BODY}}},
            "responses": {
                "2XX": {"description": "Received."},
                "410": {"description": "The delivery is given up. Any other status is retried."},
            },
        }
    }
}
