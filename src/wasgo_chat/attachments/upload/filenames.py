"""File names: cleaning those that clients send, and formatting them for `Content-Disposition`."""

import unicodedata
from urllib.parse import quote

MAX_NAME_CHARS = 150
_MAX_SUFFIX_CHARS = 20
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
# Quotes and separators could end a header value or a path; the others are not allowed on some systems.
_FORBIDDEN = frozenset('"<>:|?*')


def clean_filename(raw: str) -> str:
    """A client's file name without folders, control or bidirectional characters; at most 150 characters.

    `photo\\u202egnp.exe` would be displayed as `photoexe.png`, so bidirectional controls are removed. A long name keeps
    its suffix of up to 20 characters.
    """
    base = raw.replace("\\", "/").rsplit("/", 1)[-1]
    allowed = "".join(
        char
        for char in unicodedata.normalize("NFC", base)
        if char not in _BIDI
        and char not in _FORBIDDEN
        and unicodedata.category(char) not in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp")
    )
    name = allowed.strip().strip(".").strip()
    if len(name) > MAX_NAME_CHARS:
        stem, dot, suffix = name.rpartition(".")
        tail = dot + suffix if dot and len(suffix) < _MAX_SUFFIX_CHARS else ""
        name = (stem if tail else name)[: MAX_NAME_CHARS - len(tail)] + tail
    return name or "file"


def disposition(kind: str, filename: str) -> str:
    """A `Content-Disposition` (RFC 6266): an ASCII name for old clients, and the full name (RFC 8187)."""
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    plain = "".join(char for char in plain if char.isprintable() and char not in '"\\%') or "file"
    value = f'{kind}; filename="{plain}"'
    return value if plain == filename else f"{value}; filename*=UTF-8''{quote(filename, safe='')}"
