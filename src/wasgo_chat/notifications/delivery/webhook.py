"""A signed webhook to the platform (Standard Webhooks, https://www.standardwebhooks.com).

The `webhook-id` is the same on every attempt, so the receiver can ignore a repetition.
"""

import base64
from datetime import UTC, datetime

import httpx2
from standardwebhooks import Webhook

from wasgo_chat.core.encoding import encode_str
from wasgo_chat.core.http_client import NEVER_SENT, internal_client, parse_web_url
from wasgo_chat.notifications.delivery.base import BeforeHandover, DeliveryFailed, parse_retry_after
from wasgo_chat.notifications.delivery.digest import NotificationDigest
from wasgo_chat.settings.config import Settings, UnsafeSettings

TYPE = "chat.notification"


class WebhookChannel:
    """Webhooks to one URL. The operator sets it, so it may be a private address.

    Raises:
        UnsafeSettings: the URL or the key is missing or invalid.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.notify_webhook_url or ""
        try:
            parse_web_url(self._url)
        except ValueError as error:
            raise UnsafeSettings("WASGO_CHAT_NOTIFY_WEBHOOK_URL must be an http:// or https:// URL.") from error
        self._signer = Webhook(_key(settings))
        self._client = internal_client()

    async def send(self, digest: NotificationDigest, before_handover: BeforeHandover) -> None:
        now = datetime.now(UTC)
        try:
            body = encode_str(_payload(digest))
        except ValueError as error:
            raise DeliveryFailed("webhook_not_usable", is_final=True) from error
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(digest.id),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(msg_id=str(digest.id), timestamp=now, data=body),
        }
        try:
            async with self._client.stream("POST", self._url, content=body.encode(), headers=headers) as response:
                status, wait_s = response.status_code, parse_retry_after(response.headers.get("retry-after"))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            is_final = isinstance(error, NEVER_SENT)
            raise DeliveryFailed(f"webhook_{type(error).__name__}", is_final=is_final) from error
        if not 200 <= status < 300:
            raise DeliveryFailed(f"webhook_{status}", is_final=status == 410, retry_after_s=wait_s)

    async def close(self) -> None:
        await self._client.aclose()


def _key(settings: Settings) -> bytes:
    secret = settings.notify_webhook_secret.get_secret_value() if settings.notify_webhook_secret else ""
    try:
        # Checked here because the library ignores characters that are not base64.
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not 24 <= len(key) <= 64:
        raise UnsafeSettings("WASGO_CHAT_NOTIFY_WEBHOOK_SECRET must be whsec_ and 24 to 64 random bytes in base64.")
    return key


def _payload(digest: NotificationDigest) -> dict[str, object]:
    newest = digest.items[-1]
    return {
        "type": TYPE,
        "timestamp": newest.created_at,
        "data": {
            "user_id": digest.user_id,
            "conversation": {
                "id": digest.conversation_id,
                "conversation_type": digest.conversation_type,
                "title": digest.title,
                "url": digest.link,
            },
            "count": digest.count,
            "notifications": [
                {
                    "id": item.notification_id,
                    "kind": item.kind,
                    "message_id": item.message_id,
                    "seq": item.seq,
                    "sender": {"id": item.sender_id, "name": item.sender_name},
                    "created_at": item.created_at,
                    "text": item.text,
                }
                for item in digest.items
            ],
        },
    }
