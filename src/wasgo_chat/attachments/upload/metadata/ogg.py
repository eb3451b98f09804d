"""Blanks comments of Ogg files in place, and reads how long they are.

An Ogg file is a list of pages, each with segments of packets of one stream (RFC 3533). The second packet of a stream
has its comments; a page that changes gets a new checksum. Streams of other codecs, such as subtitles, are blanked.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, EditedFile, Readable
from wasgo_chat.attachments.upload.metadata.comments import clean_comments, clean_vorbis_packet

_HEADER = 27
_CHECKSUM = 22
_BEGINS = 2
_NO_POSITION = 0xFFFFFFFFFFFFFFFF
_OPUS_RATE = 48_000
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_OPUS, _VORBIS, _SPEEX, _FLAC, _THEORA = b"OpusHead", b"\1vorbis", b"Speex   ", b"\x7fFLAC", b"\x80theora"
_CODECS = (_OPUS, _VORBIS, _SPEEX, _FLAC, _THEORA)
_FLAC_COMMENTS, _FLAC_PADDING = 4, 1
_FLAC_DROPPED = frozenset([2, 5, 6])  # application data, cue sheet, picture
_MAX_HEADER_PACKETS = 100


class _Page(NamedTuple):
    start: int
    flags: int
    position: int
    serial: int
    lacing: bytes
    content: int
    end: int


@dataclass(slots=True)
class _Stream:
    """A stream: its first packet, its further packets as ranges in the file, and how many of them are headers."""

    codec: bytes
    first: bytes
    headers: int
    packets: int = 0
    last_position: int = 0
    ranges: list[tuple[int, int]] = field(default_factory=list)
    pages: list[_Page] = field(default_factory=list)


def clean_ogg(path: Path) -> None:
    """Blank the comments of a recording in place. Raises: CorruptFile."""
    with EditedFile(path) as file:
        streams: dict[int, _Stream] = {}
        end = 0
        for page in _pages(file):
            end = page.end
            stream = streams.get(page.serial)
            if stream is None or page.flags & _BEGINS:
                stream = streams[page.serial] = _open(file, page)
            elif not stream.codec:
                _blank_page(file, page)
            elif stream.packets < stream.headers:
                _collect(file, stream, page)
        if not streams:
            raise CorruptFile
        if any(stream.packets < stream.headers and stream.ranges for stream in streams.values()):
            raise CorruptFile
        file.blank(end, file.size - end)


def ogg_duration(file: Readable) -> float | None:
    """The duration in seconds, from the position of the last page of each stream."""
    streams: dict[int, tuple[bytes, int]] = {}
    try:
        for page in _pages(file):
            if page.serial not in streams:
                streams[page.serial] = (file.read(page.content, min(page.end - page.content, 64)), 0)
            elif page.position != _NO_POSITION:
                streams[page.serial] = (streams[page.serial][0], page.position)
    except CorruptFile:
        pass
    return max((seconds for first, last in streams.values() if (seconds := _seconds(first, last))), default=None)


def _seconds(first: bytes, last: int) -> float | None:
    if first.startswith(_OPUS) and len(first) >= 12:
        return max(0, last - int.from_bytes(first[10:12], "little")) / _OPUS_RATE
    if first.startswith(_VORBIS) and len(first) >= 16:
        rate = int.from_bytes(first[12:16], "little")
    elif first.startswith(_SPEEX) and len(first) >= 40:
        rate = int.from_bytes(first[36:40], "little")
    elif first.startswith(_FLAC) and len(first) >= 32:
        rate = int.from_bytes(first[27:30]) >> 4
    else:
        return None
    return last / rate if rate else None


def _pages(file: Readable) -> Iterator[_Page]:
    """The pages from the beginning; a page that was cut off, or anything else, ends them."""
    start = 0
    while file.size - start >= _HEADER:
        header = file.read(start, _HEADER)
        if header[:5] != b"OggS\0":
            return
        flags, position, serial, count = struct.unpack("<5xBQI8xB", header)
        content = start + _HEADER + count
        if content > file.size:
            return
        lacing = file.read(start + _HEADER, count)
        end = content + sum(lacing)
        if end > file.size:
            return
        yield _Page(start, flags, position, serial, lacing, content, end)
        start = end


def _open(file: EditedFile, page: _Page) -> _Stream:
    first = file.read(page.content, page.end - page.content)
    codec = next((one for one in _CODECS if first.startswith(one)), b"")
    if not codec:
        _blank_page(file, page)
    elif sum(length < 255 for length in page.lacing) != 1 or page.lacing[-1] == 255:
        raise CorruptFile  # a page of its own, by the rules of all these codecs
    headers = 1
    if codec == _FLAC and len(first) >= 9:
        headers = min(int.from_bytes(first[7:9]) or _MAX_HEADER_PACKETS, _MAX_HEADER_PACKETS)
    return _Stream(codec, first, headers)


def _collect(file: EditedFile, stream: _Stream, page: _Page) -> None:
    """Add a page to the packet that is being collected, and clean the packets that end in it."""
    stream.pages.append(page)
    position = page.content
    start = position
    for length in page.lacing:
        position += length
        if length < 255 and stream.packets < stream.headers:
            stream.ranges.append((start, position - start))
            _clean_packet(file, stream)
            stream.packets += 1
            stream.ranges = []
            start = position
    if start < position and stream.packets < stream.headers:
        stream.ranges.append((start, position - start))
    else:
        stream.pages = []


def _clean_packet(file: EditedFile, stream: _Stream) -> None:
    packet = b"".join(file.read(start, length) for start, length in stream.ranges)
    cleaned = _cleaned(stream, packet)
    if len(cleaned) != len(packet):
        raise CorruptFile
    for start, length in stream.ranges:
        file.write(start, cleaned[:length])
        cleaned = cleaned[length:]
    for page in stream.pages:
        _sign(file, page)


def _cleaned(stream: _Stream, packet: bytes) -> bytes:
    if stream.codec == _OPUS and packet[:8] == b"OpusTags":
        return packet[:8] + clean_comments(packet[8:])
    if stream.codec in (_VORBIS, _THEORA) and packet[:7] in (b"\3vorbis", b"\x81theora") and len(packet) >= 16:
        return clean_vorbis_packet(packet)
    if stream.codec == _SPEEX:
        return clean_comments(packet)
    if stream.codec == _FLAC and len(packet) >= 4:
        return clean_flac_block(packet)
    raise CorruptFile


def clean_flac_block(block: bytes) -> bytes:
    """A metadata block of FLAC with its header (RFC 9639, 8): comments are cleaned, pictures become padding."""
    kind = block[0] & 127
    if kind == _FLAC_COMMENTS:
        return block[:4] + clean_comments(block[4:])
    if kind in _FLAC_DROPPED:
        return bytes([block[0] & 128 | _FLAC_PADDING]) + block[1:4] + bytes(len(block) - 4)
    return block


def _blank_page(file: EditedFile, page: _Page) -> None:
    file.blank(page.content, page.end - page.content)
    _sign(file, page)


def _sign(file: EditedFile, page: _Page) -> None:
    """Write the checksum of a page: CRC-32 without reflection, which zlib has with it."""
    file.write(page.start + _CHECKSUM, bytes(4))
    content = file.read(page.start, page.end - page.start)
    reflected = zlib.crc32(content.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    file.write(page.start + _CHECKSUM, reflected.to_bytes(4).translate(_REVERSED))
