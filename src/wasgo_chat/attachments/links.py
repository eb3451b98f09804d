"""Signed links to stored files: what may be fetched, which variant, and until when; nothing of who fetches."""

import base64
import hashlib
import hmac
import time
from uuid import UUID

from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import Forbidden, NotFound

_MAC_BYTES = 16


class LinkExpired(Forbidden):
    """A link was real, and its time is over; load its attachment again for a new one."""

    code, title = "link_expired", "This link has expired; load the attachment again for a new one"


def signed_url(settings: Settings, attachment_id: UUID, variant: str) -> str:
    """A URL of our own that needs no token.

    Lives from one to two times `ATTACHMENT_URL_TTL_S`: the moment is rounded, so that an attachment that is loaded
    again keeps its URL for a while, and browsers their copy.
    """
    ttl = settings.attachment_url_ttl_s
    expires = (int(time.time()) // ttl + 2) * ttl
    signature = _signature(settings, attachment_id, variant, expires)
    path = f"/chat/attachments/{attachment_id}/{variant}?expires={expires}&signature={signature}"
    return settings.public_url.rstrip("/") + path


def check_link(settings: Settings, attachment_id: UUID, variant: str, expires: int, signature: str) -> int:
    """The seconds that a link has still to live.

    Raises:
        NotFound: it was not signed here for just this.
        LinkExpired: it was, and is too old.
    """
    expected = _signature(settings, attachment_id, variant, expires)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise NotFound
    left = expires - int(time.time())
    if left <= 0:
        raise LinkExpired
    return left


def _signature(settings: Settings, attachment_id: UUID, variant: str, expires: int) -> str:
    # The first word keeps this use of the key apart from cursors and request hashes.
    scope = f"attachment\n{attachment_id}\n{variant}\n{expires}".encode()
    mac = hmac.digest(settings.hash_key(), scope, hashlib.sha256)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
