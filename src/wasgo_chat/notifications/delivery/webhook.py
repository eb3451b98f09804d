"""A signed webhook to the platform's own notifier (Standard Webhooks); the same `webhook-id` on every attempt."""

import base64
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx2
from standardwebhooks import Webhook

from wasgo_chat.core.config import Settings, UnsafeSettings
from wasgo_chat.core.encoding import encode_str
from wasgo_chat.core.http_client import internal_client
from wasgo_chat.notifications.delivery.base import BeforeHandover, DeliveryFailed
from wasgo_chat.notifications.delivery.content import NotificationDigest

TYPE = "chat.notification"
MAX_WAIT_S = 3600.0


class WebhookChannel:
    """Webhooks to one address, which the operator named: it may be a private one.

    Raises:
        UnsafeSettings: the address or its key is missing or wrong.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.notify_webhook_url or ""
        if urlsplit(self._url).scheme not in ("http", "https"):
            raise UnsafeSettings("WASGO_CHAT_NOTIFY_WEBHOOK_URL must be an http:// or https:// address.")
        self._signer = Webhook(_key(settings))
        self._client = internal_client()

    async def send(self, letter: NotificationDigest, hand: BeforeHandover) -> None:
        """See `ConversationChannel.send`. The receiver takes the same id once, so a repeat does no harm."""
        body, now = encode_str(_payload(letter)), datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(letter.id),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(msg_id=str(letter.id), timestamp=now, data=body),
        }
        try:
            async with self._client.stream("POST", self._url, content=body.encode(), headers=headers) as response:
                status, wait_s = response.status_code, seconds_of(response.headers.get("retry-after"))
        except httpx2.HTTPError as error:
            raise DeliveryFailed(f"webhook_{type(error).__name__}") from error
        if not 200 <= status < 300:
            raise DeliveryFailed(f"webhook_{status}", is_final=status == 410, retry_after_s=wait_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def seconds_of(retry_after: str | None) -> float:
    """`Retry-After` where it is a number of seconds; its dates are not worth the trouble."""
    if retry_after is None or not (retry_after.isascii() and retry_after.isdigit()):
        return 0.0
    return min(float(retry_after), MAX_WAIT_S)


def _key(settings: Settings) -> bytes:
    given = settings.notify_webhook_secret.get_secret_value() if settings.notify_webhook_secret else ""
    try:
        # The library would decode whatever it is given, past characters that do not belong there.
        key = base64.b64decode(given.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not 24 <= len(key) <= 64:
        raise UnsafeSettings("WASGO_CHAT_NOTIFY_WEBHOOK_SECRET must be whsec_ and 24 to 64 random bytes in base64.")
    return key


def _payload(letter: NotificationDigest) -> dict[str, object]:
    newest = letter.lines[-1]
    return {
        "type": TYPE,
        "timestamp": newest.created_at,
        "data": {
            "user_id": letter.user_id,
            "conversation": {
                "id": letter.conversation_id,
                "conversation_type": letter.conversation_type,
                "title": letter.title,
                "url": letter.link,
            },
            "count": letter.count,
            "notifications": [
                {
                    "id": line.notification_id,
                    "kind": line.kind,
                    "message_id": line.message_id,
                    "seq": line.seq,
                    "sender": {"id": line.sender_id, "name": line.sender_name},
                    "created_at": line.created_at,
                    "text": line.text,
                }
                for line in letter.lines
            ],
        },
    }
