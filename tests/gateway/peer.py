"""A client that sends RFC 6455 frames byte by byte, which no client library would send or show."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.security.raw import Raw, connected, frame, handshake
from tests.support.world import Json, Person, World

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
PATIENCE_S = 5.0
KEY = b"\x37\xfa\x21\x3d"


class Peer:
    """A socket of one conversation, after its `hello`.

    With `is_joined`, the frames of one call are one segment; otherwise each is sent after the previous one was read.
    """

    def __init__(self, raw: Raw, user: Person, chat: Json, arrived: list[bytes], *, is_joined: bool = False) -> None:
        self.raw = raw
        self.user = user
        self.chat = chat
        self._arrived = arrived
        self._is_joined = is_joined
        self._asked = 0

    def ask(self, size: int = 0, text: str = "") -> tuple[str, bytes]:
        """A `ref`, and the payload of a frame with that `ref`: of a given size, or a message with a given text."""
        self._asked += 1
        ref = f"r{self._asked}"
        asks = {"type": "send_message", "content": text} if text else {"type": "typing", "is_typing": False}
        # Spaces come first, so that a lost or extra byte makes the JSON invalid.
        return ref, json.dumps({"ref": ref, **asks}, ensure_ascii=False).encode().rjust(size)

    def usual(self) -> tuple[str, bytes]:
        """A `ref`, and a frame of the most common form."""
        ref, payload = self.ask()
        return ref, frame(TEXT, payload, key=KEY)

    async def say(self, *segments: bytes) -> None:
        """Send, and wait until everything was read, so that the next bytes are a separate segment."""
        if self._is_joined:
            segments = (b"".join(segments),)
        async with asyncio.timeout(PATIENCE_S):
            for segment in segments:
                due = sum(map(len, self._arrived)) + len(segment)
                self.raw.writer.write(segment)
                while sum(map(len, self._arrived)) < due:  # noqa: ASYNC110  polling is the point
                    await asyncio.sleep(0)

    async def hears(self) -> tuple[int, bytes]:
        """The next frame, which must be unmasked, without reserved bits, and not fragmented (5.1, 5.2)."""
        async with asyncio.timeout(PATIENCE_S):
            reader = self.raw.reader
            first, size = await reader.readexactly(2)
            assert first & 0xF0 == 0x80
            assert size < 0x80
            if size > 125:
                size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
            return first & 15, await reader.readexactly(size)

    async def answers(self, *refs: str | None) -> list[tuple[int, bytes]]:
        """Wait for these responses, which have to arrive in this order; returns the other frames."""
        others: list[tuple[int, bytes]] = []
        for ref in refs:
            while True:
                opcode, payload = await self.hears()
                if opcode != TEXT:
                    assert opcode != CLOSE, payload
                    others.append((opcode, payload))
                elif (said := json.loads(payload))["type"] in ("ack", "error"):
                    assert said["ref"] == ref, said
                    break
        return others

    async def closed(self) -> bytes:
        """The payload of the close frame, after any responses. Only the end may follow (5.5.1, 7.1.1)."""
        while True:
            opcode, payload = await self.hears()
            if opcode == CLOSE:
                break
        assert await self.raw.ended() == b""
        return payload

    async def refused(self, code: int) -> None:
        """Assert that the service closes with this code."""
        payload = await self.closed()
        assert int.from_bytes(payload[:2]) == code, payload


class Peers:
    """Opens sockets; `arrived` has the segments that the service has read."""

    def __init__(self, world: World, arrived: list[bytes]) -> None:
        self._world = world
        self._arrived = arrived

    @asynccontextmanager
    async def __call__(self, *, is_joined: bool = False, receive_bytes: int | None = None) -> AsyncIterator[Peer]:
        ana, bo = self._world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with connected(self._world.worker, receive_bytes=receive_bytes) as raw:
            await raw.send(handshake(f"/ws/chat/{chat['id']}/", Authorization=f"Bearer {ana.bearer}"))
            assert (await raw.answer()).status == 101
            peer = Peer(raw, ana, chat, self._arrived, is_joined=is_joined)
            while (received := await peer.hears())[0] == PING:  # with a short heartbeat, on a busy machine
                await raw.send(frame(PONG, received[1], key=KEY))
            opcode, hello = received
            assert opcode == TEXT
            assert json.loads(hello)["type"] == "hello"
            self._arrived.clear()
            yield peer
