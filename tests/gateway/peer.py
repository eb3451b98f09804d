"""A client that speaks RFC 6455 byte by byte, for what a client library would not send or would hide."""

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
    """An open socket of one conversation, greeted.

    `is_joined` sends all that one `say` names in one segment; else each comes alone, after the one before was read.
    """

    def __init__(self, raw: Raw, user: Person, chat: Json, arrived: list[bytes], *, is_joined: bool = False) -> None:
        self.raw = raw
        self.user = user
        self.chat = chat
        self._arrived = arrived
        self._is_joined = is_joined
        self._asked = 0

    def ask(self, size: int = 0, text: str = "") -> tuple[str, bytes]:
        """A `ref`, and a frame's payload that is answered by it: of a size, or a message that says a text."""
        self._asked += 1
        ref = f"r{self._asked}"
        asks = {"type": "send_message", "content": text} if text else {"type": "typing", "is_typing": False}
        # Blanks come first: were any byte lost or one too many read, the rest would be no JSON.
        return ref, json.dumps({"ref": ref, **asks}, ensure_ascii=False).encode().rjust(size)

    def usual(self) -> tuple[str, bytes]:
        """A `ref`, and the frame that most clients send most of the time."""
        ref, payload = self.ask()
        return ref, frame(TEXT, payload, key=KEY)

    async def say(self, *segments: bytes) -> None:
        """Send; returns once all was read, so that what follows is a segment of its own."""
        if self._is_joined:
            segments = (b"".join(segments),)
        async with asyncio.timeout(PATIENCE_S):
            for segment in segments:
                due = sum(map(len, self._arrived)) + len(segment)
                self.raw.writer.write(segment)
                while sum(map(len, self._arrived)) < due:  # noqa: ASYNC110  polling is the point
                    await asyncio.sleep(0)

    async def hears(self) -> tuple[int, bytes]:
        """The next frame; a server's has no mask, no reserved bit, and is whole (5.1, 5.2)."""
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
        """What the close frame says, past answers before it. Nothing may follow it but the end (5.5.1, 7.1.1)."""
        while True:
            opcode, payload = await self.hears()
            if opcode == CLOSE:
                break
        assert await self.raw.ended() == b""
        return payload

    async def refused(self, code: int) -> None:
        """It has to close with this code."""
        payload = await self.closed()
        assert int.from_bytes(payload[:2]) == code, payload


class Peers:
    """Opens sockets; `arrived` is what the service has read of frames, segment by segment."""

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
            opcode, hello = await peer.hears()
            assert opcode == TEXT
            assert json.loads(hello)["type"] == "hello"
            self._arrived.clear()
            yield peer
