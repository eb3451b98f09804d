"""Names of files: what is kept of the client's, and how it goes into a header."""

import unicodedata
from urllib.parse import quote

MAX_NAME_CHARS = 150
_MAX_SUFFIX_CHARS = 20
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
# Quotes and separators would end a header's value or a folder; the others are no names on some systems.
_FORBIDDEN = frozenset('"<>:|?*')


def clean_filename(raw: str) -> str:
    """A client's file name without folders, control or bidirectional characters; at most 150 characters.

    `photo\\u202egnp.exe` would be shown as `photoexe.png`, so what turns the direction of writing goes. The end of
    a long name is kept up to 20 characters, for its suffix.
    """
    base = raw.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(
        char
        for char in unicodedata.normalize("NFC", base)
        if char not in _BIDI
        and char not in _FORBIDDEN
        and unicodedata.category(char) not in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp")
    )
    name = kept.strip().strip(".").strip()
    if len(name) > MAX_NAME_CHARS:
        stem, dot, suffix = name.rpartition(".")
        tail = dot + suffix if dot and len(suffix) < _MAX_SUFFIX_CHARS else ""
        name = (stem if tail else name)[: MAX_NAME_CHARS - len(tail)] + tail
    return name or "file"


def disposition(kind: str, filename: str) -> str:
    """A `Content-Disposition` (RFC 6266): a plain name for old readers, the real one beside it (RFC 8187)."""
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    plain = "".join(char for char in plain if char.isprintable() and char not in '"\\%') or "file"
    value = f'{kind}; filename="{plain}"'
    return value if plain == filename else f"{value}; filename*=UTF-8''{quote(filename, safe='')}"
