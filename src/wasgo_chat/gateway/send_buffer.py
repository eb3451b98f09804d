"""What a socket still has to be told, bounded: straight to the transport, or by a queue where there is only ASGI."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from wasgo_chat.gateway.frame_writer import FrameWriter
from wasgo_chat.gateway.framing import FrameBatch, encode_text_frame


class SendBuffer(Protocol):
    """Frames in order, so many unsent bytes of them and then no more until it has drained."""

    def put(self, data: bytes) -> bool:
        """Take a frame of any size; False where too much is unsent already."""

    def put_batch(self, run: FrameBatch) -> bool:
        """Take all of these frames, or none and answer False."""

    async def wait_drained(self) -> None:
        """Wait until little enough is unsent that more may come."""

    def run(self) -> "asyncio.Task[None] | None":
        """The task that writes, until cancelled or the peer is gone; None where there is nothing to do beside `put`."""

    def discard(self) -> None:
        """Drop what comes and wake who waits: the peer is gone."""


class TransportBuffer:
    """Writes pre-built frames to the transport, which joins those of one pass of the loop.

    Args:
        link: of the connection.
        limit: unsent bytes beyond which nothing more is taken.
        on_drained: called when it has drained after that.
    """

    def __init__(self, link: FrameWriter, limit: int, on_drained: Callable[[], None]) -> None:
        self._writer = link
        self._on_drained = on_drained
        self._is_discarded = False
        self._writable = asyncio.Event()
        link.on_writable = self._resume
        link.limit(limit)

    def put(self, data: bytes) -> bool:
        """See `SendBuffer.put`."""
        if not (self._writer.is_writable or self._is_discarded):
            return False
        self._writer.write(encode_text_frame(data))
        return True

    def put_batch(self, run: FrameBatch) -> bool:
        """See `SendBuffer.put_batch`; written out, as this is what a fan-out does for each socket."""
        if not (self._writer.is_writable or self._is_discarded):
            return False
        self._writer.write(run.wire)
        return True

    async def wait_drained(self) -> None:
        """See `SendBuffer.wait_drained`."""
        while not (self._is_discarded or self._writer.is_writable):
            self._writable.clear()
            await self._writable.wait()

    def run(self) -> "asyncio.Task[None] | None":
        """See `SendBuffer.run`: what is put is written."""
        return None

    def discard(self) -> None:
        """See `SendBuffer.discard`."""
        self._is_discarded = True
        self._writable.set()

    def _resume(self) -> None:
        self._writable.set()
        if not self._is_discarded:
            self._on_drained()


class QueueBuffer:
    """A queue of frames and the one task that writes them.

    Args:
        send: writes one frame; may wait for a slow peer.
        limit: unsent bytes beyond which nothing more is taken.
        on_drained: called each time everything has been written.
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
        """See `SendBuffer.put`."""
        return self._add((data,))

    def put_batch(self, run: FrameBatch) -> bool:
        """See `SendBuffer.put_batch`."""
        return self._add([frame.data for frame in run.frames])

    async def wait_drained(self) -> None:
        """See `SendBuffer.wait_drained`: here, until everything was handed to the transport."""
        await self._empty.wait()

    def run(self) -> "asyncio.Task[None] | None":
        """See `SendBuffer.run`; the error of `send` comes out of it."""
        return asyncio.create_task(self._work())

    async def _work(self) -> None:
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
        """See `SendBuffer.discard`."""
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
