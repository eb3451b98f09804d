"""Detects the content type of a file from its content, never from its name, and checks it against the message type.

Types that a browser displays (`INLINE`) are detected by strict signatures of our own. Everything else is served as a
download only, so a guess is good enough.
"""

import re
import zlib
from pathlib import Path

from wasgo_chat.attachments.upload.metadata.bmp import HEADER_BYTES as BMP_HEADER_BYTES
from wasgo_chat.attachments.upload.metadata.bounded_io import RangedFile
from wasgo_chat.attachments.upload.metadata.iso_boxes import handlers_of
from wasgo_chat.attachments.upload.metadata.matroska import AUDIO as AUDIO_TRACK
from wasgo_chat.attachments.upload.metadata.matroska import VIDEO as VIDEO_TRACK
from wasgo_chat.attachments.upload.metadata.matroska import track_kinds
from wasgo_chat.core.errors import ChatError

IMAGES = frozenset(["image/jpeg", "image/png", "image/gif", "image/webp"])
"""Images that are copied without metadata, and must be decodable."""
PREVIEWED_IMAGES = frozenset(["image/heic", "image/avif", "image/tiff", "image/bmp"])
"""Images that are cleaned in place, and have a thumbnail if they can be decoded."""
AUDIO = frozenset(["audio/mpeg", "audio/ogg", "audio/wav", "audio/mp4", "audio/webm"])
VIDEO = frozenset(["video/mp4", "video/webm", "video/quicktime"])
INLINE = IMAGES | AUDIO | VIDEO | {"image/avif", "image/bmp"}
CLEANED = (
    INLINE | PREVIEWED_IMAGES | {"video/ogg", "video/x-matroska", "audio/x-matroska", "video/x-msvideo", "audio/flac"}
)
"""The types whose metadata is removed. The package `metadata` has the functions."""
EXECUTABLE = "application/x-executable"
UNKNOWN = "application/octet-stream"

FILE_TYPES: dict[str, frozenset[str] | None] = {
    "image": IMAGES | PREVIEWED_IMAGES,
    "file": None,
    "audio": AUDIO | {"audio/amr"},  # of older phones; browsers do not play it, so it is a download
    "video": VIDEO,
}
"""The message types that need files, and the content types that each takes. None: any, except executables."""

_EDGE_BYTES = 65_536
_MAX_READS = 20_000
# Only known names: any other would be copied from the file into a header.
_NAMED_IN_ZIP = re.compile(rb"application/(epub\+zip|vnd\.oasis\.opendocument\.[a-z-]{1,40})(?=PK)")
_HEIF_BRANDS = frozenset(
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1", b"miaf",
     b"avci", b"avcs", b"jpeg", b"jpgs", b"j2ki", b"vvic"]
)  # fmt: skip
_AVIF_BRANDS = frozenset([b"avif", b"avis"])
_SOUND_BRANDS = frozenset([b"M4A ", b"M4B ", b"M4P ", b"F4A "])
_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"%PDF-", "application/pdf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"II\x2a\x00", "image/tiff"),
    (b"MM\x00\x2a", "image/tiff"),
    (b"II\x2b\x00\x08\x00\x00\x00", "image/tiff"),
    (b"MM\x00\x2b\x00\x08\x00\x00", "image/tiff"),
)
_AMR = b"#!AMR"  # a recording, not a script
# Texts may begin with these as well. What follows in a program is not text.
_EXECUTABLES_UNLESS_TEXT = (
    b"MZ",  # Windows, DOS
    b"dex\n",
    b"Cr24",  # browser extension
)
_EXECUTABLES = (
    b"\x7fELF",
    b"#!",
    b"\xfe\xed\xfa\xce",  # Mach-O, both byte orders and widths
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",  # Java class, universal Mach-O
    b"\x00asm",
    b"\xed\xab\xee\xdb",  # rpm
    b"!<arch>\ndebian",
    b"L\x00\x00\x00\x01\x14\x02\x00",  # Windows shortcut
)
# https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type, and a few more tags.
_HTML_TAGS = (
    b"!doctype html", b"html", b"head", b"script", b"iframe", b"h1", b"div", b"font", b"table", b"a", b"style",
    b"title", b"b", b"body", b"br", b"p", b"!--", b"img", b"meta", b"link", b"form", b"object", b"embed", b"base",
    b"template", b"math",
)  # fmt: skip


class TypeNotAllowed(ChatError):
    """The content type of a file is not allowed."""

    status, code, title = 415, "unsupported_attachment_type", "Files of this type are not allowed"


def require_allowed(content_type: str, message_type: str | None) -> None:
    """Check the content type of a file for a message of this type (None: any type).

    Raises:
        TypeNotAllowed: the message cannot have such a file.
    """
    if not is_allowed(content_type, message_type):
        raise TypeNotAllowed


def is_allowed(content_type: str, message_type: str | None) -> bool:
    """Whether a message of this type (None: any type) can have such a file."""
    if content_type == EXECUTABLE:
        return False
    allowed = FILE_TYPES.get(message_type) if message_type is not None else None
    return allowed is None or content_type in allowed


def must_be_decodable(message_type: str | None) -> bool:
    """Whether a message of this type (None: any type) is refused if its images cannot be decoded."""
    return message_type == "image"


def content_type_of(path: Path) -> str:
    """The media type of a file's content; `EXECUTABLE` for programs of every kind. Reads only both ends of the file."""
    with path.open("rb") as file:
        head = file.read(_EDGE_BYTES)
        file.seek(max(0, path.stat().st_size - _EDGE_BYTES))
        tail = file.read(_EDGE_BYTES)
    if head[4:8] == b"ftyp":
        return _iso_media(path, head)
    return _by_signature(path, head, tail) or _by_text(head) or _by_guess(head)


def _by_signature(path: Path, head: bytes, tail: bytes) -> str | None:
    if head.startswith(_AMR):
        return "audio/amr"
    if head.startswith(_EXECUTABLES) or (head.startswith(_EXECUTABLES_UNLESS_TEXT) and _has_controls(head[:64])):
        return EXECUTABLE
    for signature, content_type in _SIGNATURES:
        if head.startswith(signature):
            return content_type
    if head[:2] == b"BM" and head[6:10] == bytes(4) and int.from_bytes(head[14:18], "little") in BMP_HEADER_BYTES:
        return "image/bmp"
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12])
    if head[:4] == b"OggS":
        return "video/ogg" if b"\x80theora" in head[:4096] else "audio/ogg"
    if head[:4] == b"\x1aE\xdf\xa3":
        return _matroska(path, head)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _zip(head, tail)
    # MPEG audio without an ID3 tag: eleven set bits, layer III, a valid bit rate and sampling rate.
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] >> 4 not in (0, 15):
        return "audio/mpeg" if head[2] & 0x0C != 0x0C else None
    return None


def _matroska(path: Path, head: bytes) -> str:
    with RangedFile(path, _MAX_READS) as file:
        kinds = track_kinds(file)
    kind = "audio" if AUDIO_TRACK in kinds and VIDEO_TRACK not in kinds else "video"
    return f"{kind}/webm" if b"webm" in head[:64] else f"{kind}/x-matroska"


def _iso_media(path: Path, head: bytes) -> str:
    end = min(int.from_bytes(head[:4]), 256)
    brand, others = head[8:12], {head[at : at + 4] for at in range(16, end, 4)}
    if brand in _AVIF_BRANDS or (brand in _HEIF_BRANDS and others & _AVIF_BRANDS):
        return "image/avif"
    if brand in _HEIF_BRANDS:
        return "image/heic"
    if brand == b"qt  ":
        return "video/quicktime"
    if brand in _SOUND_BRANDS:
        return "audio/mp4"
    # Phones use the brands of video for audio recordings as well. The handlers of the tracks tell them apart.
    handlers = handlers_of(path)
    if b"pict" in handlers and not handlers & {b"vide", b"soun"}:
        return "image/heic"
    return "audio/mp4" if b"soun" in handlers and b"vide" not in handlers else "video/mp4"


def _zip(head: bytes, tail: bytes) -> str:
    """By the names of members, in the first local header and in the central directory at the end."""
    both = head + tail
    if b"META-INF/MANIFEST.MF" in both or b"AndroidManifest.xml" in both:
        return EXECUTABLE
    if head[30:38] == b"mimetype":
        declared = _NAMED_IN_ZIP.match(head, 38)
        return declared[0].decode() if declared else "application/zip"
    if b"[Content_Types].xml" in both:
        office = "application/vnd.openxmlformats-officedocument"
        for folder, kind in (
            (b"word/", "wordprocessingml.document"),
            (b"xl/", "spreadsheetml.sheet"),
            (b"ppt/", "presentationml.presentation"),
        ):
            if folder in both:
                return f"{office}.{kind}"
    return "application/zip"


def _by_text(head: bytes) -> str | None:
    """Text of any kind. Scripts and style sheets are `text/plain`, which browsers do not execute."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            head = head[2:].decode(encoding, "replace").encode()
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\t\n\x0c\r ").lower()
    if text.startswith(b"<"):
        if b"<svg" in text:
            return "image/svg+xml"
        if text.startswith(b"<?xml") or b" xmlns" in text[:1024]:
            return "application/xhtml+xml" if b"<html" in text else "application/xml"
        name = text[1:]
        if any(name.startswith(tag) for tag in _HTML_TAGS):
            return "text/html"
    if _has_controls(head[:4096]):
        return None
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # not just a character that the end of `head` cuts
            return None
    return "text/plain"


def _has_controls(content: bytes) -> bool:
    """Whether there are bytes that no text contains."""
    return any(byte < 9 or 13 < byte < 27 for byte in content)


def _by_guess(head: bytes) -> str:
    """The guess of puremagic, unless it is a type that only a strict signature may assign."""
    import puremagic  # noqa: PLC0415  loads a thousand signatures, which most uploads do not need

    try:
        guess = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError, zlib.error):
        return UNKNOWN
    is_plain = guess.isascii() and guess.isprintable() and "/" in guess and " " not in guess
    if not is_plain or guess in INLINE or guess.startswith(("text/", "image/svg")):
        return UNKNOWN
    return UNKNOWN if "exec" in guess or "msdownload" in guess else guess
