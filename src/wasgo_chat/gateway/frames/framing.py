"""WebSocket framing (RFC 6455): text frames encoded once for many connections, and a fast reader of client frames."""

from collections.abc import Sequence
from functools import cached_property

from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.core.encoding import encode

try:
    from websockets.speedups import apply_mask
except ImportError:  # the library may be installed without its compiled part
    from websockets.utils import apply_mask

_FINAL_TEXT = 0x81
_FINAL, _OPCODE, _CONTROL, _CLOSE = 0x80, 0x0F, 0x08, 0x08
_MASKED, _SIZE = 0x80, 0x7F
MAX_FRAMES_PER_TURN = 64
"""Tiny frames cost about 20 µs each in the stock parser, so that a turn takes about a millisecond."""
_TYPE_START, _MAX_TYPE_BYTES = len(encode({"type": ""})) - 2, 40


def encode_text_frame(data: bytes) -> bytes:
    """Encode an unfragmented, unmasked text frame, as servers send it (RFC 6455, 5.2)."""
    size = len(data)
    if size < 126:
        return bytes((_FINAL_TEXT, size)) + data
    if size < 65_536:
        return bytes((_FINAL_TEXT, 126)) + size.to_bytes(2, "big") + data
    return bytes((_FINAL_TEXT, 127)) + size.to_bytes(8, "big") + data


def frame_type(data: bytes) -> str:
    """The type of an encoded server frame, for the counters, without parsing the frame.

    Every builder puts `type` first; the tests check that of each frame that they receive. `other` if there is no type
    at this place: another release may have encoded the frame.
    """
    end = data.find(b'"', _TYPE_START, _TYPE_START + _MAX_TYPE_BYTES)
    return data[_TYPE_START:end].decode("ascii", "replace") if end > 0 else "other"


class NonMinimalLength(Exception):
    """A frame encodes its length in more bytes than it needs (RFC 6455, 5.2), which the stock parser accepts."""


class FastFrameReader:
    """Reads the frames of one client if they are common: unfragmented masked text frames that arrive whole.

    Everything else is for the stock parser. The reader then only tracks where frames end (RFC 6455, 5.2), so that it
    can resume at the next frame boundary.

    A call reads at most `MAX_FRAMES_PER_TURN` frames. `consumed` is how many bytes of the data they took: the caller
    passes the rest in a later turn of the event loop, so that a flood of tiny frames does not delay other connections.

    Args:
        max_size: the maximum size of a message in bytes. Larger ones are for the parser, which refuses them.
    """

    def __init__(self, max_size: int) -> None:
        self.consumed = 0
        self.cheap_frames = 0
        """Control frames and empty final frames so far: no other rate limit counts them, and they cost as much."""
        self._max_size = max_size
        self._missing = 0  # bytes of the current frame that have not arrived yet
        self._partial_head = b""
        self._is_fragmented = False
        self._is_over = False

    def messages(self, data: bytes) -> list[str] | None:
        """The messages of received data if it consists of common frames only; None if the data is for the parser.

        Raises:
            NonMinimalLength: the data must be read neither here nor by the parser, and the connection fails.
        """
        self.consumed = len(data)
        if self._is_over:
            return None
        is_common = self._missing == 0 and not self._partial_head and not self._is_fragmented
        carried = len(self._partial_head)
        if carried:
            data = self._partial_head + data
            self._partial_head = b""
        start, length, frames = self._missing, len(data), 0
        messages: list[str] = []
        while start < length:
            if frames == MAX_FRAMES_PER_TURN:
                self.consumed = start - carried
                self._missing = 0
                return messages if is_common else None
            frames += 1
            first = data[start]
            head = _parse_head(data, start)
            if head is None:  # the head is incomplete
                self._partial_head = data[start:]
                self._missing = 0
                return None
            body, size = head
            if first & _OPCODE == _CLOSE or not data[start + 1] & _MASKED:
                self._is_over = True  # nothing counts after a close (RFC 6455, 1.4); an unmasked frame is refused (5.1)
                return None
            end = body + size
            if first & _CONTROL or (first & _FINAL and not size):
                self.cheap_frames += 1
            if not first & _CONTROL:
                is_common = is_common and not self._is_fragmented
                self._is_fragmented = not first & _FINAL
            is_common = is_common and first == _FINAL_TEXT and size <= self._max_size and end <= length
            if is_common:
                try:
                    messages.append(apply_mask(data[body:end], data[body - 4 : body]).decode())
                except UnicodeDecodeError:
                    is_common = False
            start = end
        self._missing = start - length
        return messages if is_common else None


def _parse_head(data: bytes, start: int) -> tuple[int, int] | None:
    """The offset and size of the payload of the frame at `start`, assuming that it is masked; None if incomplete.

    Raises:
        NonMinimalLength: fewer bytes could encode the size.
    """
    if start + 6 > len(data):
        return None
    size = data[start + 1] & _SIZE
    if size < 126:
        return start + 6, size
    size_bytes, min_size = (2, 126) if size == 126 else (8, 65_536)
    if start + 6 + size_bytes > len(data):
        return None
    size = int.from_bytes(data[start + 2 : start + 2 + size_bytes], "big")
    if size < min_size:
        raise NonMinimalLength
    return start + 6 + size_bytes, size


class FrameBatch:
    """Events of a conversation with consecutive seqs, written to each connection at once."""

    def __init__(self, frames: Sequence[EventFrame]) -> None:
        self.frames = frames
        self.last = frames[-1].seq
        self.size = sum(len(frame.data) for frame in frames)

    @cached_property
    def wire(self) -> bytes:
        """The frames as bytes for a transport, encoded at the first use for all connections."""
        return b"".join([encode_text_frame(frame.data) for frame in self.frames])
