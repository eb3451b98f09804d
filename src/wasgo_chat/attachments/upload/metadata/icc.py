"""Removes texts and private data from ICC profiles, and keeps what defines their colours.

A profile names its device, its author and sometimes its owner in texts, and may have private tags of any content. Only
tags that colour management reads are kept, and only in the types that the specification (ICC.1:2022) allows for them.
"""

import struct

MAX_PROFILE_BYTES = 4 << 20
"""A larger profile is dropped."""

_HEADER_BYTES = 128
_MAX_TAGS = 100
_COLOUR_TAGS = frozenset(
    [b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt", b"bkpt", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"chad", b"chrm", b"lumi",
     b"cicp", b"gamt", b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"D2B0", b"D2B1", b"D2B2", b"D2B3",
     b"B2D0", b"B2D1", b"B2D2", b"B2D3"]
)  # fmt: skip
_COLOUR_TYPES = frozenset(
    [b"XYZ ", b"curv", b"para", b"sf32", b"chrm", b"cicp", b"mft1", b"mft2", b"mAB ", b"mBA ", b"mpet"]
)
# Fields of the header that name software, device and time: preferred CMM; creation date and time; platform;
# manufacturer and model; creator and the MD5 of the original profile.
_BLANKED = ((4, 4), (24, 12), (40, 4), (48, 8), (80, 20))
_TEXT = b"icc"


def clean_profile(profile: bytes) -> bytes | None:
    """The profile with its colours only; None if it is not valid, so that the image is treated as sRGB."""
    if not _HEADER_BYTES + 4 <= len(profile) <= MAX_PROFILE_BYTES or profile[36:40] != b"acsp":
        return None
    (count,) = struct.unpack_from(">I", profile, _HEADER_BYTES)
    if count > _MAX_TAGS or _HEADER_BYTES + 4 + 12 * count > len(profile):
        return None
    version = profile[8]
    tags: list[tuple[bytes, bytes]] = [(b"desc", _text(b"desc", version)), (b"cprt", _text(b"cprt", version))]
    for index in range(count):
        name, start, length = struct.unpack_from(">4sII", profile, _HEADER_BYTES + 4 + 12 * index)
        content = profile[start : start + length]
        if name in _COLOUR_TAGS and len(content) == length and content[:4] in _COLOUR_TYPES:
            tags.append((name, content))
    return _built(profile[:_HEADER_BYTES], tags)


def _built(header: bytes, tags: list[tuple[bytes, bytes]]) -> bytes | None:
    start = _HEADER_BYTES + 4 + 12 * len(tags)
    table, data = bytearray(struct.pack(">I", len(tags))), bytearray()
    shared: dict[bytes, int] = {}  # profiles store curves once for all channels
    for name, content in tags:
        if content not in shared:
            shared[content] = start + len(data)
            data += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, shared[content], len(content))
    size = start + len(data)
    if size > MAX_PROFILE_BYTES:
        return None
    fresh = bytearray(header)
    for offset, length in _BLANKED:
        fresh[offset : offset + length] = bytes(length)
    fresh[100:] = bytes(_HEADER_BYTES - 100)
    fresh[:4] = struct.pack(">I", size)
    return bytes(fresh + table + data)


def _text(name: bytes, version: int) -> bytes:
    """A required text, in the type that this version of the specification demands."""
    if version >= 4:
        text = _TEXT.decode().encode("utf-16-be")
        return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    if name == b"cprt":
        return b"text" + bytes(4) + _TEXT + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(_TEXT) + 1) + _TEXT + b"\0" + bytes(78)
