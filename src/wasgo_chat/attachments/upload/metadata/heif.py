"""Blanks metadata of HEIC and AVIF images in place: items that are no picture (Exif, XMP), names, descriptions."""

import struct
from collections.abc import Iterator

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, EditedFile
from wasgo_chat.attachments.upload.metadata.iso_boxes import (
    Box,
    blank_box,
    blank_fields,
    boxes,
    clean_colour_box,
    find_box,
)

_FULL_BOX = 4  # version and flags, before the boxes in a `meta`
_KEPT = frozenset([b"hdlr", b"dinf", b"pitm", b"iinf", b"iloc", b"iref", b"iprp", b"idat", b"grpl"])
_KEPT_ITEMS = frozenset(
    [
        b"hvc1",
        b"hev1",
        b"lhv1",
        b"av01",
        b"avc1",
        b"vvc1",
        b"jpeg",
        b"j2k1",
        b"unci",
        b"grid",
        b"iden",
        b"iovl",
        b"tmap",
    ]
)
_KEPT_PROPERTIES = frozenset(
    [b"ispe", b"pixi", b"colr", b"hvcC", b"lhvC", b"av1C", b"avcC", b"vvcC", b"jpgC", b"irot", b"imir", b"clap",
     b"pasp", b"auxC", b"a1op", b"a1lx", b"lsel", b"oinf", b"tols", b"mdcv", b"clli", b"cclv", b"amve", b"rloc",
     b"rref", b"ndwt", b"cmpd", b"uncC", b"cmpC", b"icef"]
)  # fmt: skip
# An Exif item begins with the position of the TIFF header in it. This one has no entries: zeros would be an error.
_EMPTY_EXIF = bytes(4) + b"MM\x00\x2a\x00\x00\x00\x08" + bytes(6)
_HANDLER_NAME = 24
_MAX_EXTENTS = 100_000


def is_picture(file: EditedFile, meta: Box) -> bool:
    """Whether a `meta` box has the items of a picture, not the tags of a film."""
    try:
        handler = find_box(file, meta._replace(content=meta.content + _FULL_BOX), b"hdlr")
    except CorruptFile:
        return False  # in QuickTime, the box has no version and flags
    return handler is not None and file.read(handler.content + 8, 4) == b"pict"


def blank_items(file: EditedFile, meta: Box) -> None:
    """Blank every item of a picture that is not a part of the image. Raises: CorruptFile."""
    found = {box.name: box for box in boxes(file, meta.content + _FULL_BOX, meta.end)}
    kinds = _kinds(file, found[b"iinf"]) if b"iinf" in found else {}
    if b"iloc" in found:
        idat = found[b"idat"].content if b"idat" in found else None
        for item, extents in _extents(file, found[b"iloc"], idat):
            if kinds.get(item) in _KEPT_ITEMS:
                continue
            for start, length in extents:
                file.blank(start, length)
            if kinds.get(item) == b"Exif" and extents and extents[0][1] >= len(_EMPTY_EXIF):
                file.write(extents[0][0], _EMPTY_EXIF)
    for box in list(boxes(file, meta.content + _FULL_BOX, meta.end)):
        if box.name not in _KEPT:
            blank_box(file, box)
        elif box.name == b"hdlr":
            blank_fields(file, box, (_HANDLER_NAME, box.end - box.content - _HANDLER_NAME))
        elif box.name == b"iprp":
            _clean_properties(file, box)


def _clean_properties(file: EditedFile, iprp: Box) -> None:
    container = find_box(file, iprp, b"ipco")
    for box in list(boxes(file, container.content, container.end)) if container else []:
        if box.name == b"colr":
            clean_colour_box(file, box)
        elif box.name not in _KEPT_PROPERTIES:
            blank_box(file, box)  # properties are numbered: the box stays


def _kinds(file: EditedFile, iinf: Box) -> dict[int, bytes]:
    """The type of each item, by its id. Blanks the names of kept items."""
    start = iinf.content + (6 if file.read(iinf.content, 1) == b"\0" else 8)
    kinds: dict[int, bytes] = {}
    for box in boxes(file, start, iinf.end):
        version = file.read(box.content, 1)[0]
        if box.name != b"infe" or version < 2:
            continue
        code = ">H2x4s" if version == 2 else ">I2x4s"
        length = struct.calcsize(code)
        item, kind = struct.unpack(code, file.read(box.content + 4, length))
        kinds[item] = kind
        if kind in _KEPT_ITEMS:
            blank_fields(file, box, (4 + length, box.end - box.content - 4 - length))
    return kinds


def _extents(file: EditedFile, iloc: Box, idat: int | None) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """The id of each item and where its data is in the file (ISO/IEC 14496-12, 8.11.3)."""
    version = file.read(iloc.content, 1)[0]
    sizes = int.from_bytes(file.read(iloc.content + 4, 2))
    offset_bytes, length_bytes, base_bytes = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_bytes = sizes & 15 if version in (1, 2) else 0
    id_bytes = 2 if version < 2 else 4
    content = file.read(iloc.content + 6, iloc.end - iloc.content - 6)
    position = seen = 0

    def number(length: int) -> int:
        nonlocal position
        position += length
        if position > len(content):
            raise CorruptFile
        return int.from_bytes(content[position - length : position])

    for _ in range(number(id_bytes)):
        item = number(id_bytes)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)
        base = number(base_bytes)
        extents = []
        count = number(2)
        seen += count
        if seen > _MAX_EXTENTS:
            raise CorruptFile
        for _ in range(count):
            number(index_bytes)
            start, length = base + number(offset_bytes), number(length_bytes)
            if method == 0:
                extents.append((start, length))
            elif method == 1 and idat is not None:
                extents.append((idat + start, length))
        yield item, extents
