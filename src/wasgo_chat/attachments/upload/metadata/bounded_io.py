"""Reading and blanking the blocks of hostile files: bounded numbers of reads, exact lengths.

The modules that clean a format use it. They run in a decoder process (`attachments.upload.decoder.process`) and import
only the standard library and Pillow.
"""

import io
from pathlib import Path
from typing import IO, Protocol, Self

PIECE_BYTES = 262_144
# The smallest blocks of real encoders, GIF's 255 bytes, are some 100,000 in the largest upload, at two reads each.
_MAX_READS = 400_000


class CorruptFile(Exception):
    """The blocks of the file violate its format."""


class BoundedReader(io.BufferedReader):
    """A file with a limited number of reads: one that consists of tiny blocks would take minutes."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._reads_left = _MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads_left -= 1
        if self._reads_left < 0:
            raise CorruptFile
        return super().read(size)


class Readable(Protocol):
    """A file of which ranges can be read."""

    size: int

    def read(self, start: int, length: int) -> bytes:
        """The bytes of a range. Raises CorruptFile beyond the end, and after too many reads."""


class RangedFile:
    """A file of which a limited number of ranges can be read."""

    _MODE = "rb"

    def __init__(self, path: Path, max_reads: int = _MAX_READS) -> None:
        self._file: IO[bytes] = path.open(self._MODE)
        self.size = path.stat().st_size
        self._reads_left = max_reads

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, start: int, length: int) -> bytes:
        """The bytes at a position. Raises CorruptFile beyond the end, and after too many reads."""
        self._reads_left -= 1
        if self._reads_left < 0 or start < 0 or length < 0 or start + length > self.size:
            raise CorruptFile
        self._file.seek(start)
        return exactly(self._file, length)


class EditedFile(RangedFile):
    """A file that is changed in place. Its size does not change."""

    _MODE = "r+b"

    def write(self, start: int, content: bytes) -> None:
        """Overwrite bytes within the file."""
        if start < 0 or start + len(content) > self.size:
            raise CorruptFile
        self._file.seek(start)
        self._file.write(content)

    def blank(self, start: int, length: int) -> None:
        """Overwrite a range with zeros; what is beyond the end of the file is ignored."""
        end = min(start + length, self.size)
        while start < end:
            piece = min(PIECE_BYTES, end - start)
            self.write(start, bytes(piece))
            start += piece


def exactly(file: IO[bytes], length: int) -> bytes:
    """Read exactly this many bytes. Raises CorruptFile if there are fewer."""
    read = file.read(length)
    if len(read) != length:
        raise CorruptFile
    return read


def copy(old: IO[bytes], new: IO[bytes] | None, length: int) -> None:
    """Copy this many bytes, or skip them if there is no target."""
    while length > 0:
        piece = exactly(old, min(length, PIECE_BYTES))
        length -= len(piece)
        if new is not None:
            new.write(piece)
