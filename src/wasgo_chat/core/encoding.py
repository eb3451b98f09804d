"""Encoding and validation of data at the API boundary: ids, text, JSON limits, cursors and JSON encoding."""

import base64
import hashlib
import hmac
import math
import re
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response
from uuid_utils.compat import uuid7

MAX_SAFE_INTEGER = 2**63 - 1
MAX_TEXT_CHARS = 100_000
"""Characters of the longest text that any setting allows."""
MAX_LIST_ITEMS = 5_000
"""Entries of the longest list that any setting allows."""
MAX_OBJECT_KEYS = 2_000
"""Keys of a JSON object that the client chooses. 8 KiB of JSON have room for 1,365."""
MAX_UNKNOWN_FIELDS = 20
_BIDI_CONTROLS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_CURSOR_MAC_BYTES = 12

encode = msgspec.json.Encoder().encode
"""Encode plain values as JSON bytes: datetimes as RFC 3339 in UTC, UUIDs as strings."""


decode = msgspec.json.Decoder(float_hook=float).decode
"""Decode JSON that a client has sent. msgspec's own conversion of numbers like `1e308` takes ten times as long as that
of other numbers, and a frame has room for ten thousand of them.

Raises:
    msgspec.DecodeError, RecursionError, UnicodeEncodeError: it is not JSON, or is nested too deeply.
"""


def encode_str(value: Any) -> str:
    """Encode plain values as a JSON string."""
    return encode(value).decode()


def distinct_ids(ids: Iterable[UUID]) -> list[UUID]:
    """The ids without repetitions, in their order.

    The hash of a UUID is its value modulo a known prime, so a client can choose thousands of ids that collide, and a
    set of them would take time proportional to the square of their number. Hashes of bytes depend on a secret.
    """
    return list({one.bytes: one for one in ids}.values())


def uuid7_at(milliseconds: int, random_bits: int) -> UUID:
    """A UUIDv7 (RFC 9562, section 5.7) with a given time and given 74 random bits, for reproducible ids."""
    high, low = random_bits >> 62 & 0xFFF, random_bits & (1 << 62) - 1
    return UUID(int=(milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562), which sorts by creation time."""
    return uuid7()


class RequestModel(BaseModel):
    """Base of request models. Unknown fields are rejected, each with an error of its own as long as they are few.

    Every list, string and object with free keys of a request has a maximum length in its schema, and a list reports
    its first invalid entry only. So the errors of a request are few, whatever a client sends.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _limit_fields(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) > len(cls.model_fields) + MAX_UNKNOWN_FIELDS:
            message = "has too many unknown fields"
            raise PydanticCustomError("too_many_fields", message)
        return value


class ResponseModel(BaseModel):
    """Base of response models. They document responses, and tests validate responses against them.

    Responses themselves are encoded from plain values, so models are built only when a schema is generated.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)


# Unicode categories Cc, Cs, Zl and Zp. U+2028 and U+2029 end a line: a mail header cannot have them.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BIDI_OVERRIDES = dict.fromkeys(range(0x202A, 0x202F))


# What is displayed as nothing: White_Space and Default_Ignorable_Code_Point of Unicode (Standard Annex 44), and the
# characters outside of both that fonts draw empty: the Braille blank, the null notehead, interlinear annotations.
_INVISIBLE = (
    r"\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_ALL_INVISIBLE = re.compile(f"[{_INVISIBLE}]*")
# At the ends of a name: white space and what is displayed as nothing. Selectors, tags and joiners may belong to the
# emoji or letter before them.
_WHITE_SPACE = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
_PADDING = f"{_WHITE_SPACE}\u00ad\u115f\u1160\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u2800\u3164\ufeff\uffa0"


def is_blank(text: str) -> bool:
    """Whether text is empty, or consists of characters that are displayed as nothing."""
    return _ALL_INVISIBLE.fullmatch(text) is not None


def none_if_blank(text: str | None) -> str | None:
    """None for text that is displayed as nothing: a service may write either to remove a value."""
    return None if text is None or is_blank(text) else text


def strip_blank(text: str) -> str:
    """Text without white space and invisible characters at its ends; empty if it has nothing else."""
    return "" if is_blank(text) else text.strip(_PADDING)


def unix_newlines(text: str) -> str:
    """Text with newlines in place of CRLF and CR, as forms and Windows write line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def has_control_characters(text: str, *, allowed: str = "\n\t\u2028\u2029") -> bool:
    """Whether text contains NUL, a lone surrogate, a line separator or a control character other than `allowed`."""
    controls = _CONTROLS.findall(text)
    return bool(controls) and not set(controls) <= set(allowed)


def clean_line(text: str) -> str:
    """Text as one line: a space in place of control characters and separators, without bidirectional overrides."""
    return " ".join(strip_bidi_overrides(_CONTROLS.sub(" ", text)).split())


def strip_bidi_overrides(text: str) -> str:
    """Remove embeddings and overrides (U+202A to U+202E), which have an effect beyond the text. Isolates stay."""
    return text.translate(_BIDI_OVERRIDES)


def strip_bidi_controls(text: str) -> str:
    """Remove bidirectional control characters (Unicode Standard Annex 9, section 2), which reorder surrounding text."""
    return text.translate(_BIDI_CONTROLS)


def _clean(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = unix_newlines(text)
    if has_control_characters(text):
        raise PydanticCustomError("control_character", "NUL, surrogates and control characters are not allowed")
    return text


def _clean_line(text: str) -> str:
    if has_control_characters(text, allowed=""):
        message = "NUL, surrogates, control characters and line separators are not allowed"
        raise PydanticCustomError("control_character", message)
    return text


Text = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS), AfterValidator(_clean)]
"""Text without control characters, except newline and tab; other line ends become newlines. The settings limit it
further.
"""

SingleLine = Annotated[str, AfterValidator(_clean_line)]
"""Text without control characters and line separators."""

ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_clean_line)]
"""An opaque id assigned by another system: 1 to 128 characters."""

UserId = ExternalId


JsonObject = Annotated[dict[str, Any], Field(max_length=MAX_OBJECT_KEYS)]
"""A JSON object chosen by the client. `clean_json` checks its size, depth and strings against the settings."""

Title = Annotated[
    str,
    Field(max_length=200),
    AfterValidator(_clean_line),
    AfterValidator(strip_bidi_overrides),
    AfterValidator(strip_blank),
]
Seq = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]


_TOO_DEEP = "is nested too deeply"
_CONTROL_CHARACTER = "contains NUL, a surrogate or a control character"


def clean_json(value: Any, *, max_bytes: int, max_depth: int) -> str | None:
    """Replace the line ends in all strings of a JSON value, in place. Returns why it cannot be stored, or None.

    The size is checked first: encoding is fast, the other steps are not.
    """
    try:
        size = len(encode(value))
    except RecursionError:
        return _TOO_DEEP
    except UnicodeEncodeError:
        return _CONTROL_CHARACTER
    if size > max_bytes:
        return f"is larger than {max_bytes} bytes"
    _use_unix_newlines(value)
    return _json_problem(value, max_depth)


def _use_unix_newlines(value: Any) -> None:
    """Replace the line ends in the strings of a JSON value, without recursion: it may be nested deeply."""
    containers: list[Any] = [value]
    while containers:
        container = containers.pop()
        for key, part in list(container.items() if isinstance(container, dict) else enumerate(container)):
            if isinstance(part, str):
                container[key] = unix_newlines(part)
            elif isinstance(part, dict | list):
                containers.append(part)


def _json_problem(value: Any, depth_left: int) -> str | None:
    match value:
        case None | bool():
            return None
        case str():
            return _CONTROL_CHARACTER if has_control_characters(value) else None
        case int():
            return None if abs(value) <= MAX_SAFE_INTEGER else "contains an integer beyond 64 bits"
        case float():
            if not math.isfinite(value):
                return "contains a number that is not finite"
            # PostgreSQL writes all digits of a number: 1e300 has 5 bytes in the request but 301 in a response.
            return (
                None
                if value == 0 or 1e-30 <= abs(value) <= MAX_SAFE_INTEGER
                else "contains a number with too large an exponent"
            )
        case dict() | list():
            if depth_left == 0:
                return _TOO_DEEP
            parts: Iterable[Any] = [*value.keys(), *value.values()] if isinstance(value, dict) else value
            return next((problem for part in parts if (problem := _json_problem(part, depth_left - 1))), None)
    return "contains a value that is not JSON"


def keyed_hash(key: bytes, value: Any) -> bytes:
    """Keyed hash of a value, 32 bytes: allows comparison without storing or revealing the value."""
    return hashlib.blake2b(encode(value), key=key, digest_size=32).digest()


def sign_cursor(key: bytes, value: list[Any]) -> str:
    """An opaque, signed page cursor."""
    body = encode(value)
    mac = hmac.digest(key, b"cursor" + body, hashlib.sha256)[:_CURSOR_MAC_BYTES]
    return base64.urlsafe_b64encode(mac + body).rstrip(b"=").decode()


def verify_cursor(key: bytes, cursor: str) -> list[Any] | None:
    """The value of a cursor made by `sign_cursor`; None if the cursor is invalid."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        return None
    mac, body = raw[:_CURSOR_MAC_BYTES], raw[_CURSOR_MAC_BYTES:]
    if not hmac.compare_digest(mac, hmac.digest(key, b"cursor" + body, hashlib.sha256)[:_CURSOR_MAC_BYTES]):
        return None
    return msgspec.json.decode(body, type=list[Any])


class JsonResponse(Response):
    """A JSON response encoded by msgspec, bypassing FastAPI's validation of response models."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return encode(content)
