"""Web push (RFC 8030): encrypted for one browser (RFC 8291), signed for its push service (VAPID, RFC 8292)."""

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

from wasgo_chat.core.encoding import encode
from wasgo_chat.core.errors import Invalid
from wasgo_chat.core.http_client import (
    NEVER_SENT,
    PrivateAddress,
    internal_client,
    parse_web_url,
    require_public_host,
    ssrf_safe_client,
)
from wasgo_chat.core.name_resolver import NameResolver
from wasgo_chat.notifications.delivery import texts
from wasgo_chat.notifications.delivery.base import BeforeHandover, DeliveryFailed, SubscriptionGone, parse_retry_after
from wasgo_chat.notifications.delivery.digest import NotificationDigest, PushTarget
from wasgo_chat.settings.config import Settings, UnsafeSettings

TTL_S = 24 * 3600
_TOKEN_S = 12 * 3600
_GONE = (404, 410)
_RETRYABLE = (408, 425, 429)

RESOLVER = NameResolver()
"""Looks up the hosts of endpoints. Subscriptions and deliveries of a worker share its cache."""


def vapid_key(settings: Settings) -> ec.EllipticCurvePrivateKey:
    """The private key in `VAPID_PRIVATE_KEY`.

    Raises:
        UnsafeSettings: it is not a P-256 key.
    """
    encoded = settings.vapid_private_key.get_secret_value().strip() if settings.vapid_private_key else ""
    try:
        if encoded.startswith("-----BEGIN"):
            key = load_pem_private_key(encoded.encode(), password=None)
            if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
                return key
        else:
            raw = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
            if len(raw) == 32:
                return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    except ValueError:
        pass  # reported below; the error of the parser could contain the key
    raise UnsafeSettings("WASGO_CHAT_VAPID_PRIVATE_KEY must be a P-256 key: PEM, or 32 bytes in base64url.")


def public_key(settings: Settings) -> str:
    """The `applicationServerKey` of the Push API, in base64url.

    Raises:
        UnsafeSettings: `VAPID_PRIVATE_KEY` is not a P-256 key.
    """
    point = vapid_key(settings).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


async def validate_subscription(settings: Settings, endpoint: str, p256dh: str, auth: str) -> None:
    """Validate a browser's subscription. Resolves the host name of its push service.

    Raises:
        Invalid: the keys are malformed, or the endpoint is not an https:// URL of a public host, on port 443.
    """
    if not _are_valid_keys(p256dh, auth):
        raise Invalid.field(["keys"], "keys", "must be a P-256 point and 16 bytes, in base64url")
    try:
        url = _endpoint_url(endpoint, allows_private=settings.push_to_private_addresses)
        if not settings.push_to_private_addresses:
            await require_public_host(RESOLVER, url.raw_host.decode("ascii"))
    except PrivateAddress as error:
        raise Invalid.field(["endpoint"], "endpoint", "must be the URL of a push service") from error
    except ValueError as error:
        raise Invalid.field(["endpoint"], "endpoint", str(error)) from error


class PushChannel:
    """Web push to the push service that each browser names.

    Only public hosts over TLS are contacted, unless `PUSH_TO_PRIVATE_ADDRESSES` is set.

    Raises:
        UnsafeSettings: a required setting is missing or invalid.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.vapid_subject.startswith(("mailto:", "https://")):
            raise UnsafeSettings(
                "WASGO_CHAT_VAPID_SUBJECT must be a mailto: or https:// URL, the contact for push services."
            )
        key = vapid_key(settings)
        self._pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public_pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self._public = public_key(settings)
        self._subject = settings.vapid_subject
        self._allows_private = settings.push_to_private_addresses
        # Only its encryption is used: its authorization omits the port from `aud`.
        self._crypto = WebPush(private_key=self._pem, public_key=public_pem, subscriber="unused", ttl=TTL_S)
        self._client = internal_client() if self._allows_private else ssrf_safe_client(RESOLVER)

    async def send(self, digest: NotificationDigest, before_handover: BeforeHandover) -> None:
        """A repetition replaces the first push at the push service (`Topic`) and on the screen (`tag`)."""
        target = digest.push_target or PushTarget("", "", "")
        try:
            payload = encode(_payload(digest))
        except ValueError as error:
            raise DeliveryFailed("push_not_usable", is_final=True) from error
        try:
            url = _endpoint_url(target.endpoint, allows_private=self._allows_private)
            encrypted = self._encrypt(payload, target)
        except ValueError as error:
            # The subscription was stored by a release that accepted it, so a new one would not be of this kind.
            raise SubscriptionGone("push_not_usable", is_final=True) from error
        headers = {
            "Authorization": self._authorization(url),
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(TTL_S),
            "Urgency": "normal",
            "Topic": _topic(digest),
        }
        try:
            # The body of the response is never read: it may be endless.
            async with self._client.stream("POST", url, content=encrypted, headers=headers) as response:
                status, wait_s = response.status_code, parse_retry_after(response.headers.get("retry-after"))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            is_final = isinstance(error, NEVER_SENT)
            raise DeliveryFailed(f"push_{type(error).__name__}", is_final=is_final) from error
        if status in _GONE:
            raise SubscriptionGone(f"push_{status}", is_final=True)
        if not 200 <= status < 300:
            is_final = status < 500 and status not in _RETRYABLE
            raise DeliveryFailed(f"push_{status}", is_final=is_final, retry_after_s=wait_s)

    async def close(self) -> None:
        await self._client.aclose()

    def _encrypt(self, payload: bytes, target: PushTarget) -> bytes:
        """The encrypted payload. Raises: ValueError, if the keys or the endpoint are malformed."""
        if not _are_valid_keys(target.p256dh, target.auth):
            raise ValueError("the keys are malformed")
        subscription = WebPushSubscription.model_validate(
            {"endpoint": target.endpoint, "keys": {"p256dh": target.p256dh, "auth": target.auth}}
        )
        encrypted: bytes = self._crypto.get(payload, subscription).encrypted
        return encrypted

    def _authorization(self, url: httpx2.URL) -> str:
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        claims = {"aud": origin, "exp": int(time.time()) + _TOKEN_S, "sub": self._subject}
        return f"vapid t={jwt.encode(claims, self._pem, 'ES256')}, k={self._public}"


def _endpoint_url(endpoint: str, *, allows_private: bool) -> httpx2.URL:
    """The URL of an endpoint to which a push can be sent.

    Raises:
        ValueError: there can be no push service at this URL; the message is for the client that subscribes.
    """
    url = parse_web_url(endpoint)
    if url.userinfo:
        raise ValueError("must not contain a user name or password")
    if not allows_private and url.scheme != "https":
        raise ValueError("must be an https:// URL")
    if not allows_private and url.port not in (None, 443):
        raise ValueError("must use port 443")
    return url


def _payload(digest: NotificationDigest) -> dict[str, object]:
    """The data of the service worker's `push` event; well below the limit of 4 KiB."""
    newest = digest.items[-1]
    return {
        "title": digest.title,
        "body": newest.text or texts.subject(digest),
        "tag": str(digest.conversation_id),
        "conversation_id": digest.conversation_id,
        "message_id": newest.message_id,
        "kind": newest.kind,
        "count": digest.count,
        "url": digest.link,
    }


def _topic(digest: NotificationDigest) -> str:
    """RFC 8030, 5.4: at most 32 characters of base64url. A hash, which tells the push service nothing."""
    hashed = hashlib.blake2b(f"{digest.user_id}\n{digest.conversation_id}".encode(), digest_size=24).digest()
    return base64.urlsafe_b64encode(hashed).decode()


def _are_valid_keys(p256dh: str, auth: str) -> bool:
    """Whether the keys of a subscription are a point on P-256 and 16 bytes."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(p256dh))
        return len(_decoded(auth)) == 16
    except ValueError:
        return False


def _decoded(key: str) -> bytes:
    return base64.urlsafe_b64decode(key.rstrip("=") + "=" * (-len(key.rstrip("=")) % 4))
