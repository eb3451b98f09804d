"""Frames as bytes for the wire: built once, written to any number of sockets."""

from collections.abc import Sequence
from functools import cached_property

from wasgo_chat.inbox.render import Frame

try:
    from websockets.speedups import apply_mask
except ImportError:  # where the library was built without its compiled part
    from websockets.utils import apply_mask

_FINAL_TEXT = 0x81
_FINAL, _OPCODE, _CONTROL = 0x80, 0x0F, 0x08
_MASKED, _SIZE = 0x80, 0x7F


def wire_of(data: bytes) -> bytes:
    """A whole unmasked text frame, as a server sends it (RFC 6455, 5.2)."""
    size = len(data)
    if size < 126:
        return bytes((_FINAL_TEXT, size)) + data
    if size < 65_536:
        return bytes((_FINAL_TEXT, 126)) + size.to_bytes(2, "big") + data
    return bytes((_FINAL_TEXT, 127)) + size.to_bytes(8, "big") + data


class Scanner:
    """Follows the frames of a client through what arrives, and reads the messages where they are of the usual kind.

    Usual are whole masked text frames, each of them a message. Everything else is a parser's: for that it only keeps
    count of where frames end (RFC 6455, 5.2), so that it may read again afterwards.

    Args:
        max_size: the longest message that is usual, in bytes.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._missing = 0
        self._is_fragmented = False
        self._is_lost = False

    def messages(self, data: bytes) -> list[str] | None:
        """The messages of what arrived, if it is nothing but usual frames; else None, and it is for the parser."""
        if self._is_lost:
            return None
        at, length = self._missing, len(data)
        is_usual = at == 0 and not self._is_fragmented
        found: list[str] = []
        while at < length:
            head = _head(data, at)
            if head is None:  # cut within its head: where it ends cannot be known, nor where any later one does
                self._is_lost = True
                return None
            body, size = head
            first, end = data[at], body + size
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
    """Where the payload of a masked frame begins, and its size; None where neither is said yet, or it is not masked."""
    if at + 6 > len(data) or not data[at + 1] & _MASKED:
        return None
    size = data[at + 1] & _SIZE
    if size < 126:
        return at + 6, size
    more = 2 if size == 126 else 8
    if at + 6 + more > len(data):
        return None
    return at + 6 + more, int.from_bytes(data[at + 2 : at + 2 + more], "big")


class Run:
    """Durable frames of a conversation with consecutive seqs: one write to each socket that takes them all."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames
        self.last = frames[-1].seq
        self.size = sum(len(frame.data) for frame in frames)

    @cached_property
    def wire(self) -> bytes:
        """All of them as they are written to a transport."""
        return b"".join([wire_of(frame.data) for frame in self.frames])
