"""Vorbis comments: the tags of Ogg, FLAC and Vorbis in Matroska. Title, artist, album, track and genre are kept.

What is removed becomes a part of the name of the encoder, as blanks, so that the length stays.
"""

import struct

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile

_KEPT = frozenset([b"title", b"artist", b"album", b"tracknumber", b"genre"])
_MAX_VALUE_BYTES, _MAX_COMMENTS = 4_096, 10_000
_FRAMING = b"\1"


def clean_comments(content: bytes) -> bytes:
    """The same number of bytes, with only the comments that are kept. Raises: CorruptFile."""
    try:
        (length,) = struct.unpack_from("<I", content)
        (count,) = struct.unpack_from("<I", content, 4 + length)
        position, kept = 8 + length, []
        for _ in range(min(count, _MAX_COMMENTS)):
            (length,) = struct.unpack_from("<I", content, position)
            comment = content[position + 4 : position + 4 + length]
            position += 4 + length
            if position > len(content):
                raise CorruptFile
            if comment.partition(b"=")[0].lower() in _KEPT and length <= _MAX_VALUE_BYTES:
                kept.append(struct.pack("<I", length) + comment)
    except struct.error as error:
        raise CorruptFile from error
    tail = struct.pack("<I", len(kept)) + b"".join(kept)
    blanks = len(content) - 4 - len(tail)
    return struct.pack("<I", blanks) + b" " * blanks + tail


def clean_vorbis_packet(packet: bytes) -> bytes:
    """The second packet of a Vorbis or Theora stream: seven bytes that name it, the comments, and a bit."""
    if packet[:7] == b"\x81theora":
        return packet[:7] + clean_comments(packet[7:])
    return packet[:7] + clean_comments(packet[7:-1]) + _FRAMING


def clean_vorbis_private(setup: bytes) -> bytes:
    """The three packets of a Vorbis stream as Matroska stores them: their number less one, two sizes, the packets."""
    position, sizes = 1, []
    if setup[:1] != b"\2":
        raise CorruptFile
    for _ in range(2):
        size = 0
        while setup[position : position + 1] == b"\xff":
            size, position = size + 255, position + 1
        sizes.append(size + int.from_bytes(setup[position : position + 1]))
        position += 1
    start = position + sizes[0]
    packet = setup[start : start + sizes[1]]
    if len(packet) != sizes[1] or len(packet) < 16 or packet[:7] != b"\3vorbis":
        raise CorruptFile
    return setup[:start] + clean_vorbis_packet(packet) + setup[start + sizes[1] :]
