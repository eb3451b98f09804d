"""Removes metadata from PNG, GIF and WebP files by dropping its blocks. The blocks of pixels are copied unchanged.

Data after the end of the image (another file, a video with its location) is dropped as well.
"""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import IO

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV",
     b"cLLI", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"]
)  # fmt: skip
_WEBP_DROPPED = frozenset([b"EXIF", b"XMP "])
_WEBP_EXIF_AND_XMP_FLAGS = 0b0000_1100
_GIF_KEPT_APPLICATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_COPY_BYTES = 262_144
# The smallest blocks of real encoders, GIF's 255 bytes, are some 100,000 in the largest upload, at two reads each.
_MAX_READS = 400_000


class CorruptImage(Exception):
    """The blocks of the file violate its format."""


class BoundedReader(io.BufferedReader):
    """A file with a limited number of reads: one that consists of tiny blocks would take minutes."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._reads_left = _MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads_left -= 1
        if self._reads_left < 0:
            raise CorruptImage
        return super().read(size)


def strip_png(source: Path, target: Path) -> None:
    """Copy a PNG with only the chunks that affect the picture. Raises: CorruptImage."""
    with BoundedReader(source) as old, target.open("wb") as new:
        if _exactly(old, 8) != _PNG_SIGNATURE:
            raise CorruptImage
        new.write(_PNG_SIGNATURE)
        name = b""
        while name != b"IEND":
            header = _exactly(old, 8)
            length, name = int.from_bytes(header[:4]), header[4:]
            if name in _PNG_KEPT:
                new.write(header)
                _copy(old, new, length + 4)  # and its checksum
            else:
                _copy(old, None, length + 4)


def strip_webp(source: Path, target: Path) -> None:
    """Copy a WebP without the chunks EXIF and XMP, and clear their flags. Raises: CorruptImage."""
    with BoundedReader(source) as old, target.open("wb+") as new:
        header = _exactly(old, 12)
        remaining = int.from_bytes(header[4:8], "little") - 4
        new.write(header)
        while remaining >= 8:
            chunk = _exactly(old, 8)
            length = int.from_bytes(chunk[4:], "little")
            padded = length + length % 2
            remaining -= 8 + padded
            if chunk[:4] in _WEBP_DROPPED:
                _copy(old, None, padded)
                continue
            new.write(chunk)
            if chunk[:4] == b"VP8X":
                flags = _exactly(old, 1)[0] & ~_WEBP_EXIF_AND_XMP_FLAGS
                new.write(bytes([flags]))
                padded -= 1
            _copy(old, new, padded)
        size = new.tell()
        new.seek(4)
        new.write(struct.pack("<I", size - 8))


def strip_gif(source: Path, target: Path) -> None:
    """Copy a GIF without comments, plain text and unknown application blocks. Raises: CorruptImage."""
    with BoundedReader(source) as old, target.open("wb") as new:
        header = _exactly(old, 13)
        new.write(header)
        _copy(old, new, _gif_table_bytes(header[10]))
        while True:
            match _exactly(old, 1):
                case b"\x3b":
                    new.write(b"\x3b")
                    return
                case b"\x2c":
                    descriptor = _exactly(old, 9)
                    new.write(b"\x2c" + descriptor)
                    _copy(old, new, _gif_table_bytes(descriptor[8]) + 1)
                    _copy_sub_blocks(old, new)
                case b"\x21":
                    _gif_extension(old, new)
                case _:
                    raise CorruptImage


def _gif_extension(old: IO[bytes], new: IO[bytes]) -> None:
    label = _exactly(old, 1)
    first = _exactly(old, 1)
    content = _exactly(old, first[0])
    is_kept = label == b"\xf9" or (label == b"\xff" and content in _GIF_KEPT_APPLICATIONS)
    if is_kept:
        new.write(b"\x21" + label + first + content)
    if first[0]:
        _copy_sub_blocks(old, new if is_kept else None)


def _gif_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _copy_sub_blocks(old: IO[bytes], new: IO[bytes] | None) -> None:
    while True:
        size = _exactly(old, 1)
        if new is not None:
            new.write(size)
        if size == b"\x00":
            return
        _copy(old, new, size[0])


def _copy(old: IO[bytes], new: IO[bytes] | None, length: int) -> None:
    while length > 0:
        piece = _exactly(old, min(length, _COPY_BYTES))
        length -= len(piece)
        if new is not None:
            new.write(piece)


def _exactly(file: IO[bytes], length: int) -> bytes:
    read = file.read(length)
    if len(read) != length:
        raise CorruptImage
    return read


STRIPPERS: dict[str, Callable[[Path, Path], None]] = {"PNG": strip_png, "WEBP": strip_webp, "GIF": strip_gif}
"""By Pillow's format name."""
