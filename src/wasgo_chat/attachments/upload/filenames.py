"""File names: reading and cleaning those that clients send, and formatting them for `Content-Disposition`."""

import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import quote, unquote_to_bytes

MAX_NAME_CHARS = 150
_MAX_SUFFIX_CHARS = 20
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
# Quotes and separators could end a header value or a path; the others are not allowed on some systems.
_FORBIDDEN = frozenset('"<>:|?*')


_PARAMETER = re.compile(rb""";\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)""")
_EXTENDED = re.compile(rb"(utf-8|iso-8859-1)'[^']*'([\x21-\x7e]*)", re.IGNORECASE)
_ENCODED_WORDS = re.compile(r"(=\?[\w-]+(\*[\w-]+)?\?[BbQq]\?[^?\s]*\?=\s*)+")
# Code points without a character: some are defined never to have one, some would be invisible.
_UNASSIGNED = re.compile("[\u2065\ufdd0-\ufdef\ufff0-\ufff8\U000e0000-\U000e0fff]")


def named_file(disposition: bytes, plain: bytes | None) -> str | None:
    """The name of a file in a part of a form, in any of its three spellings; None if the part is a field.

    `filename*` (RFC 8187) takes precedence. Some clients put an encoded word (RFC 2047) into `filename`.

    Args:
        disposition: the header `Content-Disposition`.
        plain: its parameter `filename`, if it has one.
    """
    for name, value in _PARAMETER.findall(disposition):
        if name.lower() == b"filename*" and (extended := _EXTENDED.fullmatch(value.strip().strip(b'"'))):
            try:
                return unquote_to_bytes(extended[2]).decode(extended[1].decode())
            except UnicodeDecodeError:
                break
    if plain is None:
        return None
    try:
        name = plain.decode()
    except UnicodeDecodeError:
        return plain.decode("latin-1")
    if _ENCODED_WORDS.fullmatch(name):
        try:
            return str(make_header(decode_header(name)))
        except (HeaderParseError, LookupError, UnicodeDecodeError, ValueError):
            return name
    # Browsers escape exactly these three characters. None of them is kept in a name.
    return name.replace("%22", "").replace("%0A", "").replace("%0D", "")


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
        and unicodedata.category(char) not in ("Cc", "Cs", "Co", "Zl", "Zp")
        and not _is_no_character(char)
    )
    name = allowed.strip().strip(".").strip()
    if len(name) > MAX_NAME_CHARS:
        stem, dot, suffix = name.rpartition(".")
        tail = dot + suffix if dot and len(suffix) < _MAX_SUFFIX_CHARS else ""
        name = (stem if tail else name)[: MAX_NAME_CHARS - len(tail)] + tail
    return name or "file"


def _is_no_character(char: str) -> bool:
    """Whether a code point has no character. Those without one yet may be emoji that are newer than Python's tables."""
    if unicodedata.category(char) != "Cn":
        return False
    return ord(char) & 0xFFFE == 0xFFFE or _UNASSIGNED.match(char) is not None


def disposition(kind: str, filename: str) -> str:
    """A `Content-Disposition` (RFC 6266): an ASCII name for old clients, and the full name (RFC 8187)."""
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    plain = "".join(char for char in plain if char.isprintable() and char not in '"\\%') or "file"
    value = f'{kind}; filename="{plain}"'
    return value if plain == filename else f"{value}; filename*=UTF-8''{quote(filename, safe='')}"
