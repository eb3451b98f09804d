"""Removes metadata from TIFF files in place: entries that do not describe the picture, and what they refer to.

A TIFF file is a chain of directories of entries, each a value or the position of one (TIFF 6.0; BigTIFF has 64-bit
positions). Entries that are not on the list are removed from their directory and their values overwritten with zeros,
including the directories of Exif data and of the place. In the raw files of cameras, which are TIFF files too, decoding
the picture needs entries of the camera's maker: there, only what is known to identify is removed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, EditedFile
from wasgo_chat.attachments.upload.metadata.icc import MAX_PROFILE_BYTES, clean_profile

_KEPT = frozenset(
    [254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 290, 291,
     292, 293, 296, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328, 330, 332, 334, 336, 338, 339,
     340, 341, 342, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532, 34675]
)  # fmt: skip
# Of raw files: descriptions, times, artist, host, XMP, copyright, IPTC, Photoshop, place, maker's notes, comment,
# owner, serial numbers, the tags of Windows, unique id; of DNG: serial number, private data, original file, profiles.
_DROPPED_FROM_RAW = frozenset(
    [269, 270, 285, 305, 306, 315, 316, 700, 33432, 33723, 34377, 34853, 36867, 36868, 36880, 36881, 36882, 37510,
     37520, 37521, 37522, 40091, 40092, 40093, 40094, 40095, 42016, 42032, 42033, 42037, 50735, 50740, 50827, 50828,
     50831, 50833, 50834, 50936, 50942, 51043]
)  # fmt: skip
_SUB_DIRECTORIES, _EXIF, _PLACE, _PROFILE = 330, 34665, 34853, 34675
_INSIDE_EXIF = 40965  # the directory of interoperability
_PHOTOMETRIC, _COMPRESSION, _DNG_VERSION = 262, 259, 50706
_RAW_PHOTOMETRIC = frozenset([32803, 34892])  # colour filter array, linear raw
_RAW_COMPRESSION = frozenset([32767, 34713, 34892, 65000, 65535])  # Sony, Nikon, DNG, Kodak, Pentax
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_MAX_DIRECTORIES, _MAX_ENTRIES = 200, 5_000


class _Entry(NamedTuple):
    tag: int
    raw: bytes
    start: int
    """Where its value is: in the entry, if it fits there."""
    length: int
    is_inline: bool


class _Directory(NamedTuple):
    start: int
    entries: list[_Entry]
    following: int
    """Where the position of the next directory is stored."""


class _Tiff:
    def __init__(self, file: EditedFile) -> None:
        head = file.read(0, 16)
        self.file = file
        self.order = "<" if head[:2] == b"II" else ">"
        is_big = self.number(head[2:4]) == 43
        self.word, self.count_bytes, self.entry_bytes = (8, 8, 20) if is_big else (4, 2, 12)
        self.first = self.number(head[8:16] if is_big else head[4:8])
        self.seen: set[int] = set()

    def number(self, content: bytes) -> int:
        return int.from_bytes(content, "little" if self.order == "<" else "big")

    def directory(self, start: int) -> _Directory:
        """Read a directory. Raises CorruptFile if it was read before: the chain would have no end."""
        if start in self.seen or len(self.seen) >= _MAX_DIRECTORIES:
            raise CorruptFile
        self.seen.add(start)
        count = self.number(self.file.read(start, self.count_bytes))
        if count > _MAX_ENTRIES:
            raise CorruptFile
        first = start + self.count_bytes
        content = self.file.read(first, count * self.entry_bytes)
        entries = []
        for index in range(count):
            raw = content[index * self.entry_bytes : (index + 1) * self.entry_bytes]
            length = _SIZES.get(self.number(raw[2:4]), 1) * self.number(raw[4 : 4 + self.word])
            is_inline = length <= self.word
            inside = first + index * self.entry_bytes + 4 + self.word
            place = inside if is_inline else self.number(raw[4 + self.word :])
            entries.append(_Entry(self.number(raw[:2]), raw, place, length, is_inline))
        return _Directory(start, entries, first + count * self.entry_bytes)

    def numbers(self, entry: _Entry) -> list[int]:
        """The numbers of an entry of whole numbers."""
        size = _SIZES.get(self.number(entry.raw[2:4]), 1)
        if entry.length > size * _MAX_DIRECTORIES:
            raise CorruptFile
        content = self.file.read(entry.start, entry.length)
        return [self.number(content[at : at + size]) for at in range(0, len(content), size)]

    def rewrite(self, directory: _Directory, is_kept: Callable[[int], bool]) -> None:
        """Write a directory without the entries that are not kept, and blank their values."""
        kept = [entry.raw for entry in directory.entries if is_kept(entry.tag)]
        for entry in directory.entries:
            if not is_kept(entry.tag) and not entry.is_inline:
                self.file.blank(entry.start, entry.length)
        following = self.file.read(directory.following, self.word)
        order: Literal["little", "big"] = "little" if self.order == "<" else "big"
        content = len(kept).to_bytes(self.count_bytes, order) + b"".join(kept) + following
        end = directory.following + self.word
        self.file.write(directory.start, content)
        self.file.blank(directory.start + len(content), end - directory.start - len(content))


def clean_tiff(path: Path) -> None:
    """Remove the metadata of a TIFF file in place. Raises: CorruptFile."""
    with EditedFile(path) as file:
        tiff = _Tiff(file)
        directories, positions = [], [tiff.first]
        is_raw = file.read(8, 2) == b"CR"
        while positions:
            position = positions.pop()
            if not position:
                continue
            directory = tiff.directory(position)
            directories.append(directory)
            positions.append(tiff.number(file.read(directory.following, tiff.word)))
            for entry in directory.entries:
                if entry.tag == _SUB_DIRECTORIES:
                    positions += tiff.numbers(entry)
                is_raw = is_raw or _is_raw(tiff, entry)
        for directory in directories:
            _clean_directory(tiff, directory, is_raw=is_raw)


def _is_raw(tiff: _Tiff, entry: _Entry) -> bool:
    if entry.tag == _DNG_VERSION:
        return True
    if entry.tag not in (_PHOTOMETRIC, _COMPRESSION) or not entry.is_inline:
        return False
    values = _RAW_PHOTOMETRIC if entry.tag == _PHOTOMETRIC else _RAW_COMPRESSION
    return any(number in values for number in tiff.numbers(entry))


def _clean_directory(tiff: _Tiff, directory: _Directory, *, is_raw: bool) -> None:
    for entry in directory.entries:
        if entry.tag == _PROFILE:
            _clean_profile(tiff.file, entry)
        elif entry.tag in (_EXIF, _PLACE, _INSIDE_EXIF):
            for position in tiff.numbers(entry):
                inner = tiff.directory(position)
                is_emptied = entry.tag == _PLACE or not is_raw
                _clean_directory(tiff, inner, is_raw=is_raw and not is_emptied)
    if is_raw:
        tiff.rewrite(directory, lambda tag: tag not in _DROPPED_FROM_RAW)
    else:
        tiff.rewrite(directory, _KEPT.__contains__)


def _clean_profile(file: EditedFile, entry: _Entry) -> None:
    if entry.is_inline or entry.length > MAX_PROFILE_BYTES:
        file.blank(entry.start, entry.length)
        return
    profile = clean_profile(file.read(entry.start, entry.length)) or b""
    file.write(entry.start, (profile if len(profile) <= entry.length else b"").ljust(entry.length, b"\0"))
