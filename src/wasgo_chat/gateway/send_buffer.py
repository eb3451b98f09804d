"""Send buffers: the unsent frames of one connection, with a limit on their size.

`TransportBuffer` writes directly to the transport; `QueueBuffer` is for servers that offer only ASGI.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from wasgo_chat.gateway.frames.frame_writer import FrameWriter
from wasgo_chat.gateway.frames.framing import FrameBatch, encode_text_frame


class SendBuffer(Protocol):
    """Takes frames in order until too many bytes are unsent, and again after it has drained."""

    def put(self, data: bytes) -> bool:
        """Take a frame of any size; False, without taking it, if too many bytes are unsent."""

    def put_batch(self, batch: FrameBatch) -> bool:
        """Take all of these frames, or none and return False."""

    async def wait_drained(self) -> None:
        """Wait until the buffer takes frames again."""

    def run(self) -> "asyncio.Task[None] | None":
        """Start the task that writes, which ends with an error when the peer is gone. None if `put` writes."""

    def discard(self) -> None:
        """The peer is gone: drop unsent and further frames, and end every `wait_drained`."""


class TransportBuffer:
    """Writes encoded frames to the transport, which joins the writes of one iteration of the event loop.

    Args:
        writer: the transport of the connection.
        limit: the number of unsent bytes at which no more is taken.
        on_drained: called when the buffer takes frames again after that.
    """

    def __init__(self, writer: FrameWriter, limit: int, on_drained: Callable[[], None]) -> None:
        self._writer = writer
        self._on_drained = on_drained
        self._is_discarded = False
        self._writable = asyncio.Event()
        writer.on_writable = self._resume
        writer.set_limit(limit)

    def put(self, data: bytes) -> bool:
        if not (self._writer.is_writable or self._is_discarded):
            return False
        self._writer.write(encode_text_frame(data))
        return True

    def put_batch(self, batch: FrameBatch) -> bool:
        # Repeats `put`: a fan-out calls this once per connection.
        if not (self._writer.is_writable or self._is_discarded):
            return False
        self._writer.write(batch.wire)
        return True

    async def wait_drained(self) -> None:
        while not (self._is_discarded or self._writer.is_writable):
            self._writable.clear()
            await self._writable.wait()

    def run(self) -> "asyncio.Task[None] | None":
        return None

    def discard(self) -> None:
        self._is_discarded = True
        self._writable.set()

    def _resume(self) -> None:
        self._writable.set()
        if not self._is_discarded:
            self._on_drained()


class QueueBuffer:
    """A queue of frames and one task that writes them.

    Args:
        send: writes one frame; waits for a slow peer.
        limit: the number of unsent bytes at which no more is taken.
        on_drained: called each time the queue is empty.
    """

    def __init__(self, send: Callable[[bytes], Awaitable[None]], limit: int, on_drained: Callable[[], None]) -> None:
        self._send = send
        self._limit = limit
        self._on_drained = on_drained
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._is_discarded = False
        self._waiting = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def put(self, data: bytes) -> bool:
        return self._add((data,))

    def put_batch(self, batch: FrameBatch) -> bool:
        return self._add([frame.data for frame in batch.frames])

    async def wait_drained(self) -> None:
        await self._empty.wait()

    def run(self) -> "asyncio.Task[None] | None":
        return asyncio.create_task(self._write())

    async def _write(self) -> None:
        while True:
            await self._waiting.wait()
            while self._frames:
                frame = self._frames.popleft()
                await self._send(frame)
                self._bytes -= len(frame)
            self._waiting.clear()
            self._empty.set()
            self._on_drained()

    def discard(self) -> None:
        self._is_discarded = True
        self._frames.clear()
        self._empty.set()

    def _add(self, frames: Sequence[bytes]) -> bool:
        if self._is_discarded:
            return True
        if self._bytes >= self._limit:
            return False
        self._frames.extend(frames)
        self._bytes += sum(len(frame) for frame in frames)
        self._waiting.set()
        self._empty.clear()
        return True
