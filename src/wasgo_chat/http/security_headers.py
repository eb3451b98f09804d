"""Headers that every answer carries, whoever made it, so that a browser does nothing with it that nobody meant.

What an answer says for itself stays: files and pages have policies of their own.
"""

from collections.abc import Iterable

from wasgo_chat.core.config import Settings

Header = tuple[bytes, bytes]

_ALWAYS: list[Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
# A page needs its scripts; it says itself which. Nobody needs it in a frame.
_OF_PAGES = b"frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
_OF_DATA = b"default-src 'none'; frame-ancestors 'none'"


class SecurityHeaders:
    """The headers of one service."""

    def __init__(self, settings: Settings) -> None:
        self._always = list(_ALWAYS)
        if settings.hsts_max_age_s:
            self._always.append((b"strict-transport-security", b"max-age=%d" % settings.hsts_max_age_s))

    def apply(self, headers: Iterable[Header]) -> list[Header]:
        """An answer's headers with those that it lacks."""
        own = [(name.lower(), value) for name, value in headers]
        given = dict(own)
        kind = given.get(b"content-type", b"")
        wanted = list(self._always)
        if b"json" in kind:
            # What a token shows is not for caches that others read from.
            wanted.append((b"cache-control", b"no-store"))
        if kind.startswith(b"text/html"):
            wanted.append((b"content-security-policy", _OF_PAGES))
        elif not kind.startswith((b"image/", b"audio/", b"video/")):
            # A browser that shows a picture or film by itself makes a page around it, which this would break.
            wanted.append((b"content-security-policy", _OF_DATA))
        return [*own, *((name, value) for name, value in wanted if name not in given)]
