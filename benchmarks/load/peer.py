"""One WebSocket client on a raw transport: parses frame headers, counts frames, reads the clock in some of them.

Only what a load needs of RFC 6455: whole text frames, pings, closes. The masking key is zero, which the RFC allows a
test to choose: the server's work is the same, and ours is none. What the counts mean is `crowd`'s business.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from benchmarks.load.crowd import Crowd

TEXT, CLOSE, PING = 0x81, 0x88, 0x89
CLOCK_MARK = b"@"
CLOCK_DIGITS = 20
TYPE_WITHIN = 40
_FILL = b" The quick brown fox jumps over the lazy dog, and the dog does not mind it at all."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a socket goes and what it does there."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    sends: bool = False


class Peer(asyncio.Protocol):
    """A socket of the crowd. `opened` is done at the first text frame (the greeting), or fails."""

    def __init__(self, crowd: "Crowd", place: Place, number: int) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.unacked = 0
        self._crowd = crowd
        self._place = place
        self._sends = place.sends
        self._number = number
        self._sent = 0
        self._kept = b""
        self._is_upgraded = False
        self._is_greeted = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        lines = [
            f"GET {self._place.path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in self._place.headers.items()),
        ]
        self._transport.write("\r\n".join([*lines, "", ""]).encode())

    def connection_lost(self, error: Exception | None) -> None:
        """A close that nobody asked for is counted."""
        self._crowd.lost(self)
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"closed before its greeting: {self._kept[:200]!r}"))

    def data_received(self, data: bytes) -> None:
        """Count the frames in what came; this is the hot path."""
        if self._kept:
            data = self._kept + data
        at = 0 if self._is_upgraded else self._upgrade(data)
        crowd, end, texts = self._crowd, len(data), 0
        while end - at >= 2:
            size, head = data[at + 1], 2
            if size == 126:
                if end - at < 4:
                    break
                size, head = data[at + 2] << 8 | data[at + 3], 4
            elif size == 127:
                if end - at < 10:
                    break
                size, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
            start = at + head
            stop = start + size
            if stop > end:
                break
            if data[at] != TEXT:
                self._control(data[at], data[start:stop])
            elif not self._is_greeted:
                self._greeted()
            elif not (self._sends and self._is_answer(data, start, stop)):
                texts += 1
                crowd.until_sample -= 1
                if crowd.until_sample <= 0:
                    crowd.until_sample = crowd.sample_every
                    if not self._sends:
                        self._sample(data, start, stop)
            at = stop
        self._kept = data[at:]
        crowd.received += texts

    def send(self) -> None:
        """Send one message with the clock in it; where the server has closed, it counts as one that nobody accepts."""
        self._sent += 1
        self.unacked += 1
        self._crowd.sent += 1
        assert self._transport is not None
        if self._transport.is_closing():
            return
        clock = b"%0*d" % (CLOCK_DIGITS, time.monotonic_ns())
        name = b"%d-%d-%d" % (self._crowd.run, self._number, self._sent)
        text = (
            b'{"type":"send_message","ref":"%d","client_id":"%s","content":"@%s@%s"}' % (self._sent, name, clock, _FILL)
        )  # fmt: skip
        self._transport.write(b"\x81\xfe" + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text)

    def close(self) -> None:
        """Say goodbye and hang up."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"\x88\x82\0\0\0\0\x03\xe8")
            self._transport.close()

    def _upgrade(self, data: bytes) -> int:
        """Where the first frame begins; 0 while the answer to the upgrade is not whole."""
        at = data.find(b"\r\n\r\n")
        if at < 0 or b" 101 " not in data[:20]:
            if at >= 0 and not self.opened.done():
                self.opened.set_exception(ConnectionError(data[:200].decode(errors="replace")))
            return len(data) if at >= 0 else 0
        self._is_upgraded = True
        return at + 4

    def _greeted(self) -> None:
        self._is_greeted = True
        if not self.opened.done():
            self.opened.set_result(None)

    def _is_answer(self, data: bytes, start: int, stop: int) -> bool:
        """Whether this frame answers one of ours; then its sender may go on."""
        upto = min(stop, start + TYPE_WITHIN)
        if data.find(b'"ack"', start, upto) >= 0:
            self.unacked -= 1
            self._crowd.acked(self)
            return True
        if data.find(b'"error"', start, upto) >= 0:
            self.unacked -= 1
            self._crowd.refused(self, data[start:stop])
            return True
        return False

    def _sample(self, data: bytes, start: int, stop: int) -> None:
        at = data.find(CLOCK_MARK, start, stop) + 1
        if at > start:
            self._crowd.sampled(int(data[at : at + CLOCK_DIGITS]))

    def _control(self, kind: int, payload: bytes) -> None:
        assert self._transport is not None
        if kind == PING:
            self._transport.write(b"\x8a" + bytes([0x80 | len(payload)]) + b"\0\0\0\0" + payload)
        elif kind == CLOSE:
            self._crowd.closes.append(payload.decode(errors="replace")[2:])
            self._transport.close()
        else:
            raise AssertionError(f"frame of kind {kind:#x}: the load expects whole text frames")
