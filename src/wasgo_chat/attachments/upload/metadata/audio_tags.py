"""Blanks tags of audio files in place: ID3 and APE of MP3, unknown chunks of WAV.

Title, artist, album, track and genre stay, because players display them. Pictures, comments, private frames,
encoders, dates and everything else are removed.
"""

import struct
from pathlib import Path

from wasgo_chat.attachments.upload.metadata.bounded_io import EditedFile

_KEPT_FRAMES = frozenset([b"TIT2", b"TPE1", b"TALB", b"TRCK", b"TCON"])
_KEPT_CHUNKS = frozenset([b"fmt ", b"data", b"fact", b"cue ", b"smpl", b"PEAK"])
_ID3_HEADER, _FRAME_HEADER, _ID3V1, _APE = 10, 10, 128, 32
_FOOTER_FLAG = 0x10
_MAX_FRAME_BYTES, _MAX_FRAMES, _MAX_TAGS = 4_096, 1_000, 100
# ID3v1: title, artist and album have 30 bytes each, the year 4, the comment and track number 30.
_V1_YEAR_AND_COMMENT = (93, 34)


def clean_mp3(path: Path) -> None:
    """Blank the tags of an MP3 file in place. Raises: CorruptFile."""
    with EditedFile(path) as file:
        position = 0
        for _ in range(_MAX_TAGS):
            if file.size - position < _ID3_HEADER or file.read(position, 3) != b"ID3":
                break
            position = _clean_id3(file, position)
        end = file.size
        if end >= _ID3V1 and file.read(end - _ID3V1, 3) == b"TAG":
            end -= _ID3V1
            file.blank(end + _V1_YEAR_AND_COMMENT[0], _V1_YEAR_AND_COMMENT[1])
        _blank_tail(file, position, end)


def _clean_id3(file: EditedFile, start: int) -> int:
    """Write the tag again with the frames that are kept. Returns where it ends."""
    head = file.read(start, _ID3_HEADER)
    version, flags, length = head[3], head[5], _synchsafe(head[6:])
    end = min(start + _ID3_HEADER + length, file.size)
    kept = bytearray()
    # Frames of other versions have other headers, and those of flagged tags other contents: then all are dropped.
    if version in (3, 4) and not flags:
        position = start + _ID3_HEADER
        for _ in range(_MAX_FRAMES):
            if end - position < _FRAME_HEADER:
                break
            header = file.read(position, _FRAME_HEADER)
            name, raw = header[:4], header[4:8]
            content = int.from_bytes(raw)
            if version == 4:
                content = _synchsafe(raw)
            position += _FRAME_HEADER + content
            if not name.isalnum() or position > end:
                break
            if name in _KEPT_FRAMES and content <= _MAX_FRAME_BYTES and header[8:] == b"\0\0":
                kept += header + file.read(position - content, content)
    file.write(start + 5, b"\0")
    file.write(start + _ID3_HEADER, bytes(kept[: end - start - _ID3_HEADER]))
    file.blank(start + _ID3_HEADER + len(kept), end - start - _ID3_HEADER - len(kept))
    if flags & _FOOTER_FLAG:
        file.blank(end, _ID3_HEADER)
        end += _ID3_HEADER
    return min(end, file.size)


def _synchsafe(content: bytes) -> int:
    """A size of four bytes with seven bits each."""
    return sum((byte & 127) << shift for byte, shift in zip(content, (21, 14, 7, 0), strict=True))


def _blank_tail(file: EditedFile, start: int, end: int) -> None:
    """Blank APE and Lyrics3 tags that end here, in any order."""
    for _ in range(_MAX_TAGS):
        if end - start >= _APE and file.read(end - _APE, 8) == b"APETAGEX":
            size, flags = struct.unpack("<12xI4xI", file.read(end - _APE, 24))
            # The size includes the footer; a flag tells whether there is a header as well.
            length = size + (_APE if flags >> 31 else 0)
        elif end - start >= 15 and file.read(end - 9, 9) == b"LYRICS200":
            digits = file.read(end - 15, 6)
            length = int(digits) + 15 if digits.isdigit() else 15
        else:
            return
        first = max(start, end - max(length, _APE))
        file.blank(first, end - first)
        end = first


def clean_wav(path: Path) -> None:
    """Blank the chunks of a WAV file that are not needed to play it, in place. Raises: CorruptFile."""
    with EditedFile(path) as file:
        position = 12
        while file.size - position >= 8:
            name, length = struct.unpack("<4sI", file.read(position, 8))
            if name == b"data" and (length == 0 or length > file.size - position - 8):
                return  # a recording that was cut off, or streamed before its length was known
            if name not in _KEPT_CHUNKS:
                if not name.strip(b"\0"):
                    break
                file.write(position, b"JUNK")
                file.blank(position + 8, length)
            position += 8 + length + length % 2
        if position < file.size:
            file.blank(position, file.size - position)
