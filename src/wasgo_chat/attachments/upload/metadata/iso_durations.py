"""The durations that an ISO media file states, and those of its samples (ISO/IEC 14496-12). Reads boxes only."""

import struct
from collections.abc import Iterator

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, Readable
from wasgo_chat.attachments.upload.metadata.iso_boxes import Box, boxes, find_box, top_boxes

_UNKNOWN = (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
_RECORDED = (b"vide", b"soun")
_MAX_ENTRIES = 2_000_000
_TRUN_DATA, _TRUN_FLAGS, _TRUN_DURATION = 1, 4, 0x100
_TRUN_FIELDS = (0x100, 0x200, 0x400, 0x800)
_TFHD_OPTIONAL = ((1, 8), (2, 4))
_TFHD_DURATION = 8


def iso_durations(file: Readable) -> tuple[float | None, float | None]:
    """The duration of the movie header, and that of the longest track's samples, in seconds, as far as they are known.

    Raises:
        CorruptFile: the structure is not valid.
    """
    stated: float | None = None
    scales: dict[int, int] = {}
    ticks: dict[int, int] = {}
    defaults: dict[int, int] = {}
    for top in top_boxes(file, file.size):
        if top.name == b"moov":
            stated = _movie(file, top, scales, ticks, defaults)
        elif top.name == b"moof":
            for fragment in boxes(file, top.content, top.end):
                if fragment.name == b"traf":
                    _fragment(file, fragment, ticks, defaults)
    recorded = [ticks[track] / scales[track] for track in scales if ticks.get(track) and scales[track]]
    return stated, max(recorded, default=None)


def _movie(
    file: Readable, movie: Box, scales: dict[int, int], ticks: dict[int, int], defaults: dict[int, int]
) -> float | None:
    stated: float | None = None
    for box in boxes(file, movie.content, movie.end):
        if box.name == b"mvhd":
            scale, length = _times(file, box)
            stated = length / scale if scale and length not in _UNKNOWN else None
        elif box.name == b"trak":
            _track(file, box, scales, ticks)
        elif box.name == b"mvex":
            for default in boxes(file, box.content, box.end):
                if default.name == b"trex":
                    track, _, duration = struct.unpack(">III", file.read(default.content + 4, 12))
                    defaults[track] = duration
    return stated


def _track(file: Readable, track: Box, scales: dict[int, int], ticks: dict[int, int]) -> None:
    """The time scale of a track with picture or sound, and the sum of the durations of its samples."""
    header, media = find_box(file, track, b"tkhd"), find_box(file, track, b"mdia")
    kind = find_box(file, media, b"hdlr") if media else None
    times = find_box(file, media, b"mdhd") if media else None
    if header is None or media is None or kind is None or times is None:
        return
    if file.read(kind.content + 8, 4) not in _RECORDED:
        return
    is_long = file.read(header.content, 1) == b"\1"
    (number,) = struct.unpack(">I", file.read(header.content + (20 if is_long else 12), 4))
    scales[number] = _times(file, times)[0]
    if (table := find_box(file, media, b"minf", b"stbl", b"stts")) is not None:
        runs = _numbers(file, table, 8, int.from_bytes(file.read(table.content + 4, 4)) * 2)
        ticks[number] = sum(count * length for count, length in zip(runs, runs, strict=True))


def _fragment(file: Readable, fragment: Box, ticks: dict[int, int], defaults: dict[int, int]) -> None:
    """Add the samples of a fragment to those of its track."""
    header = find_box(file, fragment, b"tfhd")
    if header is None:
        raise CorruptFile
    flags, track = struct.unpack(">II", file.read(header.content, 8))
    position, duration = header.content + 8, defaults.get(track, 0)
    for flag, length in _TFHD_OPTIONAL:
        position += length if flags & flag else 0
    if flags & _TFHD_DURATION:
        (duration,) = struct.unpack(">I", file.read(position, 4))
    for run in boxes(file, fragment.content, fragment.end):
        if run.name != b"trun":
            continue
        flags, count = struct.unpack(">II", file.read(run.content, 8))
        if not flags & _TRUN_DURATION:
            ticks[track] = ticks.get(track, 0) + count * duration
            continue
        start = 8 + (4 if flags & _TRUN_DATA else 0) + (4 if flags & _TRUN_FLAGS else 0)
        fields = sum(1 for field in _TRUN_FIELDS if flags & field)
        numbers = list(_numbers(file, run, start, count * fields))
        ticks[track] = ticks.get(track, 0) + sum(numbers[::fields])


def _times(file: Readable, header: Box) -> tuple[int, int]:
    """The time scale and the duration of a header, whose times have 32 or 64 bits."""
    is_long = file.read(header.content, 1) == b"\1"
    layout = struct.Struct(">IQ" if is_long else ">II")
    scale, length = layout.unpack(file.read(header.content + (20 if is_long else 12), layout.size))
    return scale, length


def _numbers(file: Readable, box: Box, start: int, count: int) -> Iterator[int]:
    """Numbers of 32 bits in the content of a box."""
    if count > _MAX_ENTRIES or box.content + start + 4 * count > box.end:
        raise CorruptFile
    return iter(struct.unpack(f">{count}I", file.read(box.content + start, 4 * count)))
