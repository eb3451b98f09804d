"""Removes metadata from PNG, GIF and WebP files by dropping its blocks. The blocks of pixels are copied unchanged.

Each format has a list of the blocks that are kept. Data after the end of the image (another file, a video with its
location) is dropped as well.
"""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from wasgo_chat.attachments.upload.metadata.bounded_io import BoundedReader, CorruptFile, copy, exactly
from wasgo_chat.attachments.upload.metadata.icc import MAX_PROFILE_BYTES, clean_profile
from wasgo_chat.attachments.upload.metadata.jpeg import strip_jpeg

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI",
     b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"]
)  # fmt: skip
_WEBP_KEPT = frozenset([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"])
_WEBP_FRAME_KEPT = frozenset([b"VP8 ", b"VP8L", b"ALPH"])
_WEBP_FRAME_HEADER_BYTES = 16
_WEBP_EXIF_AND_XMP_FLAGS, _WEBP_PROFILE_FLAG = 0b0000_1100, 0b0010_0000
_GIF_KEPT_APPLICATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_MAX_EXIF_BYTES = 1 << 20


def strip_png(source: Path, target: Path) -> bytes | None:
    """Copy a PNG with only the chunks that affect the picture. Returns its Exif data, if any. Raises: CorruptFile."""
    exif: bytes | None = None
    with BoundedReader(source) as old, target.open("wb") as new:
        if exactly(old, 8) != _PNG_SIGNATURE:
            raise CorruptFile
        new.write(_PNG_SIGNATURE)
        name = b""
        while name != b"IEND":
            header = exactly(old, 8)
            length, name = int.from_bytes(header[:4]), header[4:]
            if name in _PNG_KEPT:
                new.write(header)
                copy(old, new, length + 4)  # and its checksum
            elif name == b"eXIf" and length <= _MAX_EXIF_BYTES:
                exif = exactly(old, length)
                copy(old, None, 4)
            elif name == b"iCCP" and length <= MAX_PROFILE_BYTES:
                new.write(_png_profile(exactly(old, length)))
                copy(old, None, 4)
            else:
                copy(old, None, length + 4)
    return exif


def _png_profile(content: bytes) -> bytes:
    """The chunk of a cleaned profile; empty if it is not valid."""
    _, _, packed = content.partition(b"\0")
    try:
        profile = clean_profile(zlib.decompressobj().decompress(packed[1:], MAX_PROFILE_BYTES + 1))
    except zlib.error:
        return b""
    if profile is None:
        return b""
    chunk = b"iCCPicc\0\0" + zlib.compress(profile)
    return struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))


def strip_webp(source: Path, target: Path) -> bytes | None:
    """Copy a WebP with only the chunks that affect the picture. Returns its Exif data, if any. Raises: CorruptFile."""
    exif: bytes | None = None
    flags_at = 0
    has_profile = False
    with BoundedReader(source) as old, target.open("wb+") as new:
        header = exactly(old, 12)
        remaining = int.from_bytes(header[4:8], "little") - 4
        new.write(header)
        while remaining >= 8:
            chunk = exactly(old, 8)
            name, length = chunk[:4], int.from_bytes(chunk[4:], "little")
            padded = length + length % 2
            remaining -= 8 + padded
            if name == b"EXIF" and length <= _MAX_EXIF_BYTES:
                exif = exactly(old, padded)[:length]
            elif name == b"ICCP" and length <= MAX_PROFILE_BYTES:
                if profile := clean_profile(exactly(old, padded)[:length]):
                    _write_riff(new, b"ICCP", profile)
                    has_profile = True
            elif name == b"ANMF":
                _copy_webp_frame(old, new, length)
                copy(old, None, padded - length)
            elif name in _WEBP_KEPT:
                new.write(chunk)
                if name == b"VP8X":
                    flags_at = new.tell()
                copy(old, new, padded)
            else:
                copy(old, None, padded)
        size = new.tell()
        if flags_at and flags_at < size:
            new.seek(flags_at)
            flags = exactly(new, 1)[0] & ~_WEBP_EXIF_AND_XMP_FLAGS
            new.seek(flags_at)
            new.write(bytes([flags if has_profile else flags & ~_WEBP_PROFILE_FLAG]))
        new.seek(4)
        new.write(struct.pack("<I", size - 8))
    return exif


def webp_size(path: Path) -> tuple[int, int, bool]:
    """Width and height of a stripped WebP, and whether it is an animation. Opening it would allocate its pixels.

    Raises: CorruptFile.
    """
    with path.open("rb") as file:
        head = exactly(file, 30)
    name = head[12:16]
    if name == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little"), bool(head[20] & 2)
    if name == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), False
    if name == b"VP8 ":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF, False
    raise CorruptFile


def _copy_webp_frame(old: IO[bytes], new: IO[bytes], remaining: int) -> None:
    """A frame of an animation contains chunks of its own, which may be unknown ones."""
    start = new.tell()
    new.write(b"ANMF\0\0\0\0")
    copy(old, new, _WEBP_FRAME_HEADER_BYTES)
    remaining -= _WEBP_FRAME_HEADER_BYTES
    while remaining >= 8:
        chunk = exactly(old, 8)
        padded = int.from_bytes(chunk[4:], "little")
        padded += padded % 2
        remaining -= 8 + padded
        if chunk[:4] in _WEBP_FRAME_KEPT:
            new.write(chunk)
            copy(old, new, padded)
        else:
            copy(old, None, padded)
    if remaining < 0:
        raise CorruptFile
    copy(old, None, remaining)
    end = new.tell()
    new.seek(start + 4)
    new.write(struct.pack("<I", end - start - 8))
    new.seek(end)


def _write_riff(new: IO[bytes], name: bytes, content: bytes) -> None:
    new.write(name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2))


def strip_gif(source: Path, target: Path) -> bytes | None:
    """Copy a GIF without comments, plain text and unknown application blocks. Raises: CorruptFile."""
    with BoundedReader(source) as old, target.open("wb") as new:
        header = exactly(old, 13)
        new.write(header)
        copy(old, new, _gif_table_bytes(header[10]))
        while True:
            match exactly(old, 1):
                case b"\x3b":
                    new.write(b"\x3b")
                    return None
                case b"\x2c":
                    descriptor = exactly(old, 9)
                    new.write(b"\x2c" + descriptor)
                    copy(old, new, _gif_table_bytes(descriptor[8]) + 1)
                    _copy_sub_blocks(old, new)
                case b"\x21":
                    _gif_extension(old, new)
                case _:
                    raise CorruptFile


def _gif_extension(old: IO[bytes], new: IO[bytes]) -> None:
    label = exactly(old, 1)
    first = exactly(old, 1)
    content = exactly(old, first[0])
    is_kept = label == b"\xf9" or (label == b"\xff" and content in _GIF_KEPT_APPLICATIONS)
    if is_kept:
        new.write(b"\x21" + label + first + content)
    if first[0]:
        _copy_sub_blocks(old, new if is_kept else None)


def _gif_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _copy_sub_blocks(old: IO[bytes], new: IO[bytes] | None) -> None:
    while True:
        size = exactly(old, 1)
        if new is not None:
            new.write(size)
        if size == b"\x00":
            return
        copy(old, new, size[0])


STRIPPERS: dict[str, Callable[[Path, Path], bytes | None]] = {
    "image/jpeg": strip_jpeg,
    "image/png": strip_png,
    "image/webp": strip_webp,
    "image/gif": strip_gif,
}
"""By content type. Each returns the Exif data that it removed, for the orientation in it."""
