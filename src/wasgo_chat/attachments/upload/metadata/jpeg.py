"""Removes metadata from JPEG files by dropping segments. The coded pixels are copied unchanged.

The copy ends with the first image: a second one (MPF, a gain map, a depth map) and appended data are dropped.
"""

import io
import mmap
import re
from pathlib import Path
from typing import IO

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile
from wasgo_chat.attachments.upload.metadata.icc import clean_profile

_MAX_SEGMENTS = 10_000  # progressive files of ordinary encoders have some dozens
_MAX_SCANS = 100  # ordinary encoders write about ten; a scan of a few bytes costs as much as one of the whole picture
# The last byte of FF before a marker: a pattern of all of them takes quadratic time for a file that has nothing else.
_MARKER = re.compile(rb"\xff([^\x00\xff])")
# In coded data, FF 00 is a byte and FF D0 to D7 are restarts; every other marker ends it.
_END_OF_CODED_DATA = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_FILL = 0xFF
_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_WITHOUT_LENGTH = frozenset([0x01, _SOI, *range(0xD0, 0xD8)])
# Frames, tables and restart intervals. DHP and EXP, of hierarchical files, are not: no browser shows these.
_KEPT = frozenset([*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD]) - {0xC8}
_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"
_ICC_PIECE = 65_519


def strip_jpeg(source: Path, target: Path) -> bytes | None:
    """Copy a JPEG with only what affects the picture. Returns its Exif data, if any. Raises: CorruptFile."""
    with (
        source.open("rb") as old,
        mmap.mmap(old.fileno(), 0, access=mmap.ACCESS_READ) as data,
        target.open("wb") as new,
    ):
        if data[:2] != b"\xff\xd8":
            raise CorruptFile
        new.write(b"\xff\xd8")
        head = _Head()
        scans = 0
        position = 2
        for _ in range(_MAX_SEGMENTS):
            found = _MARKER.search(data, position)
            if found is None or (not head.is_written and found[1][0] == _EOI):
                raise CorruptFile
            if found[1][0] == _EOI:
                new.write(b"\xff\xd9")
                return head.exif
            marker, position = found[1][0], found.end()
            if marker in _WITHOUT_LENGTH:
                continue
            length = int.from_bytes(data[position : position + 2])
            content = data[position + 2 : position + length]
            if length < 2 or len(content) != length - 2:
                raise CorruptFile
            position += length
            if marker == _SOS:
                head.write(new)
                scans += 1
                if scans > _MAX_SCANS:
                    raise CorruptFile
            if marker not in _KEPT:
                head.note(marker, content)
            else:
                (new if head.is_written else head.tables).write(_segment(marker, content))
            if marker == _SOS:
                position = _copy_coded_data(data, new, position)
    raise CorruptFile


class _Head:
    """What comes before the first coded data: profiles may come after tables, but are written before them."""

    def __init__(self) -> None:
        self.tables = io.BytesIO()
        self.exif: bytes | None = None
        self.is_written = False
        self._jfif = self._adobe = b""
        self._profile: dict[int, bytes] = {}

    def note(self, marker: int, content: bytes) -> None:
        """Keep what is needed of an application segment."""
        if marker == _APP0 and content[:5] == b"JFIF\0" and len(content) >= 14:
            self._jfif = _segment(marker, content[:12] + b"\0\0")  # without the thumbnail in it
        elif marker == _APP1 and self.exif is None and content.startswith(_EXIF):
            self.exif = content
        elif marker == _APP2 and content.startswith(_ICC) and len(content) > 14:
            self._profile.setdefault(content[12], content[14:])
        elif marker == _APP14 and content[:5] == b"Adobe" and len(content) >= 12:
            self._adobe = _segment(marker, content[:12])  # says whether the colours are RGB, YCbCr, CMYK or YCCK

    def write(self, new: IO[bytes]) -> None:
        """Write it, once."""
        if self.is_written:
            return
        self.is_written = True
        new.write(self._jfif)
        new.write(self._adobe)
        profile = clean_profile(b"".join(self._profile[number] for number in sorted(self._profile))) or b""
        count = -(-len(profile) // _ICC_PIECE)
        for number in range(count):
            piece = profile[number * _ICC_PIECE : (number + 1) * _ICC_PIECE]
            new.write(_segment(_APP2, _ICC + bytes([number + 1, count]) + piece))
        new.write(self.tables.getvalue())


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


def _copy_coded_data(data: mmap.mmap, new: IO[bytes], start: int) -> int:
    found = _END_OF_CODED_DATA.search(data, start)
    end = found.start() if found else len(data)
    while found and end > start and data[end - 1] == _FILL:
        end -= 1
    with memoryview(data) as view:
        new.write(view[start:end])
    return end


def with_orientation(path: Path, orientation: int) -> None:
    """Give a stripped JPEG an Exif segment that has its orientation and nothing else."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2) + bytes(2)
    exif = _EXIF + b"MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + bytes(4)
    stripped = path.read_bytes()
    with path.open("wb") as new:
        new.write(stripped[:2])
        new.write(_segment(_APP1, exif))
        new.write(stripped[2:])
