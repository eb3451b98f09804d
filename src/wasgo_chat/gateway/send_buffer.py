"""What a socket still has to be told, bounded: straight to the transport, or by a queue where there is only ASGI."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from wasgo_chat.gateway.frame_writer import Link
from wasgo_chat.gateway.framing import Run, wire_of


class Outbox(Protocol):
    """Frames in order, so many unsent bytes of them and then no more until it has drained."""

    def put(self, data: bytes) -> bool:
        """Take a frame of any size; False where too much is unsent already."""

    def put_run(self, run: Run) -> bool:
        """Take all of these frames, or none and answer False."""

    async def drained(self) -> None:
        """Wait until little enough is unsent that more may come."""

    def run(self) -> "asyncio.Task[None] | None":
        """The task that writes, until cancelled or the peer is gone; None where there is nothing to do beside `put`."""

    def abandon(self) -> None:
        """Drop what comes and wake who waits: the peer is gone."""


class DirectOutbox:
    """Writes pre-built frames to the transport, which joins those of one pass of the loop.

    Args:
        link: of the connection.
        limit: unsent bytes beyond which nothing more is taken.
        on_drained: called when it has drained after that.
    """

    def __init__(self, link: Link, limit: int, on_drained: Callable[[], None]) -> None:
        self._link = link
        self._on_drained = on_drained
        self._is_abandoned = False
        self._writable = asyncio.Event()
        link.on_writable = self._resume
        link.limit(limit)

    def put(self, data: bytes) -> bool:
        """See `Outbox.put`."""
        if not (self._link.is_writable or self._is_abandoned):
            return False
        self._link.write(wire_of(data))
        return True

    def put_run(self, run: Run) -> bool:
        """See `Outbox.put_run`; written out, as this is what a fan-out does for each socket."""
        if not (self._link.is_writable or self._is_abandoned):
            return False
        self._link.write(run.wire)
        return True

    async def drained(self) -> None:
        """See `Outbox.drained`."""
        while not (self._is_abandoned or self._link.is_writable):
            self._writable.clear()
            await self._writable.wait()

    def run(self) -> "asyncio.Task[None] | None":
        """See `Outbox.run`: what is put is written."""
        return None

    def abandon(self) -> None:
        """See `Outbox.abandon`."""
        self._is_abandoned = True
        self._writable.set()

    def _resume(self) -> None:
        self._writable.set()
        if not self._is_abandoned:
            self._on_drained()


class QueuedOutbox:
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
        self._is_abandoned = False
        self._waiting = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def put(self, data: bytes) -> bool:
        """See `Outbox.put`."""
        return self._add((data,))

    def put_run(self, run: Run) -> bool:
        """See `Outbox.put_run`."""
        return self._add([frame.data for frame in run.frames])

    async def drained(self) -> None:
        """See `Outbox.drained`: here, until everything was handed to the transport."""
        await self._empty.wait()

    def run(self) -> "asyncio.Task[None] | None":
        """See `Outbox.run`; the error of `send` comes out of it."""
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

    def abandon(self) -> None:
        """See `Outbox.abandon`."""
        self._is_abandoned = True
        self._frames.clear()
        self._empty.set()

    def _add(self, frames: Sequence[bytes]) -> bool:
        if self._is_abandoned:
            return True
        if self._bytes >= self._limit:
            return False
        self._frames.extend(frames)
        self._bytes += sum(len(frame) for frame in frames)
        self._waiting.set()
        self._empty.clear()
        return True
