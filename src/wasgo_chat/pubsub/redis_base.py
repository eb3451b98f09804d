"""The half of a broker that speaks: what waits to be published goes out by one pipeline at a time, in its order.

Nothing of listening: how channels are followed differs from one kind of Redis to the next.
"""

import asyncio
import contextlib
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, Protocol

import structlog
from redis.exceptions import RedisClusterException, RedisError

from wasgo_chat.core.tasks import cancel_and_wait

log = structlog.get_logger(__name__)

WORKERS_CHANNEL = "wasgo:worker"
"""The channel of all workers: how many listen there says whether one is alone, and who comes back says so there."""
CONNECTION_ERRORS = (RedisError, RedisClusterException, OSError, TimeoutError)
SUBSCRIBE_TIMEOUT_S = 2.0
SILENCE_S = 3.0
RETRY_S = 0.2
_FAREWELL_S = 1.0
_MAX_WAITING_BYTES = 8 * 1024 * 1024


Direction = Literal["listening", "publishing"]
"""Each fails by itself: a server that takes publications may refuse who listens."""


class Pipeline(Protocol):
    """What redis-py's pipelines of either kind can do."""

    async def execute(self) -> Any:
        """Send all of it."""


class RedisBrokerBase(ABC):
    """Queues publications, and knows whether Redis is away."""

    def __init__(self) -> None:
        self._name = secrets.token_bytes(8)
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: list[tuple[str, bytes]] = []
        self._waiting_bytes = 0
        self._woken = asyncio.Event()
        self._sent = asyncio.Event()
        self._sent.set()
        self._down: dict[Direction, float] = {}
        self._again: asyncio.TimerHandle | None = None
        self._confirmed: dict[str, asyncio.Future[None]] = {}

    @property
    def is_up(self) -> bool:
        """See `Broker.is_up`."""
        return not self._down and self._listens()

    @abstractmethod
    def _listens(self) -> bool:
        """Whether what is published reaches this worker, as far as is known."""

    @abstractmethod
    def _pipeline(self) -> tuple[Pipeline, Callable[[str, bytes], Any]]:
        """A new pipeline, and what puts a publication into it."""

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Queue them: a Redis that stands still must not hold up who tells local sockets."""
        size = sum(len(payload) for _, payload in messages)
        if self._waiting_bytes + size > _MAX_WAITING_BYTES:
            self._mark_down("publishing", OverflowError())
            return  # the head checks of the others find it
        self._waiting.extend(messages)
        self._waiting_bytes += size
        self._sent.clear()
        self._woken.set()

    async def _publish(self) -> None:
        """One pipeline for all that waits, one at a time, so that nothing overtakes."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            batch, self._waiting, self._waiting_bytes = self._waiting, [], 0
            pipeline, add = self._pipeline()
            for channel, payload in batch:
                add(channel, payload)
            try:
                await pipeline.execute()
            except CONNECTION_ERRORS as error:
                self._mark_down("publishing", error)
                self._try_again_soon()
            else:
                self._mark_up("publishing")
            if not self._waiting:
                self._sent.set()

    def _try_again_soon(self) -> None:
        """With nothing to tell, nobody would find out that it is back. One attempt at a time, however many failed."""
        if self._again is None:
            self._again = asyncio.get_running_loop().call_later(RETRY_S, self._announce_presence)

    def _announce_presence(self) -> None:
        """On the channel of all workers: whoever hears it is not alone."""
        self._again = None
        self._waiting.append((WORKERS_CHANNEL, self._name))
        self._woken.set()

    def _start_supervised(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Have it done for ever, whatever becomes of it: none of this may end in silence."""
        self._tasks.append(asyncio.create_task(self._supervise(work, name), name=name))

    async def _supervise(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("redis_task_failed", task=name)
            await asyncio.sleep(RETRY_S)

    async def _stop(self) -> None:
        """Send what waits, for a second at most, and end the tasks."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self._sent.wait()
        await cancel_and_wait(*self._tasks)

    async def _await_confirmation(self, confirmed: asyncio.Future[None]) -> None:
        try:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT_S):
                await asyncio.shield(confirmed)
        except TimeoutError as error:
            self._mark_down("listening", error)

    def _confirm(self, channel: str) -> None:
        if (confirmed := self._confirmed.pop(channel, None)) is not None and not confirmed.done():
            confirmed.set_result(None)

    def _confirm_all(self) -> None:
        for channel in list(self._confirmed):
            self._confirm(channel)

    def _mark_down(self, half: Direction, error: Exception) -> None:
        if not self._down:
            log.warning("redis_away", doing=half, error=type(error).__name__)
        self._down.setdefault(half, time.monotonic())

    def _mark_up(self, half: Direction) -> None:
        since = min(self._down.values(), default=0.0)
        if self._down.pop(half, None) is not None and not self._down:
            log.info("redis_back", after_s=round(time.monotonic() - since, 1))
