"""The least that can broadcast: asyncio transports, no framework, no JSON. Shows what the load generator can take.

Run: python -m benchmarks.peers.raw PORT. Frames are answered and copied as bytes; those of one read are joined.
"""

import asyncio
import sys
from typing import cast

import uvloop

HELLO = b"\x81\x10" + b'{"type":"hello"}'
FILL = b'"fill":"' + b"x" * 520 + b'"'


class Line(asyncio.Protocol):
    """One connection. All are in the same room."""

    everybody: set["Line"] = set()  # noqa: RUF012  one room by design

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        self._kept = b""
        self._is_upgraded = False

    def connection_lost(self, error: Exception | None) -> None:
        """Leave the room."""
        self.everybody.discard(self)

    def data_received(self, data: bytes) -> None:
        """Upgrade, or copy each frame to everybody and answer it."""
        self._kept += data
        if not self._is_upgraded:
            self._upgrade()
            return
        frames, acks = [], []
        while len(self._kept) >= 4 and self._kept[0] == 0x81:
            size = int.from_bytes(self._kept[2:4], "big")
            if len(self._kept) < 8 + size:
                break
            text, self._kept = self._kept[8 : 8 + size], self._kept[8 + size :]
            frames.append(b"\x81\x7e" + (size + len(FILL)).to_bytes(2, "big") + text + FILL)
            acks.append(b"\x81\x0e" + b'{"type":"ack"}')
        if frames:
            joined = b"".join(frames)
            for line in self.everybody:
                line._transport.write(joined)
            self._transport.write(b"".join(acks))

    def _upgrade(self) -> None:
        if b"\r\n\r\n" not in self._kept:
            return
        if self._kept.startswith(b"GET /readyz"):
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self._transport.close()
            return
        self._is_upgraded, self._kept = True, b""
        self._transport.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        self._transport.write(HELLO)
        self.everybody.add(self)


async def serve(port: int) -> None:
    """Until killed."""
    server = await asyncio.get_running_loop().create_server(Line, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
