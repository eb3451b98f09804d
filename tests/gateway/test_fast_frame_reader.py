"""The fast frame reader: it reads exactly what the parser would have read, and never loses track of frames."""

import os
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security.raw import frame
from wasgo_chat.gateway.frames.framing import FastFrameReader, NonMinimalLength

MAX = 1_000


@dataclass(frozen=True)
class Sent:
    """A valid frame of a client."""

    first: int
    payload: bytes

    def wire(self) -> bytes:
        fin, bits, opcode = bool(self.first & 0x80), self.first & 0x70, self.first & 0x0F
        return frame(opcode, self.payload, fin=fin, bits=bits, key=os.urandom(4))


TEXTS = st.text(max_size=200).map(str.encode)
FRAMES = st.one_of(
    st.builds(Sent, st.just(0x81), TEXTS),
    st.builds(Sent, st.just(0x81), st.binary(min_size=900, max_size=1_100)),
    st.builds(Sent, st.sampled_from([0x01, 0x00, 0x80, 0x82, 0x89, 0x8A, 0xC1, 0x83]), st.binary(max_size=120)),
)


@given(frames=st.lists(FRAMES, max_size=12), cuts=st.lists(st.integers(0, 3_000), max_size=8))
def test_it_reads_the_same_as_the_parser(frames: list[Sent], cuts: list[int]) -> None:
    """Segments that it leaves go to the parser; together both must read, in order, what the parser alone would read."""
    wires = [sent.wire() for sent in frames]
    stream = b"".join(wires)
    bounds = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    scanner, at_frame, ends = (
        FastFrameReader(MAX),
        0,
        {sum(map(len, wires[:count])): count for count in range(len(wires) + 1)},
    )
    for start, end in pairwise(bounds):
        read = scanner.messages(stream[start:end])
        if read is None:
            continue
        assert start in ends, "it started within a frame"
        assert end in ends, "it read half a frame"
        at_frame = ends[start]
        taken = frames[at_frame : ends[end]]
        assert read == [sent.payload.decode() for sent in taken]
        assert all(sent.first == 0x81 and len(sent.payload) <= MAX for sent in taken)
        assert not _is_fragmented(frames[:at_frame])


def _is_fragmented(frames: list[Sent]) -> bool:
    is_open = False
    for sent in frames:
        if not sent.first & 0x08:
            is_open = not sent.first & 0x80
    return is_open


def test_it_resumes_after_what_it_left_to_the_parser() -> None:
    scanner, usual = FastFrameReader(MAX), Sent(0x81, b"{}").wire()
    ping = Sent(0x89, b"here").wire()
    assert scanner.messages(usual + usual) == ["{}", "{}"]
    assert scanner.messages(usual + ping) is None
    assert scanner.messages(usual) == ["{}"]
    long = Sent(0x81, b"x" * 500).wire()
    assert scanner.messages(long[:100]) is None
    assert scanner.messages(long[100:400]) is None
    assert scanner.messages(long[400:] + usual) is None
    assert scanner.messages(usual) == ["{}"]


@pytest.mark.parametrize("size", [5, 126, 500])
def test_it_resumes_after_a_frame_that_was_split_in_its_header(size: int) -> None:
    usual, cut = Sent(0x81, b"{}").wire(), Sent(0x81, b"x" * size).wire()
    for at in range(1, 9):
        scanner = FastFrameReader(MAX)
        assert scanner.messages(usual + cut[:at]) is None
        for byte in range(at, len(cut)):
            assert scanner.messages(cut[byte : byte + 1]) is None
        assert scanner.messages(usual) == ["{}"]


@pytest.mark.parametrize(("size", "size_bytes"), [(0, 2), (125, 2), (0, 8), (126, 8), (65_535, 8)])
def test_a_non_minimal_length_is_reported(size: int, size_bytes: int) -> None:
    usual = Sent(0x81, b"{}").wire()
    head = bytes((0x81, 0x80 | {2: 126, 8: 127}[size_bytes])) + size.to_bytes(size_bytes, "big") + bytes(4)
    for pieces in ([head], [usual + head], [usual + head[:1], head[1:]]):
        scanner = FastFrameReader(MAX)
        for piece in pieces[:-1]:
            scanner.messages(piece)
        with pytest.raises(NonMinimalLength):
            scanner.messages(pieces[-1])


@pytest.mark.parametrize(
    "close", [Sent(0x88, b"\x03\xe8").wire(), Sent(0x88, b"").wire()], ids=["with a code", "empty"]
)
def test_it_reads_nothing_after_the_client_has_closed(close: bytes) -> None:
    usual, wrong = Sent(0x81, b"{}").wire(), b"\x81\xfe\x00\x00" + bytes(4)
    for pieces in ([usual + close + wrong, usual], [close, wrong, usual], [close[:1], close[1:] + wrong, usual]):
        scanner = FastFrameReader(MAX)
        assert [scanner.messages(piece) for piece in pieces] == [None] * len(pieces)


def test_an_unmasked_frame_is_left_to_the_parser() -> None:
    for unmasked in (b"\x81\x02{}", b"\x81\x02{}abcdef"):
        assert FastFrameReader(MAX).messages(unmasked) is None
