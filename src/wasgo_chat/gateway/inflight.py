"""The messages of a socket that are on their way to a commit: many at a time, answered as each is stored or refused."""

import asyncio
from collections.abc import Callable
from functools import partial

from wasgo_chat.messages.sending.pending_send import Stream
from wasgo_chat.messages.verbs import Sent

MOST = 32
"""Messages on their way at a time; then the socket is not read until one has arrived."""

Answer = Callable[[str | None, "Sent | BaseException"], None]


class Sending:
    """Those of one socket.

    Args:
        answer: called with a frame's `ref` and what became of it.
    """

    def __init__(self, answer: Answer) -> None:
        self.stream = Stream()
        self._answer = answer
        self._outcomes: set[asyncio.Future[Sent]] = set()

    def add(self, ref: str | None, outcome: "asyncio.Future[Sent]") -> None:
        """Answer when this is done."""
        self._outcomes.add(outcome)
        outcome.add_done_callback(partial(self._done, ref))

    async def room(self) -> None:
        """Wait until there are not too many."""
        while len(self._outcomes) >= MOST:
            await self.one_done()

    async def one_done(self) -> bool:
        """Wait until one of them is done; False where there is none."""
        if not self._outcomes:
            return False
        await asyncio.wait(self._outcomes, return_when=asyncio.FIRST_COMPLETED)
        return True

    async def all_done(self) -> None:
        """Wait until all of them were stored or refused, and answered."""
        while self._outcomes:
            await asyncio.wait(self._outcomes)

    def _done(self, ref: str | None, outcome: "asyncio.Future[Sent]") -> None:
        self._outcomes.discard(outcome)
        self._answer(ref, outcome.exception() or outcome.result())
