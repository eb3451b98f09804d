"""Signed links to stored files. A link names the file, its variant and its expiry; anyone who has it can use it."""

import base64
import hashlib
import hmac
import time
from uuid import UUID

from wasgo_chat.core.errors import Forbidden, NotFound
from wasgo_chat.settings.config import Settings

_MAC_BYTES = 16


class LinkExpired(Forbidden):
    """The link was valid and has expired."""

    code, title = "link_expired", "This link has expired. Load the attachment again to get a new one"


def signed_url(settings: Settings, attachment_id: UUID, variant: str) -> str:
    """A URL of this service that needs no token.

    Valid for one to two times `ATTACHMENT_URL_TTL_S`. The expiry is rounded, so that an attachment that is loaded again
    keeps its URL for a while and browsers can use their cached copy.
    """
    ttl = settings.attachment_url_ttl_s
    expires = (int(time.time()) // ttl + 2) * ttl
    signature = _signature(settings, attachment_id, variant, expires)
    path = f"/chat/attachments/{attachment_id}/{variant}?expires={expires}&signature={signature}"
    return settings.public_url.rstrip("/") + path


def check_link(settings: Settings, attachment_id: UUID, variant: str, expires: int, signature: str) -> int:
    """Check a link. Returns the seconds until it expires.

    Raises:
        NotFound: the signature is not valid for this file, variant and expiry.
        LinkExpired: it is valid, and has expired.
    """
    expected = _signature(settings, attachment_id, variant, expires)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise NotFound
    seconds_left = expires - int(time.time())
    if seconds_left <= 0:
        raise LinkExpired
    return seconds_left


def _signature(settings: Settings, attachment_id: UUID, variant: str, expires: int) -> str:
    # The prefix separates this use of the key from cursors and request hashes.
    scope = f"attachment\n{attachment_id}\n{variant}\n{expires}".encode()
    mac = hmac.digest(settings.hash_key(), scope, hashlib.sha256)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
