"""What a socket still has to be told: a bounded queue of ready-made frames and the one task that writes them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable


class Outbox:
    """Frames in order, at most `limit` bytes of them.

    Args:
        send: writes one frame; may wait for a slow peer.
        limit: bytes that may wait here.
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

    def put(self, frame: bytes) -> bool:
        """Queue a frame; False where there is no room for it. An empty queue takes a frame of any size."""
        if self._is_abandoned:
            return True
        if self._bytes and self._bytes + len(frame) > self._limit:
            return False
        self._frames.append(frame)
        self._bytes += len(frame)
        self._waiting.set()
        self._empty.clear()
        return True

    async def drained(self) -> None:
        """Wait until everything queued was handed to the transport."""
        await self._empty.wait()

    async def run(self) -> None:
        """Write frames until cancelled or the peer is gone (then the error of `send` comes out here)."""
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
        """Drop what is unsent, and all that comes, and wake who waits: the peer is gone."""
        self._is_abandoned = True
        self._frames.clear()
        self._empty.set()
