"""Blanks metadata of ISO media files in place: MP4, MOV, 3GP and M4A video and audio, HEIC and AVIF images.

A file consists of boxes, which may contain boxes (ISO/IEC 14496-12). Each list here has the boxes that are needed for
playing; every other box is renamed to `free`, which players skip, and overwritten with zeros. Sizes and positions stay,
so no other box has to change. Tracks other than picture and sound (positions, sensors, the subtitles of a drone with
its coordinates) are blanked with their samples.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, EditedFile
from wasgo_chat.attachments.upload.metadata.heif import blank_items, is_picture
from wasgo_chat.attachments.upload.metadata.iso_boxes import (
    Box,
    blank_box,
    blank_fields,
    boxes,
    clean_colour_box,
    find_box,
    top_boxes,
)

_MAX_SAMPLES = 2_000_000
_KEPT_TRACKS = frozenset([b"vide", b"soun"])
_TABLES = frozenset(
    [b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stsh", b"stps", b"sdtp",
     b"padb", b"stdp", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio"]
)  # fmt: skip
# By the path of the enclosing box: the boxes that are kept in it. A name that is a key, too, is looked into.
_KEPT: dict[bytes, frozenset[bytes]] = {
    b"": frozenset([b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"ssix", b"pdin"]),
    b"moov": frozenset([b"mvhd", b"trak", b"mvex", b"iods"]),
    b"mvex": frozenset([b"mehd", b"trex", b"leva"]),
    b"trak": frozenset([b"tkhd", b"edts", b"mdia", b"tref", b"tapt", b"load"]),
    b"edts": frozenset([b"elst"]),
    b"tapt": frozenset([b"clef", b"prof", b"enof"]),
    b"mdia": frozenset([b"mdhd", b"hdlr", b"minf", b"elng"]),
    b"minf": frozenset([b"vmhd", b"smhd", b"gmhd", b"nmhd", b"sthd", b"hdlr", b"dinf", b"stbl"]),
    b"dinf": frozenset([b"dref"]),
    b"stbl": _TABLES | {b"stsd"},
    b"moof": frozenset([b"mfhd", b"traf"]),
    b"traf": frozenset([b"tfhd", b"tfdt", b"trun", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio", b"senc"]),
    b"mfra": frozenset([b"tfra", b"mfro"]),
}
_VISUAL_ENTRY_BYTES = 78
_UNWANTED_IN_ENTRY = frozenset([b"udta", b"meta", b"uuid"])
# Fields, from the start of a box's content: vendor and compressor of a visual sample entry, the name of a handler.
_VENDOR, _COMPRESSOR = (12, 4), (42, 32)
_HANDLER_NAME = 24


def clean_iso_media(path: Path) -> None:
    """Blank the metadata of a film, a recording, or a HEIC or AVIF image in place. Raises: CorruptFile."""
    with EditedFile(path) as file:
        for box in list(top_boxes(file, file.size)):
            if box.name == b"meta" and is_picture(file, box):
                blank_items(file, box)
            else:
                _clean(file, box, b"", b"")


def _clean(file: EditedFile, box: Box, parent: bytes, handler: bytes) -> None:
    if box.name not in _KEPT[parent]:
        blank_box(file, box)
    elif box.name == b"trak":
        _clean_track(file, box)
    elif box.name in _KEPT:
        _clean_children(file, box, handler)
    elif box.name in (b"mvhd", b"tkhd", b"mdhd"):
        # Creation and modification time, with 32 or 64 bits each.
        blank_fields(file, box, (4, 16 if file.read(box.content, 1) == b"\1" else 8))
    elif box.name == b"hdlr":
        blank_fields(file, box, (_HANDLER_NAME, box.end - box.content - _HANDLER_NAME))
    elif box.name == b"dref":
        for entry in boxes(file, box.content + 8, box.end):
            blank_fields(file, entry, (4, entry.end - entry.content - 4))  # a path on the sender's disk
    elif box.name == b"stsd" and handler == b"vide":
        for entry in boxes(file, box.content + 8, box.end):
            _clean_visual_entry(file, entry)


def _clean_children(file: EditedFile, box: Box, handler: bytes) -> None:
    end = box.content
    for child in list(boxes(file, box.content, box.end)):
        _clean(file, child, box.name, handler)
        end = child.end
    file.blank(end, box.end - end)


def _clean_track(file: EditedFile, track: Box) -> None:
    header = find_box(file, track, b"mdia", b"hdlr")
    handler = file.read(header.content + 8, 4) if header else b""
    if handler in _KEPT_TRACKS:
        _clean_children(file, track, handler)
        return
    table = find_box(file, track, b"mdia", b"minf", b"stbl")
    if table is not None:
        for start, length in _samples(file, table):
            file.blank(start, length)
    blank_box(file, track)


def _samples(file: EditedFile, table: Box) -> Iterator[tuple[int, int]]:
    """The ranges of a track's samples: `stco` or `co64` has its chunks, `stsc` how many samples, `stsz` their sizes."""
    found = {box.name: box for box in boxes(file, table.content, table.end)}
    offsets = found.get(b"co64") or found.get(b"stco")
    if offsets is None or b"stsc" not in found or b"stsz" not in found:
        return
    starts = _numbers(file, offsets, 4, "Q" if offsets.name == b"co64" else "I")
    runs = _numbers(file, found[b"stsc"], 4, "I", 3)
    (same,) = struct.unpack(">I", file.read(found[b"stsz"].content + 4, 4))
    sizes = iter(() if same else _numbers(file, found[b"stsz"], 8, "I"))
    run = seen = total = 0
    for chunk, start in enumerate(starts, 1):
        while run + 3 < len(runs) and runs[run + 3] <= chunk:
            run += 3
        count = runs[run + 1] if runs else 0
        seen += count
        length = same * count if same or seen > _MAX_SAMPLES else sum(next(sizes, 0) for _ in range(count))
        total += length
        # Hostile tables could have the same range blanked thousands of times.
        if seen > _MAX_SAMPLES or total > 2 * file.size:
            raise CorruptFile
        yield start, length


def _numbers(file: EditedFile, box: Box, count_at: int, code: str, per_entry: int = 1) -> tuple[int, ...]:
    """The entries of a table, whose count is at this position of its content."""
    start = box.content + count_at + 4
    layout = struct.Struct(f">{int.from_bytes(file.read(start - 4, 4)) * per_entry}{code}")
    if start + layout.size > box.end:
        raise CorruptFile
    return layout.unpack(file.read(start, layout.size))


def _clean_visual_entry(file: EditedFile, entry: Box) -> None:
    if entry.end - entry.content < _VISUAL_ENTRY_BYTES:
        return
    blank_fields(file, entry, _VENDOR, _COMPRESSOR)
    for child in list(boxes(file, entry.content + _VISUAL_ENTRY_BYTES, entry.end)):
        if child.name in _UNWANTED_IN_ENTRY:
            blank_box(file, child)
        elif child.name == b"colr":
            clean_colour_box(file, child)
