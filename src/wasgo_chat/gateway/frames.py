"""Frames as bytes for the wire: built once, written to any number of sockets."""

from collections.abc import Sequence
from functools import cached_property

from wasgo_chat.inbox.render import Frame

_FINAL_TEXT = 0x81


def wire_of(data: bytes) -> bytes:
    """A whole unmasked text frame, as a server sends it (RFC 6455, 5.2)."""
    size = len(data)
    if size < 126:
        return bytes((_FINAL_TEXT, size)) + data
    if size < 65_536:
        return bytes((_FINAL_TEXT, 126)) + size.to_bytes(2, "big") + data
    return bytes((_FINAL_TEXT, 127)) + size.to_bytes(8, "big") + data


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
