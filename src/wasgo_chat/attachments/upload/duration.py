"""The duration of a recording, from its container. Never raises; runs in a decoder process.

A header may state another duration than the recording has: a recorder was stopped, an upload was cut off, or a file is
streamed before its length is known. Where the recorded data says otherwise, it is right.
"""

import struct
from pathlib import Path

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, RangedFile
from wasgo_chat.attachments.upload.metadata.iso_durations import iso_durations
from wasgo_chat.attachments.upload.metadata.matroska import read_times
from wasgo_chat.attachments.upload.metadata.ogg import ogg_duration

_ISO = ("audio/mp4", "video/mp4", "video/quicktime")
_MATROSKA = ("audio/webm", "video/webm", "audio/x-matroska", "video/x-matroska")
_OGG = ("audio/ogg", "video/ogg")
_TOLERANCE, _TOLERANCE_S = 0.05, 1.0
_MAX_S = 10_000_000.0
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_WAV_HEADER = 12


def duration_of(path: Path, content_type: str) -> float | None:
    """Seconds of a WAV, MP4, QuickTime, WebM, Matroska or Ogg file; None for others, and if it is not known."""
    try:
        with RangedFile(path) as file:
            if content_type == "audio/wav":
                seconds = _wav_duration(file)
            elif content_type in _ISO:
                seconds = _agreed(*iso_durations(file))
            elif content_type in _MATROSKA:
                times = read_times(file)
                seconds = _agreed(times.stated_s, times.last_s)
            elif content_type in _OGG:
                seconds = ogg_duration(file)
            else:
                return None
    except (CorruptFile, struct.error, OverflowError, ZeroDivisionError, IndexError):
        return None
    # A comparison with NaN is false.
    return round(seconds, 3) if seconds is not None and 0 < seconds < _MAX_S else None


def _agreed(stated_s: float | None, recorded_s: float | None) -> float | None:
    """The stated duration, unless the recorded data says something else."""
    if not recorded_s or not stated_s:
        return stated_s or recorded_s
    is_near = abs(stated_s - recorded_s) <= max(_TOLERANCE_S, _TOLERANCE * recorded_s)
    return stated_s if is_near else recorded_s


def _wav_duration(file: RangedFile) -> float | None:
    """From the bytes of the `data` chunk, as many as there are. Its size may be unknown, or too large."""
    position = _WAV_HEADER
    kind = rate = bytes_per_s = align = samples = 0
    while file.size - position >= 8:
        name, length = struct.unpack("<4sI", file.read(position, 8))
        position += 8
        if name == b"fmt ":
            kind, _, rate, bytes_per_s, align = struct.unpack("<HHIIH", file.read(position, 14))
        elif name == b"fact" and length >= 4:
            (samples,) = struct.unpack("<I", file.read(position, 4))
        elif name == b"data":
            there = file.size - position
            size = length if 0 < length <= there else there
            if kind in (_PCM, _FLOAT, _EXTENSIBLE) and align:
                return size // align / rate
            is_complete = size == length
            return samples / rate if samples and is_complete else size / bytes_per_s
        position += length + length % 2
    return None
