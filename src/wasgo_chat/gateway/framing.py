"""Frames as bytes for the wire: built once, written to any number of sockets."""

from collections.abc import Sequence
from functools import cached_property

from wasgo_chat.conversations.event_frames import EventFrame

try:
    from websockets.speedups import apply_mask
except ImportError:  # where the library was built without its compiled part
    from websockets.utils import apply_mask

_FINAL_TEXT = 0x81
_FINAL, _OPCODE, _CONTROL, _CLOSE = 0x80, 0x0F, 0x08, 0x08
_MASKED, _SIZE = 0x80, 0x7F
_TYPE_AT, _LONGEST_TYPE = len('{"type":"'), 40


def encode_text_frame(data: bytes) -> bytes:
    """A whole unmasked text frame, as a server sends it (RFC 6455, 5.2)."""
    size = len(data)
    if size < 126:
        return bytes((_FINAL_TEXT, size)) + data
    if size < 65_536:
        return bytes((_FINAL_TEXT, 126)) + size.to_bytes(2, "big") + data
    return bytes((_FINAL_TEXT, 127)) + size.to_bytes(8, "big") + data


def frame_type(data: bytes) -> str:
    """The type of a frame of ours, which stands first in it; `other` where another version says it differently."""
    end = data.find(b'"', _TYPE_AT, _TYPE_AT + _LONGEST_TYPE)
    return data[_TYPE_AT:end].decode("ascii", "replace") if end > 0 else "other"


class NonMinimalLength(Exception):
    """A frame says its length in more bytes than it needs (RFC 6455, 5.2), which the parser would let pass."""


class FastFrameReader:
    """Follows the frames of a client through what arrives, and reads the messages where they are of the usual kind.

    Usual are whole masked text frames, each of them a message. Everything else is a parser's: for that it only keeps
    count of where frames end (RFC 6455, 5.2), so that it may read again afterwards.

    Args:
        max_size: the longest message that is usual, in bytes.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._missing = 0
        self._head = b""
        self._is_fragmented = False
        self._is_over = False

    def messages(self, data: bytes) -> list[str] | None:
        """The messages of what arrived, if it is nothing but usual frames; else None, and it is for the parser.

        Raises:
            NotMinimal: nothing of it was read, and nothing after it may be.
        """
        if self._is_over:
            return None
        is_usual = self._missing == 0 and not self._head and not self._is_fragmented
        if self._head:
            data = self._head + data
            self._head = b""
        at, length = self._missing, len(data)
        found: list[str] = []
        while at < length:
            first = data[at]
            head = _head(data, at)
            if head is None:  # cut within its head: all of it is the parser's
                self._head = data[at:]
                self._missing = 0
                return None
            body, size = head
            if first & _OPCODE == _CLOSE or not data[at + 1] & _MASKED:
                self._is_over = True  # what follows counts for nothing (RFC 6455, 1.4), or this is refused (5.1)
                return None
            end = body + size
            if not first & _CONTROL:
                is_usual = is_usual and not self._is_fragmented
                self._is_fragmented = not first & _FINAL
            is_usual = is_usual and first == _FINAL_TEXT and size <= self._max_size and end <= length
            if is_usual:
                try:
                    found.append(apply_mask(data[body:end], data[body - 4 : body]).decode())
                except UnicodeDecodeError:
                    is_usual = False
            at = end
        self._missing = at - length
        return found if is_usual else None


def _head(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the payload of a frame begins, if it is masked as it has to be, and its size; None while it is not said.

    Raises:
        NotMinimal: fewer bytes would have said the size.
    """
    if at + 6 > len(data):
        return None
    size = data[at + 1] & _SIZE
    if size < 126:
        return at + 6, size
    more, fewest = (2, 126) if size == 126 else (8, 65_536)
    if at + 6 + more > len(data):
        return None
    size = int.from_bytes(data[at + 2 : at + 2 + more], "big")
    if size < fewest:
        raise NonMinimalLength
    return at + 6 + more, size


class FrameBatch:
    """Durable frames of a conversation with consecutive seqs: one write to each socket that takes them all."""

    def __init__(self, frames: Sequence[EventFrame]) -> None:
        self.frames = frames
        self.last = frames[-1].seq
        self.size = sum(len(frame.data) for frame in frames)

    @cached_property
    def wire(self) -> bytes:
        """All of them as they are written to a transport."""
        return b"".join([encode_text_frame(frame.data) for frame in self.frames])
