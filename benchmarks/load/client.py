"""A WebSocket client on a raw transport: parses frame headers, counts frames and reads the timestamp of some.

Implements only what a load test needs of RFC 6455: unfragmented text frames, pings and closes. The masking key is zero,
so masking costs the client nothing, while the server's work is unchanged.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from benchmarks.load.clients import Clients

TEXT, CLOSE, PING = 0x81, 0x88, 0x89
CLOCK_MARK = b"@"
CLOCK_DIGITS = 20
TYPE_WITHIN = 40
_FILL = b" The quick brown fox jumps over the lazy dog, and the dog does not mind it at all."


@dataclass(frozen=True, slots=True)
class SocketSpec:
    """The path and headers of a socket, and whether it sends."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    sends: bool = False


class Client(asyncio.Protocol):
    """A client socket. `opened` resolves at the first text frame (`hello`), or fails."""

    def __init__(self, clients: "Clients", spec: SocketSpec, number: int) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.unacked = 0
        self._clients = clients
        self._spec = spec
        self._sends = spec.sends
        self._number = number
        self._sent = 0
        self._buffer = b""
        self._is_upgraded = False
        self._is_greeted = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Request the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        lines = [
            f"GET {self._spec.path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in self._spec.headers.items()),
        ]
        self._transport.write("\r\n".join([*lines, "", ""]).encode())

    def connection_lost(self, error: Exception | None) -> None:
        """Count the lost connection."""
        self._clients.lost(self)
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"closed before `hello`: {self._buffer[:200]!r}"))

    def data_received(self, data: bytes) -> None:
        """Count the received frames. This is the hot path."""
        if self._buffer:
            data = self._buffer + data
        at = 0 if self._is_upgraded else self._upgrade(data)
        clients, end, texts = self._clients, len(data), 0
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
                clients.until_sample -= 1
                if clients.until_sample <= 0:
                    clients.until_sample = clients.sample_every
                    if not self._sends:
                        self._sample(data, start, stop)
            at = stop
        self._buffer = data[at:]
        clients.received += texts

    def send(self) -> None:
        """Send a message with a timestamp. If the server has closed the socket, it counts as not accepted."""
        self._sent += 1
        self.unacked += 1
        self._clients.sent += 1
        assert self._transport is not None
        if self._transport.is_closing():
            return
        clock = b"%0*d" % (CLOCK_DIGITS, time.monotonic_ns())
        name = b"%d-%d-%d" % (self._clients.run, self._number, self._sent)
        text = (
            b'{"type":"send_message","ref":"%d","client_id":"%s","content":"@%s@%s"}' % (self._sent, name, clock, _FILL)
        )  # fmt: skip
        self._transport.write(b"\x81\xfe" + len(text).to_bytes(2, "big") + b"\0\0\0\0" + text)

    def close(self) -> None:
        """Send a close frame and close the connection."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"\x88\x82\0\0\0\0\x03\xe8")
            self._transport.close()

    def _upgrade(self, data: bytes) -> int:
        """The offset of the first frame; 0 while the response to the upgrade is incomplete."""
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
        """Whether this frame is an ack or error for a sent message."""
        upto = min(stop, start + TYPE_WITHIN)
        if data.find(b'"ack"', start, upto) >= 0:
            self.unacked -= 1
            self._clients.acked(self)
            return True
        if data.find(b'"error"', start, upto) >= 0:
            self.unacked -= 1
            self._clients.refused(self, data[start:stop])
            return True
        return False

    def _sample(self, data: bytes, start: int, stop: int) -> None:
        at = data.find(CLOCK_MARK, start, stop) + 1
        if at > start:
            self._clients.sampled(int(data[at : at + CLOCK_DIGITS]))

    def _control(self, kind: int, payload: bytes) -> None:
        assert self._transport is not None
        if kind == PING:
            self._transport.write(b"\x8a" + bytes([0x80 | len(payload)]) + b"\0\0\0\0" + payload)
        elif kind == CLOSE:
            self._clients.closes.append(payload.decode(errors="replace")[2:])
            self._transport.close()
        else:
            raise AssertionError(f"unexpected frame {kind:#x}: only unfragmented text frames are supported")
