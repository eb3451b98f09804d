"""Framing, control frames, fragments and text as RFC 6455 says, byte by byte: what public conformance suites try.

Frames of the usual kind are read past the parser, so the same is tried before, behind and between such ones, in one
segment with them and in segments of their own. Sections of the RFC stand in brackets.
"""

import json
from itertools import pairwise

import pytest

from tests.gateway.peer import BINARY, CLOSE, CONT, KEY, PING, PONG, TEXT, Peers
from tests.security.raw import frame

TOGETHER_OR_NOT = pytest.mark.parametrize("is_joined", [True, False], ids=["one segment", "segments of their own"])
SIZES = [125, 126, 127, 128, 65_535, 65_536]

REFUSED = {
    "1.x, 5.2: 0 bytes said in 16 bits": frame(TEXT, b"", size_bytes=2),
    "1.x, 5.2: 125 bytes said in 16 bits": frame(TEXT, b" " * 125, size_bytes=2),
    "1.x, 5.2: 2 bytes said in 64 bits": frame(TEXT, b"{}", size_bytes=8),
    "1.x, 5.2: 126 bytes said in 64 bits": frame(TEXT, b" " * 126, size_bytes=8),
    "1.x, 5.2: 65535 bytes said in 64 bits": frame(TEXT, b" " * 65_535, size_bytes=8)[:14],
    "1.x, 5.2: a binary frame of 1 byte said in 16 bits": frame(BINARY, b"x", size_bytes=2),
    "1.x, 5.2: a first piece of 1 byte said in 16 bits": frame(TEXT, b"{", fin=False, size_bytes=2),
    "1.x, 5.2: a ping of 1 byte said in 16 bits": frame(PING, b"x", size_bytes=2),
    "1.x, 5.1: no mask": frame(TEXT, b"{}", masked=False),
    "1.x, 5.1: an empty frame without a mask": frame(TEXT, masked=False),
    "1.x, 5.1: a ping without a mask": frame(PING, b"x", masked=False),
    "2.5, 5.5: a ping of 126 bytes": frame(PING, b"x" * 126),
    "2.5, 5.5: a pong of 126 bytes": frame(PONG, b"x" * 126),
    **{f"3.x, 5.2: reserved bits {bits:#x}": frame(TEXT, b"{}", bits=bits) for bits in range(0x10, 0x80, 0x10)},
    "3.5, 5.2: a reserved bit of a binary frame": frame(BINARY, b"x", bits=0x10),
    "3.6, 5.2: a reserved bit of a ping": frame(PING, b"x", bits=0x20),
    "3.7, 5.2: a reserved bit of a close": frame(CLOSE, b"\x03\xe8", bits=0x40),
    **{f"4.x, 5.2: opcode {opcode}": frame(opcode) for opcode in (*range(3, 8), *range(11, 16))},
    **{f"4.x, 5.2: opcode {opcode} with a payload": frame(opcode, b"{}") for opcode in (*range(3, 8), *range(11, 16))},
    "5.1, 5.5: a ping in pieces": frame(PING, b"x", fin=False) + frame(CONT, b"y"),
    "5.2, 5.5: a pong in pieces": frame(PONG, b"x", fin=False) + frame(CONT, b"y"),
    "5.x, 5.5: a close in pieces": frame(CLOSE, b"\x03\xe8", fin=False),
    "5.9, 5.4: a last piece of nothing": frame(CONT, b"{}"),
    "5.11, 5.4: a middle piece of nothing": frame(CONT, b"{", fin=False) + frame(TEXT, b"}"),
    "5.13, 5.4: a piece after the last": frame(TEXT, b"{", fin=False) + frame(CONT, b"}") + frame(CONT, b"x"),
    "5.18, 5.4: a text within a text": frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"),
    "5.18, 5.4: a first piece within a text": frame(TEXT, b"{", fin=False) + frame(TEXT, b"}", fin=False),
    "5.18, 5.4: a binary frame within a text": frame(TEXT, b"{", fin=False) + frame(BINARY, b"}"),
}  # fmt: skip


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED.keys())
async def test_a_protocol_violation_is_1002(peers: Peers, refused: bytes) -> None:
    async with peers() as alone:
        await alone.say(refused)
        await alone.refused(1002)
    async with peers() as between:
        ref, usual = between.usual()
        await between.say(usual)
        await between.answers(ref)
        await between.say(between.usual()[1] + refused + between.usual()[1])
        await between.refused(1002)
    async with peers() as cut:
        await cut.say(cut.usual()[1], refused[:1], refused[1:])
        await cut.refused(1002)


@TOGETHER_OR_NOT
@pytest.mark.parametrize("size", SIZES)
async def test_a_text_of_any_size_is_read(peers: Peers, size: int, *, is_joined: bool) -> None:
    """1.1 [5.2, 5.6]."""
    async with peers(is_joined=is_joined) as peer:
        (first, before), (ref, payload), (last, after) = peer.usual(), peer.ask(size), peer.usual()
        assert len(payload) == size
        await peer.say(before, frame(TEXT, payload, key=KEY), after)
        assert await peer.answers(first, ref, last) == []


@TOGETHER_OR_NOT
@pytest.mark.parametrize("size", [0, *SIZES])
async def test_an_invalid_text_is_answered_whatever_its_size(peers: Peers, size: int, *, is_joined: bool) -> None:
    """1.1.1, 1.2 [5.2, 5.6]: an empty text, and binary frames."""
    async with peers(is_joined=is_joined) as peer:
        (first, before), (last, after) = peer.usual(), peer.usual()
        await peer.say(before, frame(BINARY, b"\xfe" * size, key=KEY), frame(TEXT), after)
        assert await peer.answers(first, None, None, last) == []


@TOGETHER_OR_NOT
@pytest.mark.parametrize(
    "large",
    [
        frame(TEXT, b"x" * 65_537)[:14], b"\x82\xff\x7f" + b"\xff" * 7 + KEY, b"\x81\xff" + b"\xff" * 8 + KEY,
        frame(TEXT, b"x" * 65_536, fin=False) + frame(CONT, b"x"),
        frame(BINARY, b"x" * 40_000, fin=False) + frame(CONT, b"x" * 40_000, fin=False)[:8],
    ],
    ids=["65537 bytes", "2 ** 63 - 1 bytes", "2 ** 64 - 1 bytes", "one byte too many in pieces", "too large in pieces"],
)  # fmt: skip
async def test_a_frame_that_is_too_large_is_1009(peers: Peers, large: bytes, *, is_joined: bool) -> None:
    """9 [7.4.1, 10.4]: rejected as soon as its length is known."""
    async with peers(is_joined=is_joined) as peer:
        await peer.say(peer.usual()[1], large)
        await peer.refused(1009)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 13, 64, 997])
async def test_frames_may_be_split_anywhere(peers: Peers, size: int) -> None:
    """1.1.6, 2.6, 5.5, 9.5 [5.4: segments have no meaning]."""
    async with peers() as peer:
        refs, sent = [], b""
        for length in (0, 126, 200, 0):
            (whole, payload), (pieced, pieces) = peer.ask(length), peer.ask(length)
            refs += [whole, pieced]
            sent += frame(TEXT, payload, key=KEY) + frame(PING, b"here", key=KEY)
            sent += frame(TEXT, pieces[:30], fin=False) + frame(PONG, b"there") + frame(CONT, pieces[30:], key=KEY)
        await peer.say(*(sent[at : at + size] for at in range(0, len(sent), size)))
        assert await peer.answers(*refs) == [(PONG, b"here")] * 4
        last, usual = peer.usual()
        await peer.say(usual)
        await peer.answers(last)


async def test_a_frame_may_be_split_at_each_of_its_bytes(peers: Peers) -> None:
    """1.1.6 [5.2]: in its header, masking key and payload; the frames after it are read in order."""
    async with peers() as peer:
        for length in (0, 126):
            for at in range(1, 12):
                (first, payload), (last, usual) = peer.ask(length), peer.usual()
                cut = frame(TEXT, payload, key=KEY)
                await peer.say(cut[:at], cut[at:] + usual)
                assert await peer.answers(first, last) == []


@TOGETHER_OR_NOT
async def test_many_frames_are_answered_in_order(peers: Peers, *, is_joined: bool) -> None:
    """2.10, 9.7 [5.5.2]: pongs have the payloads of their pings."""
    async with peers(is_joined=is_joined) as peer:
        asked = [peer.usual() for _ in range(20)]
        pings = [b"ping %d" % count for count in range(20)]
        both = zip(asked, pings, strict=True)
        await peer.say(*(piece for (_, usual), ping in both for piece in (usual, frame(PING, ping, key=KEY))))
        others = await peer.answers(*(ref for ref, _ in asked))
        while len(others) < 20:
            others.append(await peer.hears())
        assert others == [(PONG, ping) for ping in pings]


@TOGETHER_OR_NOT
@pytest.mark.parametrize("payload", [b"", b"hello", bytes(range(131, 256)), b"\x00\xff\xfe\xfd"])
async def test_a_ping_is_answered_with_its_payload(peers: Peers, payload: bytes, *, is_joined: bool) -> None:
    """2.1 to 2.4 [5.5.2, 5.5.3]; 2.7 to 2.9: unsolicited pongs are ignored."""
    async with peers(is_joined=is_joined) as peer:
        (first, before), (last, after) = peer.usual(), peer.usual()
        await peer.say(
            before, frame(PONG, payload), frame(PING, payload, key=KEY), frame(PONG), frame(PONG, b"x" * 125), after
        )
        assert await peer.answers(first, last) == [(PONG, payload)]


@TOGETHER_OR_NOT
@pytest.mark.parametrize("count", [2, 3, 7, 60])
async def test_a_text_may_be_fragmented(peers: Peers, count: int, *, is_joined: bool) -> None:
    """5.3 to 5.8, 5.19 [5.4]: also empty fragments, with pings between them, and other frames around them."""
    async with peers(is_joined=is_joined) as peer:
        (first, before), (ref, payload), (last, after) = peer.usual(), peer.ask(200), peer.usual()
        cuts = [len(payload) * at // count for at in range(count + 1)]
        pieces = [b"", *(payload[start:end] for start, end in pairwise(cuts)), b""]
        frames = [
            frame(CONT if at else TEXT, piece, fin=at == len(pieces) - 1, key=KEY) + frame(PING, b"%d" % at)
            for at, piece in enumerate(pieces)
        ]
        await peer.say(before, *frames, after)
        assert await peer.answers(first, ref, last) == [(PONG, b"%d" % at) for at in range(len(pieces))]


@TOGETHER_OR_NOT
async def test_all_fragments_may_be_empty(peers: Peers, *, is_joined: bool) -> None:
    """6.1 [5.4]."""
    async with peers(is_joined=is_joined) as peer:
        (first, before), (last, after) = peer.usual(), peer.usual()
        await peer.say(before, frame(TEXT, fin=False), frame(CONT, fin=False), frame(CONT), after)
        assert await peer.answers(first, None, last) == []


TEXTS = (
    "κόσμε", "Hello-µ@ßöäüàá-UTF-8!!", "\ud7ff\ue000", "\ufffd", "\U00010000\U0010ffff", "\U0001f44d\ufe0f", "ﷺ…\xa0x",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
async def test_utf8_may_be_split_within_a_character(peers: Peers, text: str) -> None:
    """6.2, 6.5 to 6.23 [5.6, 8.1]."""
    async with peers() as peer:
        _, payload = peer.ask(text=text)
        await peer.say(frame(TEXT, payload, key=KEY))
        start = payload.index(text.encode())
        cuts = range(start + 1, start + len(text.encode()))
        for cut in cuts:
            await peer.say(frame(TEXT, payload[:cut], fin=False, key=KEY), frame(CONT, payload[cut:]))
        single = [frame(CONT if at else TEXT, payload[at : at + 1], fin=False) for at in range(len(payload))]
        await peer.say(b"".join(single) + frame(CONT))
        said: list[str] = []
        while len(said) < len(cuts) + 2:
            heard = json.loads((await peer.hears())[1])
            said += [heard["message"]["content"]] if heard["type"] == "new_message" else []
        assert said == [text] * (len(cuts) + 2)


BROKEN = (
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", b"\xed\xa0\x80", b"\xed\xad\xbf\xed\xb0\x80",
    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xfe", b"\xff", b"\x80", b"\xbf\xbf",
    b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xce", b"\xe1\xbd", b"\xf0\x90\x80", b"\xc3(",
    b"\xe2\x28\xa1",
)  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=bytes.hex)
async def test_invalid_utf8_is_1007(peers: Peers, broken: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """6.3, 6.4, 6.6 to 6.21 [8.1]: alone, among valid frames, in fragments, and several at once."""
    whole = frame(TEXT, b'"' + broken, key=KEY)
    pieces = [frame(CONT if at else TEXT, broken[at : at + 1], fin=False) for at in range(len(broken))]
    for joined in (whole, b"".join(pieces) + frame(CONT), whole * 3):
        async with peers() as peer:
            await peer.say(joined)
            await peer.refused(1007)
        async with peers() as peer:
            await peer.say(peer.usual()[1], peer.usual()[1] + joined + peer.usual()[1])
            await peer.refused(1007)
    async with peers() as peer:
        await peer.say(peer.usual()[1], *pieces)
        peer.raw.writer.write(frame(CONT))
        await peer.refused(1007)
    assert not caplog.records
