"""Turns for an expensive operation: users take them one after the other, however many each is waiting for."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class FairQueue:
    """Gives `size` turns at the same time, and never two of them to one user.

    A user who is waiting for 80 turns delays another user by at most the one in progress, and not even by that while
    another place is free.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._active: set[str] = set()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, user_id: str) -> AsyncIterator[None]:
        """Wait for a turn, and hold it during the block."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user_id, deque()).append(place)
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                self._remove(user_id, place)
            else:
                self._end(user_id)
            raise
        try:
            yield
        finally:
            self._end(user_id)

    def _end(self, user_id: str) -> None:
        self._active.discard(user_id)
        self._free += 1
        if user_id in self._waiting:
            self._waiting.move_to_end(user_id)
        self._admit()

    def _admit(self) -> None:
        while self._free and (user_id := next((user for user in self._waiting if user not in self._active), None)):
            places = self._waiting[user_id]
            place = places.popleft()
            if not places:
                del self._waiting[user_id]
            if not place.done():
                self._free -= 1
                self._active.add(user_id)
                place.set_result(None)

    def _remove(self, user_id: str, place: "asyncio.Future[None]") -> None:
        places = self._waiting.get(user_id)
        if places is not None and place in places:
            places.remove(place)
            if not places:
                del self._waiting[user_id]


class MemoryBudget:
    """Bytes that operations in progress may use together. They get them in the order in which they ask."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def hold(self, amount: int) -> AsyncIterator[None]:
        """Wait until so many bytes are free, and hold them during the block. `amount` is at most `size`."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, place))
        self._admit()
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._free += amount
            self._admit()
            raise
        try:
            yield
        finally:
            self._free += amount
            self._admit()

    def _admit(self) -> None:
        while self._waiting:
            amount, place = self._waiting[0]
            if place.done():
                self._waiting.popleft()
            elif amount <= self._free:
                self._waiting.popleft()
                self._free -= amount
                place.set_result(None)
            else:
                return
