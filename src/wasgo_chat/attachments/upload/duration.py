"""The duration of a recording, if its container states it. Blocking; never raises."""

import struct
import wave
from pathlib import Path

_EDGE_BYTES = 1 << 20


def duration_of(path: Path, content_type: str) -> float | None:
    """Seconds of a WAV file, or of an MP4 or QuickTime file with its header near either end; None otherwise."""
    try:
        if content_type == "audio/wav":
            with path.open("rb") as file, wave.open(file) as recording:
                return float(round(recording.getnframes() / recording.getframerate(), 3))
        if content_type in ("audio/mp4", "video/mp4", "video/quicktime"):
            return _iso_duration(path)
    except (wave.Error, EOFError, struct.error, ZeroDivisionError):
        return None
    return None


def _iso_duration(path: Path) -> float | None:
    """From the movie header box, version 0 or 1 (ISO/IEC 14496-12, 8.2.2)."""
    with path.open("rb") as file:
        head = file.read(_EDGE_BYTES)
        file.seek(max(0, path.stat().st_size - _EDGE_BYTES))
        tail = file.read(_EDGE_BYTES)
    for part in (head, tail):
        offset = part.find(b"mvhd")
        if offset < 0:
            continue
        offset += 4
        is_long = part[offset] == 1 if offset < len(part) else False
        scale, length = struct.unpack_from(">20xIQ" if is_long else ">12xII", part, offset)
        return float(round(length / scale, 3)) if length not in (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF) else None
    return None
