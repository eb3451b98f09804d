"""The boxes of ISO media files (ISO/IEC 14496-12): walking through them, and blanking them in place."""

import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, EditedFile, RangedFile, Readable
from wasgo_chat.attachments.upload.metadata.icc import MAX_PROFILE_BYTES, clean_profile

_MAX_READS = 20_000


class Box(NamedTuple):
    """A box: its name, where it starts, where its content starts, and where it ends."""

    name: bytes
    start: int
    content: int
    end: int


def boxes(file: Readable, start: int, end: int) -> Iterator[Box]:
    """The boxes in the content of another one. Zeros after the last one are ignored.

    Raises:
        CorruptFile: a box ends after the one that contains it.
    """
    while end - start >= 8:
        box, size = _header(file, start, end)
        if not size:
            return  # QuickTime ends a list with a size of zero
        if box.end > end or box.end < box.content:
            raise CorruptFile
        yield box
        start = box.end


def top_boxes(file: Readable, size: int) -> Iterator[Box]:
    """The boxes of a file. The last one is called `""` if it is anything but a box.

    Raises:
        CorruptFile: the file has too many of them, or its movie header is incomplete.
    """
    start = 0
    while size - start >= 8:
        box, length = _header(file, start, size)
        if not length:
            box = box._replace(end=size)  # to the end of the file
        if box.end > size:
            if box.name == b"moov":
                raise CorruptFile
            # A recording that was cut off, or something else after the last box.
            box = box._replace(name=box.name if box.name == b"mdat" else b"", end=size)
        elif box.end < box.content:
            box = box._replace(name=b"", end=size)
        yield box
        start = box.end
    if start < size:
        yield Box(b"", start, start, size)


def _header(file: Readable, start: int, end: int) -> tuple[Box, int]:
    size, name = struct.unpack(">I4s", file.read(start, 8))
    content = start + 8
    if size == 1 and end - start >= 16:
        (size,) = struct.unpack(">Q", file.read(content, 8))
        content += 8
    return Box(name, start, content, start + size), size


def handlers_of(path: Path) -> set[bytes]:
    """The kinds of tracks in a film (`vide`, `soun`, …), and `pict` if it has a picture; what can be read of them."""
    found: set[bytes] = set()
    with RangedFile(path, _MAX_READS) as file, contextlib.suppress(CorruptFile):
        for top in top_boxes(file, file.size):
            holders = [top._replace(content=top.content + 4)] if top.name == b"meta" else []
            if top.name == b"moov":
                tracks = [box for box in boxes(file, top.content, top.end) if box.name == b"trak"]
                holders += [media for track in tracks if (media := find_box(file, track, b"mdia"))]
            for holder in holders:
                if handler := find_box(file, holder, b"hdlr"):
                    found.add(file.read(handler.content + 8, 4))
    return found


def find_box(file: Readable, box: Box, *names: bytes) -> Box | None:
    """A box inside of another one, by the names on the way to it."""
    for name in names:
        found = next((child for child in boxes(file, box.content, box.end) if child.name == name), None)
        if found is None:
            return None
        box = found
    return box


def blank_box(file: EditedFile, box: Box) -> None:
    """Rename a box to `free`, which every reader skips, and overwrite its content with zeros."""
    if box.name:
        file.write(box.start + 4, b"free")
    file.blank(box.content, box.end - box.content)


def blank_fields(file: EditedFile, box: Box, *fields: tuple[int, int]) -> None:
    """Overwrite fields of a box with zeros: start and length, in its content."""
    for start, length in fields:
        position = box.content + start
        file.blank(position, min(length, box.end - position))


def clean_colour_box(file: EditedFile, box: Box) -> None:
    """Clean the ICC profile in a `colr` box, if it has one."""
    length = box.end - box.content - 4
    if length <= 0 or file.read(box.content, 4) not in (b"prof", b"rICC"):
        return
    profile = clean_profile(file.read(box.content + 4, length)) if length <= MAX_PROFILE_BYTES else None
    if profile is None or len(profile) > length:
        blank_box(file, box)
    else:
        file.write(box.content + 4, profile + bytes(length - len(profile)))
