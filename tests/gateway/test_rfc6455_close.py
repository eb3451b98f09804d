"""The closing handshake as RFC 6455 says: which codes are taken, what is answered, and that nothing follows it.

The other half of `test_rfc6455`. Sections of the RFC stand in brackets.
"""

import json
from typing import Any

import pytest

from tests.gateway.peer import CLOSE, CONT, KEY, PING, PONG, TEXT, Peers
from tests.security.raw import frame
from tests.support.workers import make_settings
from tests.support.world import World, wait_until, world_with
from wasgo_chat.server import websocket_protocol

TOGETHER_OR_NOT = pytest.mark.parametrize("is_joined", [True, False], ids=["one segment", "segments of their own"])
GOOD = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4403, 4999)
BAD = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
REASONS = {"no reason": b"", "a reason": "going, tschüß".encode(), "the longest reason": b"x" * 123}


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2) + reason, key=KEY)


@TOGETHER_OR_NOT
@pytest.mark.parametrize("code", GOOD)
async def test_a_close_is_answered_with_its_code(peers: Peers, code: int, *, is_joined: bool) -> None:
    """7.7 [5.5.1, 7.4]: after a valid frame."""
    async with peers(is_joined=is_joined) as peer:
        await peer.say(peer.usual()[1], closing(code))
        await peer.refused(code)


@pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS.keys())
async def test_a_close_may_have_a_reason(peers: Peers, reason: bytes) -> None:
    """7.3.4, 7.3.5 [5.5.1]: also if the frame is split at each of its bytes."""
    async with peers() as peer:
        await peer.say(closing(1000, reason))
        assert await peer.closed() == b"\x03\xe8" + reason
    async with peers() as peer:
        close = closing(1000, reason)
        await peer.say(peer.usual()[1], *(close[at : at + 1] for at in range(len(close))))
        assert await peer.closed() == b"\x03\xe8" + reason


async def test_a_close_may_have_no_code(peers: Peers) -> None:
    """7.3.1 [5.5.1, 7.1.5]: the answer has no code either."""
    async with peers() as peer:
        await peer.say(frame(CLOSE, key=KEY))
        assert await peer.closed() == b""


@TOGETHER_OR_NOT
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        *((closing(code), 1002) for code in BAD), (frame(CLOSE, b"\x03"), 1002), (closing(1000, b"x" * 124), 1002),
        (frame(CLOSE, b"\x03\xe8", size_bytes=2), 1002), (frame(CLOSE, b"\x03\xe8", masked=False), 1002),
        (closing(1000, b"\xce\xba\xed\xa0\x80"), 1007), (closing(1000, b"\xe2\x82"), 1007),
    ],
    ids=[*map(str, BAD), "one byte", "too long", "length not minimal", "no mask", "surrogate", "half a character"],
)  # fmt: skip
async def test_an_invalid_close_is_rejected(peers: Peers, wrong: bytes, code: int, *, is_joined: bool) -> None:
    """7.3.2, 7.3.6, 7.5.1, 7.9, 7.13 [5.5.1, 7.4.1, 7.4.2, 8.1]."""
    async with peers(is_joined=is_joined) as peer:
        await peer.say(peer.usual()[1], wrong)
        await peer.refused(code)


AFTER = {
    "a message": lambda peer: frame(TEXT, peer.ask(text="said too late")[1], key=KEY),
    "a ping": lambda _: frame(PING, b"x"),
    "a close": lambda _: closing(1001),
    "what is no frame": lambda _: b"\xff" * 40,
    "no mask": lambda _: frame(TEXT, b"{}", masked=False),
    "a length not minimal": lambda _: frame(TEXT, b"", size_bytes=8),
    "no UTF-8": lambda _: frame(TEXT, b"\xff\xfe"),
}


@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER.keys())
async def test_frames_after_a_close_are_ignored(peers: Peers, after: Any, caplog: pytest.LogCaptureFixture) -> None:
    """7.1.2 to 7.1.4 [1.4, 5.5.1]: in the same segment and later; none of them has an effect."""
    async with peers() as peer:
        await peer.say(peer.usual()[1] + closing(1000, b"bye") + after(peer))
        assert await peer.closed() == b"\x03\xe8bye"
        assert await peer.user.history(peer.chat) == []
    async with peers() as peer:
        await peer.say(closing(1000))
        peer.raw.writer.write(after(peer))
        assert await peer.closed() == b"\x03\xe8"
        assert await peer.user.history(peer.chat) == []
    assert not caplog.records


async def test_frames_before_a_close_are_processed(peers: Peers) -> None:
    """7.1.1 [5.5.1]: whether or not its reply still arrives."""
    async with peers() as peer:
        await peer.say(frame(TEXT, peer.ask(text="in time")[1], key=KEY) + closing(1000))
        assert await peer.closed() == b"\x03\xe8"
        while not (history := await peer.user.history(peer.chat)):
            pass
        assert [message["content"] for message in history] == ["in time"]


async def test_a_close_within_a_fragmented_message_ends_it(peers: Peers) -> None:
    """7.1.5 [5.4, 5.5.1]: answered with another code, as the message was incomplete."""
    async with peers() as peer:
        await peer.say(frame(TEXT, b"{", fin=False) + closing(1000) + frame(CONT, b"}"))
        await peer.refused(1002)


@pytest.mark.parametrize("broken", [frame(TEXT, b"\xff"), frame(TEXT, b"\xff", fin=False) + frame(CONT)])
async def test_a_close_right_after_invalid_text_is_answered(
    peers: Peers, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """7.1.6 [7.1.7]: exactly one close frame."""
    async with peers() as peer:
        await peer.say(broken + closing(1000))
        assert await peer.closed() == b"\x03\xe8"
    assert not caplog.records


async def test_nothing_is_sent_after_a_close_frame(peers: Peers, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """7.1.1 [5.5.1]: also to a peer that does not read and has responses in its buffer."""
    monkeypatch.setattr(websocket_protocol, "CHEAP_FRAMES_BURST", 1_000_000)  # pongs are to fill the buffer
    connections: Any = world.worker.server.server_state.connections
    async with peers(receive_bytes=4096) as peer:
        name = peer.raw.writer.get_extra_info("sockname")
        (protocol,) = (one for one in connections if one.client == name)
        peer.raw.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads has it
        while not protocol.transport.get_write_buffer_size():
            await peer.say(frame(PING, b"x" * 125) * 100)
        await peer.say(peer.usual()[1] + closing(1000))
        await wait_until(lambda: not protocol.tasks)
        peer.raw.writer.transport.resume_reading()  # type: ignore[attr-defined]  # see above
        await peer.refused(1000)


@pytest.mark.parametrize("broken", [b"", frame(TEXT, b"\xff"), frame(3), frame(TEXT, b"", size_bytes=2)])
async def test_a_client_that_was_closed_may_still_answer(
    peers: Peers, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """7.1.x [1.4, 7.1.1]: after ten malformed frames; other frames before the answer are harmless."""
    async with peers() as peer:
        await peer.say(frame(TEXT, b"{") * 10)
        for _ in range(10):
            assert json.loads((await peer.hears())[1])["type"] == "error"
        opcode, payload = await peer.hears()
        assert (opcode, int.from_bytes(payload[:2])) == (CLOSE, 4400)
        await peer.say(frame(TEXT, peer.ask(text="said too late")[1]) + broken + closing(4400))
        assert await peer.raw.ended() == b""
        assert await peer.user.history(peer.chat) == []
    assert not caplog.records


async def test_a_client_that_answers_no_ping_is_closed_with_1011(database: str) -> None:
    """[5.5.2, 5.5.3, 7.4.1]: a client that answers stays; one that sends something else does not."""
    async with world_with(make_settings(database, heartbeat_s=0.2)) as world, Peers(world, [])() as peer:
        for _ in range(2):
            opcode, payload = await peer.hears()
            assert opcode == PING
            await peer.raw.send(frame(PONG, payload, key=KEY))
        opcode, payload = await peer.hears()
        assert opcode == PING
        await peer.raw.send(frame(PONG, b"another", key=KEY), peer.usual()[1])
        assert await peer.closed() == (1011).to_bytes(2) + b"keepalive ping timeout"
