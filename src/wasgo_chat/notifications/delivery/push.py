"""Web push: encrypted for one browser (RFC 8291), signed for its push service (VAPID, RFC 8292)."""

import base64
import hashlib
import time

import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from webpush import WebPush, WebPushSubscription

from wasgo_chat.core.config import Settings, UnsafeSettings
from wasgo_chat.core.encoding import encode
from wasgo_chat.core.errors import Invalid
from wasgo_chat.core.http_client import PrivateAddress, internal_client, require_public_host, ssrf_safe_client
from wasgo_chat.notifications.delivery.base import BeforeHandover, DeliveryFailed, SubscriptionGone
from wasgo_chat.notifications.delivery.content import NotificationDigest
from wasgo_chat.notifications.delivery.webhook import seconds_of

TTL_S = 24 * 3600
_TOKEN_S = 12 * 3600
_GONE = (404, 410)
_WORTH_REPEATING = (408, 425, 429)


def vapid_key(settings: Settings) -> ec.EllipticCurvePrivateKey:
    """The key of `VAPID_PRIVATE_KEY`.

    Raises:
        UnsafeSettings: it is no P-256 key.
    """
    given = settings.vapid_private_key.get_secret_value().strip() if settings.vapid_private_key else ""
    try:
        if given.startswith("-----BEGIN"):
            key = load_pem_private_key(given.encode(), password=None)
            if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
                return key
        else:
            raw = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
            if len(raw) == 32:
                return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    except ValueError:
        pass  # said below, without the key
    raise UnsafeSettings("WASGO_CHAT_VAPID_PRIVATE_KEY must be a P-256 key: PEM, or 32 bytes in base64url.")


def public_key(settings: Settings) -> str:
    """What browsers take as `applicationServerKey`.

    Raises:
        UnsafeSettings: as in `vapid_key`.
    """
    point = vapid_key(settings).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


async def check(settings: Settings, endpoint: str, p256dh: str, auth: str) -> None:
    """Hold what a browser says of itself to the rules; looks its push service's name up.

    Raises:
        Invalid: the keys are none, or the endpoint is not one over TLS on the open internet.
    """
    if not _are_keys(p256dh, auth):
        raise Invalid.field(["keys"], "keys", "must be a P-256 point and 16 bytes, in base64url")
    if settings.push_to_private_addresses:
        return
    try:
        url = httpx2.URL(endpoint)
        if url.scheme != "https":
            raise Invalid.field(["endpoint"], "endpoint", "must be an https:// address")
        await require_public_host(url.host, url.port or 443)
    except (PrivateAddress, httpx2.InvalidURL) as error:
        raise Invalid.field(["endpoint"], "endpoint", "must be an address of a push service") from error


class PushChannel:
    """Web push to whatever service a browser named; only to public hosts and over TLS, unless a setting allows more.

    Raises:
        UnsafeSettings: a setting that push needs is missing or wrong.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.vapid_subject.startswith(("mailto:", "https://")):
            raise UnsafeSettings("WASGO_CHAT_VAPID_SUBJECT must be mailto:… or https://…, for push services to reach.")
        key = vapid_key(settings)
        self._pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public_pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._public = public_key(settings)
        self._subject = settings.vapid_subject
        self._is_lenient = settings.push_to_private_addresses
        # Its own authorization leaves the port out of `aud`, so it only encrypts here.
        self._crypto = WebPush(private_key=self._pem, public_key=public_pem, subscriber="nobody", ttl=TTL_S)
        self._client = internal_client() if self._is_lenient else ssrf_safe_client()

    async def send(self, letter: NotificationDigest, hand: BeforeHandover) -> None:
        """A repeat replaces the first one at the push service (`Topic`) and on screen (`tag`)."""
        endpoint, p256dh, auth = letter.push_subscription or ("", "", "")
        url = httpx2.URL(endpoint)
        if url.scheme != "https" and not self._is_lenient:
            raise SubscriptionGone("push_without_tls", is_final=True)
        subscription = WebPushSubscription.model_validate(
            {"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}}
        )
        encrypted = self._crypto.get(encode(_payload(letter)), subscription).encrypted
        headers = {
            "Authorization": self._authorization(url),
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(TTL_S),
            "Urgency": "normal",
            "Topic": _topic(letter),
        }
        try:
            # The answer's body is never read: it may be without end.
            async with self._client.stream("POST", url, content=encrypted, headers=headers) as response:
                status, wait_s = response.status_code, seconds_of(response.headers.get("retry-after"))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise DeliveryFailed(f"push_{type(error).__name__}") from error
        if status in _GONE:
            raise SubscriptionGone(f"push_{status}", is_final=True)
        if not 200 <= status < 300:
            is_final = status < 500 and status not in _WORTH_REPEATING
            raise DeliveryFailed(f"push_{status}", is_final=is_final, retry_after_s=wait_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _authorization(self, url: httpx2.URL) -> str:
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        claims = {"aud": origin, "exp": int(time.time()) + _TOKEN_S, "sub": self._subject}
        return f"vapid t={jwt.encode(claims, self._pem, 'ES256')}, k={self._public}"


def _payload(letter: NotificationDigest) -> dict[str, object]:
    """What the page's service worker gets; well within the 4 KiB that a push may have."""
    newest = letter.lines[-1]
    return {
        "title": letter.title,
        "body": newest.text or letter.subject,
        "tag": str(letter.conversation_id),
        "conversation_id": letter.conversation_id,
        "message_id": newest.message_id,
        "kind": newest.kind,
        "count": letter.count,
        "url": letter.link,
    }


def _topic(letter: NotificationDigest) -> str:
    """RFC 8030, 5.4: at most 32 characters of base64url; says nothing about the conversation."""
    mixed = hashlib.blake2b(f"{letter.user_id}\n{letter.conversation_id}".encode(), digest_size=24).digest()
    return base64.urlsafe_b64encode(mixed).decode()


def _are_keys(p256dh: str, auth: str) -> bool:
    """Whether a browser's keys are a point of P-256 and 16 bytes."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(p256dh))
        return len(_decoded(auth)) == 16
    except ValueError:
        return False


def _decoded(key: str) -> bytes:
    return base64.urlsafe_b64decode(key.rstrip("=") + "=" * (-len(key.rstrip("=")) % 4))
