"""Removes what is no part of the picture from BMP files in place: profiles, and data around the picture.

A BMP needs the header of the file, the header of the picture, a table of colours, and the pixels. The fifth version of
the header may have an ICC profile, or name a file on the sender's disk with one.
"""

import struct
from pathlib import Path

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, EditedFile

HEADER_BYTES = frozenset([12, 40, 52, 56, 64, 108, 124])
"""The sizes of a picture's header, in its versions."""

_FILE_HEADER = 14
_CORE, _V5 = 12, 124
_COLOUR_SPACE, _PROFILE, _WINDOWS_COLOURS = 56, 112, b" niW"
_UNCOMPRESSED, _BITFIELDS = (0, 3, 6), (3, 6)
_INFO = 40


def clean_bmp(path: Path) -> None:
    """Blank what is around the picture. Raises: CorruptFile."""
    with EditedFile(path) as file:
        start, header = struct.unpack("<II", file.read(10, 8))
        if header not in HEADER_BYTES:
            raise CorruptFile
        if header == _CORE:
            width, height, bits = struct.unpack("<HH2xH", file.read(_FILE_HEADER + 4, 8))
            compression = size = colours = 0
        else:
            fields = file.read(_FILE_HEADER + 4, _INFO - 4)
            width, height, bits, compression, size, colours = struct.unpack("<ii2xHII8xI4x", fields)
        if header == _V5 and file.read(_FILE_HEADER + _COLOUR_SPACE, 4) in (b"DEBM", b"KNIL"):
            file.write(_FILE_HEADER + _COLOUR_SPACE, _WINDOWS_COLOURS)
            file.blank(_FILE_HEADER + _PROFILE, 8)
        if bits <= 8 and not 0 < colours <= 1 << bits:
            colours = 1 << bits
        masks = 12 if header == _INFO and compression in _BITFIELDS else 0
        tables = _FILE_HEADER + header + masks + colours * (3 if header == _CORE else 4)
        length = (abs(width) * bits + 31) // 32 * 4 * abs(height) if compression in _UNCOMPRESSED else size
        if not length or start < _FILE_HEADER + header:
            raise CorruptFile
        file.blank(tables, start - tables)
        file.blank(start + length, file.size - start - length)
