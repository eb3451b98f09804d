"""Generates client frames of every type: valid, mutated, malformed, and frames that violate the framing."""

import asyncio
import json
from collections import Counter
from itertools import pairwise
from typing import Any
from uuid import uuid4

from tests.security.fuzz_http import Broken
from tests.security.generators import Maker
from tests.security.raw import frame, handshake
from wasgo_chat.gateway.commands import COMMANDS
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.settings.config import Settings

SCHEMA = COMMANDS.adapter.json_schema()
FRAMES = [one["$ref"].rsplit("/", 1)[1] for one in SCHEMA["oneOf"]]
AT_ONCE = 8  # ten malformed frames in a row would close the socket
PATIENCE_S = 60.0  # for responses; the machine may be busy
END_S = 20.0  # for the close after a violation, which needs no database
GOOD_ENDS = {1000, 1002, 1005, 1007, 1009, 4400, 4403, 4404}
KNOWN_CODES = {
    "invalid", "not_found", "forbidden", "unauthenticated", "scope_required", "conflict", "message_deleted",
    "idempotency_conflict", "limit_reached", "conversation_closed", "direct_conversation", "rate_limited",
}  # fmt: skip


class FrameFuzzer:
    """Opens one socket after another; `counts` has the replies, and `ends` how sockets ended."""

    def __init__(self, settings: Settings, port: int, seed: int, chat: str, user: str) -> None:
        self.make = Maker(seed, SCHEMA["$defs"])
        self.make.known = {
            "conversation_id": [chat], "message_id": [str(uuid4())], "message_ids": [str(uuid4())],
            "reply_to": [str(uuid4())], "mentions": [user], "emoji": ["👍", "❤", "🎉"], "ref": [None], "token": ["x"],
            "attachment_ids": [str(uuid4())], "message_type": ["text"], "metadata": [{}],
        }  # fmt: skip
        self.counts: Counter[str] = Counter()
        self.ends: Counter[int] = Counter()
        self.sent = 0
        self._port = port
        self._chat = chat
        self._bearer = mint_user(settings, user, ttl_s=36_000)
        self._messages: list[str] = []

    async def run(self, frames: int) -> None:
        """Send some number of frames.

        Raises:
            Broken: a socket ended in a forbidden way, or there was a forbidden reply.
        """
        while self.sent < frames:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
            try:
                await self._converse(reader, writer, frames)
            finally:
                writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, frames: int) -> None:
        path = self.make.random.choice((f"/ws/chat/{self._chat}/", "/ws/chat/", "/ws/notifications/"))
        writer.write(handshake(path, Authorization=f"Bearer {self._bearer}"))
        async with asyncio.timeout(PATIENCE_S):
            await reader.readuntil(b"\r\n\r\n")
        if path != f"/ws/chat/{self._chat}/":
            subscribe = {"type": "subscribe", "conversation_id": self._chat}
            writer.write(frame(1, json.dumps(subscribe).encode()))
        for _ in range(self.make.random.randint(5, 100)):
            batch = [self._frame() for _ in range(AT_ONCE)]
            sync = f"sync-{self.sent}"
            await self._write(writer, b"".join([*batch, self._ask(sync)]))
            self.sent += AT_ONCE + 1
            if not await self._listen(reader, writer, batch, sync) or self.sent >= frames:
                return
            if self.make.random.random() < 0.03:
                await self._violate(reader, writer)
                return

    def _ask(self, ref: str) -> bytes:
        asks = {"type": "typing", "is_typing": False, "ref": ref, "conversation_id": self._chat}
        return frame(1, json.dumps(asks).encode())

    async def _write(self, writer: asyncio.StreamWriter, sent: bytes) -> None:
        """Send data, sometimes split at random."""
        cuts = [self.make.random.randrange(len(sent)) for _ in range(self.make.random.choice((0, 0, 1, 3)))]
        for start, end in pairwise([0, *sorted(cuts), len(sent)]):
            writer.write(sent[start:end])
            await asyncio.sleep(0)

    async def _violate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send a violation that must close the socket in bounded time. A frame after it shows if it does not.

        Raises:
            Broken: it was accepted, or nothing happened.
        """
        violation, late = self._violation(), "too-late"
        self.sent += 1
        before = self._ask(f"before-{self.sent}") * self.make.random.randrange(2)
        writer.write(
            before + violation + self._ask(late)
        )  # in the same segment: later data would be answered by a reset
        try:
            is_open = await self._listen(reader, writer, [violation], late, is_last=True)
        except Broken as error:
            raise Broken(f"of a violation: {error}") from error
        if is_open:
            raise Broken(f"a violation went by: {violation[:200]!r}")

    def _frame(self) -> bytes:
        """Send a message in one or several frames, with pings between them."""
        name = self.make.random.choice(FRAMES)
        value = self.make.good({"$ref": f"#/$defs/{name}"})
        if self.make.random.random() < 0.6:
            value = self.make.spoilt(value)
        content = self.make.text(value)[:65_536]
        try:
            content.decode()
        except UnicodeDecodeError:
            content = content.decode("utf-8", "replace").encode()[:60_000].decode("utf-8", "ignore").encode()
        if self.make.random.random() < 0.03:
            return frame(2, content)
        if self.make.random.random() > 0.1:
            return frame(1, content)
        cut = sorted(self.make.random.randrange(len(content) + 1) for _ in range(3))
        parts = [content[start:end] for start, end in zip([0, *cut], [*cut, len(content)], strict=True)]
        ping, pong = frame(9, b"?" * self.make.random.randrange(126)), frame(10, b"!")
        opened = [frame(1, parts[0], fin=False), ping]
        return b"".join([*opened, *(frame(0, part, fin=False) for part in parts[1:-1]), pong, frame(0, parts[-1])])

    def _violation(self) -> bytes:
        """A violation of RFC 6455 or of a limit."""
        return self.make.random.choice(
            (
                frame(1, b"\xff\xfe"), frame(1, b"{}", masked=False), frame(3), frame(11), frame(1, b"{}", bits=0x40),
                frame(1, b"{}", bits=0x10), frame(0, b"{}"), frame(9, b"x" * 126), frame(9, fin=False),
                frame(8, b"\x03"), frame(8, b"\x03\xed"), frame(8, b"\x03\xe8\xff"), frame(8), frame(8, b"\x03\xe8bye"),
                frame(1, b"{", fin=False) + frame(1, b"}"), frame(1, b"x" * 65_537), b"\x81\xff" + b"\xff" * 12,
                frame(1, b"x" * 40_000, fin=False) + frame(0, b"x" * 40_000), frame(1, b"{}", size_bytes=2),
                frame(1, b"{}", size_bytes=8), frame(9, b"x", size_bytes=2), frame(0, b"{}", fin=False),
                frame(1, b"\xff") * 3, frame(1, b"\xff") + frame(8, b"\x03\xe8"), frame(10, b"x", bits=0x20),
                frame(1, b"{", fin=False) + frame(8, b"\x03\xe8"), frame(2, b"x", masked=False),
            )
        )  # fmt: skip

    async def _listen(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        batch: list[bytes],
        sync: str,
        *,
        is_last: bool = False,
    ) -> bool:
        """Receive up to the reply to `sync` or the end; returns whether the socket is still open."""
        shown = f"after {batch!r}"[:20_000]
        try:
            async with asyncio.timeout(END_S if is_last else PATIENCE_S):
                while True:
                    opcode, payload = await _next(reader)
                    if opcode == 9:
                        writer.write(frame(10, payload))
                    if opcode == 8:
                        code = int.from_bytes(payload[:2]) if payload else 1005
                        self.ends[code] += 1
                        if code not in GOOD_ENDS or not (is_last or code in (4400, 4403)):
                            raise Broken(f"closed with {payload!r} {shown}")
                        return False
                    if opcode == 1 and self._hear(json.loads(payload), sync, shown):
                        return True
        except (asyncio.IncompleteReadError, OSError, TimeoutError) as error:
            raise Broken(f"ended without a close frame, or not at all, {shown}") from error

    def _hear(self, said: Any, sync: str, shown: str) -> bool:
        if said["type"] == "error":
            self.counts[said["code"]] += 1
            if said["code"] not in KNOWN_CODES:
                raise Broken(f"{said} {shown}")
        elif said["type"] == "new_message":
            self._messages = [*self._messages[-20:], said["message"]["id"]]
            for name in ("message_id", "message_ids", "reply_to"):
                self.make.known[name] = self._messages
        self.counts[said["type"]] += 1
        return bool(said.get("ref") == sync)


async def _next(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, size = await reader.readexactly(2)
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2))
    elif size == 127:
        size = int.from_bytes(await reader.readexactly(8))
    return first & 15, await reader.readexactly(size)
