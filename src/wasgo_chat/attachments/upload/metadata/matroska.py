"""Blanks metadata of Matroska and WebM files in place, and reads which tracks they have and how long they are.

A file is a tree of elements (RFC 8794, RFC 9559). Each list here has the elements that are needed for playing; every
other one becomes `Void` and is overwritten with zeros. Sizes and positions stay. Tracks other than picture and sound
are blanked with their blocks. Recorders write segments and clusters of unknown size, which end where the next begins.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, EditedFile, Readable
from wasgo_chat.attachments.upload.metadata.comments import clean_vorbis_private

VIDEO, AUDIO = 1, 2
_HEADER, _SEGMENT, _CLUSTER, _INFO, _TRACKS, _TRACK = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1549A966, 0x1654AE6B, 0xAE
_SEEK_HEAD, _CUES, _VOID = 0x114D9B74, 0x1C53BB6B, 0xEC
_TRACK_NUMBER, _TRACK_TYPE, _CODEC, _CODEC_PRIVATE, _PICTURE, _SOUND = 0xD7, 0x83, 0x86, 0x63A2, 0xE0, 0xE1
_TIME_SCALE, _DURATION, _TEXTS_OF_INFO = 0x2AD7B1, 0x4489, frozenset([0x4D80, 0x5741])
_SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK, _CLUSTER_TIME = 0xA3, 0xA0, 0xA1, 0xE7
_BLOCKS = frozenset([_SIMPLE_BLOCK, _BLOCK_GROUP])
# By the id of the enclosing element: the elements that are kept in it. One that is a key, too, is looked into.
_KEPT: dict[int, frozenset[int]] = {
    _SEGMENT: frozenset([_SEEK_HEAD, _INFO, _TRACKS, _CUES, _CLUSTER]),
    _CLUSTER: _BLOCKS | {_CLUSTER_TIME, 0xA7, 0xAB, 0xAF},
    _INFO: _TEXTS_OF_INFO | {_TIME_SCALE, _DURATION},
    _TRACKS: frozenset([_TRACK]),
    _TRACK: frozenset(
        [_TRACK_NUMBER, _TRACK_TYPE, _CODEC, _CODEC_PRIVATE, _PICTURE, _SOUND, 0x73C5, 0xB9, 0x88, 0x55AA, 0x55AB,
         0x55AC, 0x55AD, 0x55AE, 0x55AF, 0x9C, 0x6DE7, 0x6DF8, 0x23E383, 0x234E7A, 0x23314F, 0x537F, 0x55EE, 0x41E4,
         0x22B59C, 0x22B59D, 0xAA, 0x56AA, 0x56BB, 0xE2, 0x6D80]
    ),
    _PICTURE: frozenset(
        [0x9A, 0x9D, 0x53B8, 0x53C0, 0x53B9, 0xB0, 0xBA, 0x54AA, 0x54BB, 0x54CC, 0x54DD, 0x54B0, 0x54BA, 0x54B2, 0x54B3,
         0x2EB524, 0x2FB523, 0x2383E3, 0x55B0, 0x7670]
    ),
    _SOUND: frozenset([0xB5, 0x78B5, 0x9F, 0x6264, 0x52F1, 0x7D7B]),
}  # fmt: skip
_MAX_ID_BYTES, _MAX_SIZE_BYTES = 4, 8
_MAX_HEADER = _MAX_ID_BYTES + _MAX_SIZE_BYTES
_MAX_BLOCKS = 150_000


class Element(NamedTuple):
    """An element: its id, where it starts, where its content starts, where it ends, and whether it says so."""

    id: int
    start: int
    content: int
    end: int
    is_sized: bool = True


@dataclass(slots=True)
class Times:
    """The duration that a file states, and that of its blocks, in seconds."""

    stated_s: float | None = None
    last_s: float | None = None


def clean_matroska(path: Path) -> None:
    """Blank the metadata of a film or recording in place. Raises: CorruptFile."""
    with EditedFile(path) as file:
        dropped: set[int] = set()
        for top in _elements(file, 0, file.size, may_be_cut_off=True):
            if top.id == _SEGMENT:
                _clean_segment(file, top, dropped)
            elif top.id != _HEADER:
                _blank(file, top)


def track_kinds(file: Readable) -> set[int]:
    """The types of the tracks, as far as they can be read. Reads nothing behind the first recorded data."""
    kinds: set[int] = set()
    try:
        for element in _flat(file):
            if element.id == _CLUSTER:
                break
            if element.id == _TRACK_TYPE:
                kinds.add(_number(file, element))
    except CorruptFile:
        pass
    return kinds


def read_times(file: Readable) -> Times:
    """Read the times of a file, as far as it is valid."""
    found = Times()
    scale_ns, cluster_time = 1_000_000, 0
    times: list[int] = []
    try:
        for element in _flat(file):
            if element.id == _TIME_SCALE:
                scale_ns = _number(file, element)
            elif element.id == _DURATION and element.end - element.content in (4, 8):
                content = file.read(element.content, element.end - element.content)
                (ticks,) = struct.unpack(">f" if len(content) == 4 else ">d", content)
                found.stated_s = ticks
            elif element.id == _CLUSTER_TIME:
                cluster_time = _number(file, element)
            elif element.id in (_SIMPLE_BLOCK, _BLOCK):
                head = file.read(element.content, min(element.end - element.content, _MAX_HEADER))
                _, length = _vint(head, 0, keep_marker=False)
                offset = int.from_bytes(head[length : length + 2], signed=True)
                times = (
                    [*times[-1:], cluster_time + offset] if not times or cluster_time + offset > times[-1] else times
                )
    except CorruptFile:
        pass
    if found.stated_s is not None:
        found.stated_s *= scale_ns / 1e9
    if times:
        found.last_s = (2 * times[-1] - times[0]) * scale_ns / 1e9 if len(times) > 1 else times[-1] * scale_ns / 1e9
    return found


def _flat(file: Readable) -> Iterator[Element]:
    """The elements of all segments that matter here, in their order."""
    for top in _elements(file, 0, file.size, may_be_cut_off=True):
        if top.id != _SEGMENT:
            continue
        for element in _segment(file, top):
            yield element
            if element.id in (_INFO, _TRACKS, _BLOCK_GROUP):
                for inner in _elements(file, element.content, element.end):
                    yield inner
                    if inner.id == _TRACK:
                        yield from _elements(file, inner.content, inner.end)


def _segment(file: Readable, segment: Element) -> Iterator[Element]:
    """The elements of a segment and of its clusters, in one list: a cluster of unknown size ends with the next one."""
    pending = [(segment.content, segment.end)]
    blocks = 0
    while pending:
        start, end = pending.pop()
        for element in _elements(file, start, end, may_be_cut_off=True):
            blocks += element.id in _BLOCKS
            if blocks > _MAX_BLOCKS:
                raise CorruptFile
            yield element
            if element.id == _CLUSTER:
                pending += [(element.end, end)] if element.is_sized else []
                pending.append((element.content, element.end))
                break


def _clean_segment(file: EditedFile, segment: Element, dropped: set[int]) -> None:
    kept = _KEPT[_SEGMENT] | _KEPT[_CLUSTER]
    for element in _segment(file, segment):
        if element.id not in kept:
            _blank(file, element)
        elif element.id == _TRACKS:
            _clean_tracks(file, element, dropped)
        elif element.id == _INFO:
            _clean_children(file, element)
            for text in _elements(file, element.content, element.end):
                if text.id in _TEXTS_OF_INFO:
                    file.blank(text.content, text.end - text.content)
        elif element.id in _BLOCKS and dropped and _track_of(file, element) in dropped:
            _blank(file, element)


def _clean_tracks(file: EditedFile, tracks: Element, dropped: set[int]) -> None:
    _clean_children(file, tracks)
    for track in list(_elements(file, tracks.content, tracks.end)):
        if track.id != _TRACK:
            continue
        parts = {part.id: part for part in _elements(file, track.content, track.end)}
        kind = _number(file, parts[_TRACK_TYPE]) if _TRACK_TYPE in parts else 0
        if kind not in (VIDEO, AUDIO):
            if _TRACK_NUMBER in parts:
                dropped.add(_number(file, parts[_TRACK_NUMBER]))
            _blank(file, track)
            continue
        _clean_children(file, track)
        private, codec = parts.get(_CODEC_PRIVATE), parts.get(_CODEC)
        if private and codec and file.read(codec.content, min(codec.end - codec.content, 8)) == b"A_VORBIS":
            setup = file.read(private.content, private.end - private.content)
            file.write(private.content, clean_vorbis_private(setup))


def _clean_children(file: EditedFile, parent: Element) -> None:
    for child in list(_elements(file, parent.content, parent.end)):
        if child.id not in _KEPT[parent.id]:
            _blank(file, child)
        elif child.id in _KEPT and child.id != _TRACK:
            _clean_children(file, child)


def _track_of(file: EditedFile, block: Element) -> int | None:
    if block.id == _BLOCK_GROUP:
        inner = next((one for one in _elements(file, block.content, block.end) if one.id == _BLOCK), None)
        if inner is None:
            return None
        block = inner
    return _vint(file.read(block.content, min(block.end - block.content, _MAX_SIZE_BYTES)), 0, keep_marker=False)[0]


def _elements(file: Readable, start: int, end: int, *, may_be_cut_off: bool = False) -> Iterator[Element]:
    """The elements in a range. What is no element ends it: id 0 stands for the rest.

    Raises:
        CorruptFile: an element ends after the one that contains it, unless the recording may be cut off there.
    """
    while start < end:
        head = file.read(start, min(end - start, _MAX_HEADER))
        try:
            id_, id_bytes = _vint(head, 0, keep_marker=True, limit=_MAX_ID_BYTES)
            size, size_bytes = _vint(head, id_bytes, keep_marker=False)
        except CorruptFile:
            yield Element(0, start, start, end)
            return
        content = start + id_bytes + size_bytes
        is_sized = size != (1 << 7 * size_bytes) - 1
        stop = content + size if is_sized else end
        if stop > end:
            if not may_be_cut_off or id_ in (_HEADER, _INFO, _TRACKS):
                raise CorruptFile
            stop = end
        if not is_sized and id_ not in (_SEGMENT, _CLUSTER):
            raise CorruptFile
        yield Element(id_, start, content, stop, is_sized)
        start = stop


def _vint(content: bytes, start: int, *, keep_marker: bool, limit: int = _MAX_SIZE_BYTES) -> tuple[int, int]:
    """A number of variable length, and its length."""
    first = content[start] if start < len(content) else 0
    length = 9 - first.bit_length()
    if length > limit or start + length > len(content):
        raise CorruptFile
    value = first if keep_marker else first & (1 << (8 - length)) - 1
    return int.from_bytes(value.to_bytes() + content[start + 1 : start + length]), length


def _number(file: Readable, element: Element) -> int:
    return int.from_bytes(file.read(element.content, min(element.end - element.content, 8)))


def _blank(file: EditedFile, element: Element) -> None:
    """Make an element `Void`, which every reader skips, and overwrite it with zeros."""
    file.blank(element.start, element.end - element.start)
    length = element.end - element.start - 1
    if element.id == 0 or length < 1:
        return
    size_bytes = 8 if length >= 8 else 1
    size = (length - size_bytes) | 1 << 7 * size_bytes
    file.write(element.start, bytes([_VOID]) + size.to_bytes(size_bytes))
