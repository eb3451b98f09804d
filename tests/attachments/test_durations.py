"""Durations come from the recorded data, whatever a header says."""

import struct
from pathlib import Path

import pytest

from tests.attachments.media import full_box, handler, webm
from tests.attachments.samples import box, film, sound
from wasgo_chat.attachments.upload.duration import duration_of
from wasgo_chat.attachments.upload.metadata.cleaning import IN_PLACE, clean_in_place


def track(kind: bytes, *runs: tuple[int, int], number: int = 1, scale: int = 1000) -> bytes:
    table = full_box(b"stts", struct.pack(">I", len(runs)), *(struct.pack(">II", *run) for run in runs))
    header = full_box(b"mdhd", bytes(8), struct.pack(">IIHH", scale, 0, 0, 0))
    media = box(b"mdia", header, handler(kind), box(b"minf", box(b"stbl", table)))
    return box(b"trak", full_box(b"tkhd", bytes(8), struct.pack(">I", number), bytes(68)), media)


def movie(stated_ms: int, *content: bytes, before: bytes = b"") -> bytes:
    header = full_box(b"mvhd", bytes(8), struct.pack(">II", 1000, stated_ms), bytes(80))
    return box(b"ftyp", b"isom", bytes(4)) + before + box(b"moov", header, *content)


def fragment(samples: int, *, duration: int | None = None, each: int | None = None, number: int = 1) -> bytes:
    """A fragment whose samples have a common duration, durations of their own, or that of the track."""
    header = full_box(b"tfhd", struct.pack(">I", number))
    if duration is not None:
        header = box(b"tfhd", struct.pack(">IIQI", 0x00_00_09, number, 0, duration))
    run = box(b"trun", struct.pack(">III", 0x00_00_01, samples, 0))
    if each is not None:
        run = box(b"trun", struct.pack(">III", 0x00_03_01, samples, 0), struct.pack(">II", each, 99) * samples)
    return box(b"moof", full_box(b"mfhd", bytes(4)), box(b"traf", header, run)) + box(b"mdat", b"x")


def fragmented(*fragments: bytes) -> bytes:
    default = full_box(b"trex", struct.pack(">IIIII", 1, 1, 20, 0, 0))
    return movie(0, track(b"vide"), box(b"mvex", default)) + b"".join(fragments)


def wav(*, size: int | None = None, kind: int = 1, channels: int = 2, seconds: int = 2) -> bytes:
    """A WAV of 8,000 samples a second with 16 bits, whose header may state another size."""
    content = bytes(8_000 * 2 * channels * seconds)
    layout = struct.pack("<HHIIHH", kind, channels, 8_000, 16_000 * channels, 2 * channels, 16)
    chunks = b"fmt " + struct.pack("<I", 16) + layout + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    return (
        b"RIFF"
        + bytes(4)
        + b"WAVE"
        + chunks
        + b"data"
        + struct.pack("<I", len(content) if size is None else size)
        + content
    )


def cut_off(content: bytes) -> bytes:
    """A WebM up to the beginning of its last cluster."""
    return content[: content.rindex(b"\x1f\x43\xb6\x75") + 20]


DURATIONS: dict[str, tuple[bytes, str, float | None]] = {
    "stated": (film(seconds=7), "video/mp4", 7.0),
    "after much else": (movie(4_000, before=box(b"mdat", b"mvhd" * 600_000)), "video/mp4", 4.0),
    "in the words of the data": (movie(5_000, before=box(b"free", b"mvhd" + bytes(24))), "video/mp4", 5.0),
    "stated and recorded": (movie(2_040, track(b"vide", (50, 40), (1, 20))), "video/mp4", 2.04),
    "stated too long": (movie(3_600_000, track(b"soun", (100, 1_024), scale=44_100)), "audio/mp4", 2.322),
    "not stated": (movie(0, track(b"vide", (50, 40))), "video/mp4", 2.0),
    "stated unknown": (movie(0xFFFFFFFF, track(b"vide", (50, 40))), "video/mp4", 2.0),
    "longest track": (movie(0, track(b"vide", (50, 40)), track(b"soun", (3, 1000), number=2)), "video/mp4", 3.0),
    "track of positions": (movie(0, track(b"vide", (50, 40)), track(b"meta", (9, 9_000), number=2)), "video/mp4", 2.0),
    "fragments with a default": (fragmented(*[fragment(50)] * 3), "video/mp4", 3.0),
    "fragments with a duration": (fragmented(*[fragment(50, duration=40)] * 2), "video/mp4", 4.0),
    "fragments with durations": (fragmented(fragment(10, each=100), fragment(5, each=200)), "video/mp4", 2.0),
    "fragments, the last cut off": (fragmented(fragment(50), fragment(50)[:-20]), "video/mp4", 1.0),
    "nothing": (movie(0), "video/mp4", None),
    "webm": (webm(stated=3_100.0), "video/webm", 3.1),
    "webm stated too long": (webm(stated=3_600_000.0), "video/webm", 3.0),
    "webm not a number": (webm(stated=float("nan")), "video/webm", 3.0),
    "webm of a recorder": (webm(is_live=True), "video/webm", 3.0),
    "webm that was cut off": (cut_off(webm(is_live=True, stated=9_000.0)), "video/webm", 2.0),
    "wav": (sound(1.5), "audio/wav", 1.5),
    "wav with a chunk of an odd size": (wav(), "audio/wav", 2.0),
    "wav of floats": (wav(kind=3), "audio/wav", 2.0),
    "wav stated too long": (wav(size=3_000_000_000), "audio/wav", 2.0),
    "wav of a stream": (wav(size=0xFFFFFFFF), "audio/wav", 2.0),
    "wav of a recorder that was stopped": (wav(size=0), "audio/wav", 2.0),
    "wav that was cut off": (wav()[:-32_000], "audio/wav", 1.0),
    "wav of a companding codec": (wav(kind=6), "audio/wav", 2.0),
    "wav without sound": (b"RIFF" + bytes(4) + b"WAVE", "audio/wav", None),
    "another type": (b"x", "application/pdf", None),
}


@pytest.mark.parametrize("kind", DURATIONS)
def test_a_duration_is_that_of_the_recorded_data(tmp_path: Path, kind: str) -> None:
    content, content_type, seconds = DURATIONS[kind]
    path = tmp_path / "a"
    path.write_bytes(content)
    if content_type in IN_PLACE:
        assert clean_in_place(path, content_type)
    assert duration_of(path, content_type) == seconds
