"""The messages of a socket that are on their way to a commit: many at a time, answered as each is stored or refused."""

import asyncio
from collections.abc import Callable
from functools import partial

from wasgo_chat.messages.sending.pending_send import SendStream
from wasgo_chat.messages.verbs import SendResult

MAX_INFLIGHT = 32
"""Messages on their way at a time; then the socket is not read until one has arrived."""

Answer = Callable[[str | None, "SendResult | BaseException"], None]


class InflightSends:
    """Those of one socket.

    Args:
        answer: called with a frame's `ref` and what became of it.
    """

    def __init__(self, answer: Answer) -> None:
        self.stream = SendStream()
        self._answer = answer
        self._outcomes: set[asyncio.Future[SendResult]] = set()

    def add(self, ref: str | None, outcome: "asyncio.Future[SendResult]") -> None:
        """Answer when this is done."""
        self._outcomes.add(outcome)
        outcome.add_done_callback(partial(self._done, ref))

    async def wait_for_capacity(self) -> None:
        """Wait until there are not too many."""
        while len(self._outcomes) >= MAX_INFLIGHT:
            await self.wait_for_one()

    async def wait_for_one(self) -> bool:
        """Wait until one of them is done; False where there is none."""
        if not self._outcomes:
            return False
        await asyncio.wait(self._outcomes, return_when=asyncio.FIRST_COMPLETED)
        return True

    async def wait_for_all(self) -> None:
        """Wait until all of them were stored or refused, and answered."""
        while self._outcomes:
            await asyncio.wait(self._outcomes)

    def _done(self, ref: str | None, outcome: "asyncio.Future[SendResult]") -> None:
        self._outcomes.discard(outcome)
        self._answer(ref, outcome.exception() or outcome.result())
