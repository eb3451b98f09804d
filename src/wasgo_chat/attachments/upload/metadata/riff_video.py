"""Blanks metadata of AVI films in place: date, maker, names of streams, and everything else that is not needed to play.

A file consists of chunks, some of which are lists of chunks. What is not on a list becomes `JUNK`, which players skip.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, EditedFile, Readable

# By the kind of the enclosing list: the chunks and lists that are kept in it. One that is a key, too, is looked into.
_KEPT: dict[bytes, frozenset[bytes]] = {
    b"AVI ": frozenset([b"hdrl", b"movi", b"idx1"]),
    b"AVIX": frozenset([b"movi", b"idx1"]),
    b"hdrl": frozenset([b"avih", b"strl", b"odml"]),
    b"strl": frozenset([b"strh", b"strf", b"indx", b"vprp"]),
    b"odml": frozenset([b"dmlh"]),
}
_LISTS = (b"RIFF", b"LIST")


class _Chunk(NamedTuple):
    name: bytes
    kind: bytes
    """The kind of a list; otherwise the name."""
    start: int
    content: int
    end: int


def clean_avi(path: Path) -> None:
    """Blank the metadata of a film in place. Raises: CorruptFile."""
    with EditedFile(path) as file:
        end = 0
        for top in _chunks(file, 0, file.size, may_be_cut_off=True):
            if top.kind not in (b"AVI ", b"AVIX"):
                break
            _clean(file, top)
            end = top.end
        if not end:
            raise CorruptFile
        file.blank(end, file.size - end)


def _clean(file: EditedFile, parent: _Chunk) -> None:
    for chunk in list(_chunks(file, parent.content, parent.end, may_be_cut_off=parent.name == b"RIFF")):
        if chunk.kind not in _KEPT[parent.kind]:
            file.write(chunk.start, b"JUNK")
            file.blank(chunk.start + 8, chunk.end - chunk.start - 8)
        elif chunk.kind in _KEPT:
            _clean(file, chunk)


def _chunks(file: Readable, start: int, end: int, *, may_be_cut_off: bool) -> Iterator[_Chunk]:
    while end - start >= 8:
        name, size = struct.unpack("<4sI", file.read(start, 8))
        content = start + 8
        stop = content + size + size % 2
        if stop > end:
            # A recording that was cut off, or the last chunk without its padding.
            if not may_be_cut_off and content + size > end:
                raise CorruptFile
            stop = end
        kind = name
        if name in _LISTS:
            if stop - content < 4:
                raise CorruptFile
            kind = file.read(content, 4)
            content += 4
        yield _Chunk(name, kind, start, content, stop)
        start = stop
