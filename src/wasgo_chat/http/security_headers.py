"""Security headers of all responses. Headers that a response sets itself are kept: files and pages have policies."""

from collections.abc import Iterable

from wasgo_chat.settings.config import Settings

Header = tuple[bytes, bytes]

_ALWAYS: list[Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
# HTML pages set their own script policy. They are never framed.
_PAGE_POLICY = b"frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
_DATA_POLICY = b"default-src 'none'; frame-ancestors 'none'"

# The policies of responses that set their own; those of the static pages are in `static_pages`.
DOWNLOAD_POLICY = "sandbox; default-src 'none'"
"""For uploaded files that browsers do not display."""

MEDIA_POLICY = f"{DOWNLOAD_POLICY}; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
"""For images, audio and video: a browser that navigates to one renders a page around it, which needs these sources."""

FORM_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
"""For a page that has only a form."""


class SecurityHeaders:
    """The security headers, as configured."""

    def __init__(self, settings: Settings) -> None:
        self._always = list(_ALWAYS)
        if settings.hsts_max_age_s:
            self._always.append((b"strict-transport-security", b"max-age=%d" % settings.hsts_max_age_s))

    def apply(self, headers: Iterable[Header]) -> list[Header]:
        """A response's headers, completed with the missing security headers."""
        return _complete(headers, self._always)


def with_security_headers(headers: Iterable[Header]) -> list[Header]:
    """The headers of a response that is sent before the app gets a request, completed: all but the configured ones."""
    return _complete(headers, _ALWAYS)


def _complete(headers: Iterable[Header], always: Iterable[Header]) -> list[Header]:
    present = [(name.lower(), value) for name, value in headers]
    by_name = dict(present)
    content_type = by_name.get(b"content-type", b"")
    required = list(always)
    if b"json" in content_type:
        # Authorized data must not be stored by shared caches.
        required.append((b"cache-control", b"no-store"))
    if content_type.startswith(b"text/html"):
        required.append((b"content-security-policy", _PAGE_POLICY))
    elif not content_type.startswith((b"image/", b"audio/", b"video/")):
        # Not for media: a browser displays an image or video in a page of its own, which this policy would break.
        required.append((b"content-security-policy", _DATA_POLICY))
    return [*present, *((name, value) for name, value in required if name not in by_name)]
