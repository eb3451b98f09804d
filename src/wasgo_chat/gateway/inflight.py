"""The messages of one connection that wait for their commit: sent many at a time, answered as each is stored."""

import asyncio
from collections.abc import Callable
from functools import partial

from wasgo_chat.messages.operations import SendResult
from wasgo_chat.messages.sending.pending_send import SendStream

MAX_INFLIGHT = 32
"""Maximum number of sends in flight. At this number the connection is not read until one of them is done."""

OnOutcome = Callable[[str | None, "SendResult | BaseException"], None]


class InflightSends:
    """In-flight sends of one connection.

    Args:
        on_outcome: called with the frame's `ref` and the result or the error of its send.
    """

    def __init__(self, on_outcome: OnOutcome) -> None:
        self.stream = SendStream()
        self._on_outcome = on_outcome
        self._outcomes: set[asyncio.Future[SendResult]] = set()

    def add(self, ref: str | None, outcome: "asyncio.Future[SendResult]") -> None:
        """Call `on_outcome` when this send is done."""
        self._outcomes.add(outcome)
        outcome.add_done_callback(partial(self._done, ref))

    async def wait_for_capacity(self) -> None:
        """Wait until another send may start."""
        while len(self._outcomes) >= MAX_INFLIGHT:
            await self.wait_for_one()

    async def wait_for_one(self) -> bool:
        """Wait until one send is done. Returns False at once if there is none in flight."""
        if not self._outcomes:
            return False
        await asyncio.wait(self._outcomes, return_when=asyncio.FIRST_COMPLETED)
        return True

    async def wait_for_all(self) -> None:
        """Wait until every send is done."""
        while self._outcomes:
            await asyncio.wait(self._outcomes)

    def _done(self, ref: str | None, outcome: "asyncio.Future[SendResult]") -> None:
        self._outcomes.discard(outcome)
        self._on_outcome(ref, outcome.exception() or outcome.result())
