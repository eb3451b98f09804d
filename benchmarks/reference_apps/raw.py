"""A minimal broadcast server: asyncio transports, no framework, no JSON. Measures the limit of the load generator.

Run: python -m benchmarks.reference_apps.raw PORT. Frames are copied and acknowledged
as bytes; those of one read are joined.
"""

import asyncio
import sys
from typing import cast

import uvloop

HELLO = b"\x81\x10" + b'{"type":"hello"}'
FILL = b'"fill":"' + b"x" * 520 + b'"'


class Connection(asyncio.Protocol):
    """A connection. All connections share one room."""

    connections: set["Connection"] = set()  # noqa: RUF012  shared on purpose

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._buffer = b""
        self._is_upgraded = False

    def connection_lost(self, error: Exception | None) -> None:
        self.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Upgrade, or copy each frame to all connections and acknowledge it."""
        self._buffer += data
        if not self._is_upgraded:
            self._upgrade()
            return
        frames, acks = [], []
        while len(self._buffer) >= 4 and self._buffer[0] == 0x81:
            size = int.from_bytes(self._buffer[2:4], "big")
            if len(self._buffer) < 8 + size:
                break
            text, self._buffer = self._buffer[8 : 8 + size], self._buffer[8 + size :]
            frames.append(b"\x81\x7e" + (size + len(FILL)).to_bytes(2, "big") + text + FILL)
            acks.append(b"\x81\x0e" + b'{"type":"ack"}')
        if frames:
            joined = b"".join(frames)
            for line in self.connections:
                line._transport.write(joined)
            self._transport.write(b"".join(acks))

    def _upgrade(self) -> None:
        if b"\r\n\r\n" not in self._buffer:
            return
        if self._buffer.startswith(b"GET /readyz"):
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self._transport.close()
            return
        self._is_upgraded, self._buffer = True, b""
        self._transport.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        self._transport.write(HELLO)
        self.connections.add(self)


async def serve(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
