"""The scanner of frames: whatever it reads itself the parser would have read the same, and it never loses count."""

import os
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from websockets.utils import apply_mask

from wasgo_chat.gateway.frames import Scanner

MAX = 1_000


@dataclass(frozen=True)
class Sent:
    """A frame as a client may send it."""

    first: int
    payload: bytes
    is_long: bool = False

    def wire(self) -> bytes:
        size, mask = len(self.payload), os.urandom(4)
        if size < 126 and not self.is_long:
            head = bytes((self.first, 0x80 | size))
        elif size < 65_536:
            head = bytes((self.first, 0x80 | 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((self.first, 0x80 | 127)) + size.to_bytes(8, "big")
        return head + mask + apply_mask(self.payload, mask)


TEXTS = st.text(max_size=200).map(str.encode)
FRAMES = st.one_of(
    st.builds(Sent, st.just(0x81), TEXTS),
    st.builds(Sent, st.just(0x81), st.binary(min_size=900, max_size=1_100)),
    st.builds(Sent, st.sampled_from([0x01, 0x00, 0x80, 0x82, 0x89, 0x8A, 0xC1, 0x83]), st.binary(max_size=120)),
)


@given(frames=st.lists(FRAMES, max_size=12), cuts=st.lists(st.integers(0, 3_000), max_size=8))
def test_what_it_reads_is_what_the_parser_reads(frames: list[Sent], cuts: list[int]) -> None:
    """Pieces that it leaves to the parser go there, and what is read is, in order, what the parser alone would read."""
    wires = [frame.wire() for frame in frames]
    stream = b"".join(wires)
    bounds = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    scanner, at_frame, ends = Scanner(MAX), 0, {sum(map(len, wires[:count])): count for count in range(len(wires) + 1)}
    for start, end in pairwise(bounds):
        read = scanner.messages(stream[start:end])
        if read is None:
            continue
        assert start in ends, "it read from within a frame"
        assert end in ends, "it read half a frame"
        at_frame = ends[start]
        taken = frames[at_frame : ends[end]]
        assert read == [frame.payload.decode() for frame in taken]
        assert all(frame.first == 0x81 and len(frame.payload) <= MAX for frame in taken)
        assert not _is_fragmented(frames[:at_frame])


def _is_fragmented(frames: list[Sent]) -> bool:
    is_open = False
    for frame in frames:
        if not frame.first & 0x08:
            is_open = not frame.first & 0x80
    return is_open


def test_it_reads_again_after_what_it_left_to_the_parser() -> None:
    scanner, usual = Scanner(MAX), Sent(0x81, b"{}").wire()
    ping = Sent(0x89, b"here").wire()
    assert scanner.messages(usual + usual) == ["{}", "{}"]
    assert scanner.messages(usual + ping) is None
    assert scanner.messages(usual) == ["{}"]
    long = Sent(0x81, b"x" * 500).wire()
    assert scanner.messages(long[:100]) is None
    assert scanner.messages(long[100:400]) is None
    assert scanner.messages(long[400:] + usual) is None
    assert scanner.messages(usual) == ["{}"]


def test_it_stays_silent_once_it_has_lost_count() -> None:
    scanner, usual = Scanner(MAX), Sent(0x81, b"{}").wire()
    assert scanner.messages(usual[:1]) is None
    assert scanner.messages(usual[1:]) is None
    assert scanner.messages(usual) is None


def test_an_unmasked_frame_is_the_parsers_to_refuse() -> None:
    assert Scanner(MAX).messages(b"\x81\x02{}") is None
