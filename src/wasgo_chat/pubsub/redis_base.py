"""What both Redis brokers share: publishing, supervised tasks, and whether Redis is available.

Messages are published by one pipeline at a time, in their order. Receiving differs between the brokers.
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

from wasgo_chat.core.tasks import cancel_and_wait, forever
from wasgo_chat.pubsub.broker import OnGap, OnMessage
from wasgo_chat.redis_client.errors import diagnose_redis

log = structlog.get_logger(__name__)

WORKERS_CHANNEL = "worker"
"""The channel of all workers. Its number of subscribers shows whether there are others; a worker that connects
announces itself there.
"""
CONNECTION_ERRORS = (RedisError, RedisClusterException, OSError, TimeoutError)
SUBSCRIBE_TIMEOUT_S = 2.0
SILENCE_S = 3.0
"""Seconds without a reply to a ping after which a connection is lost."""
RETRY_S = 0.2
_FLUSH_S = 1.0
_MAX_WAITING_BYTES = 8 * 1024 * 1024


Direction = Literal["listening", "publishing"]
"""The directions fail independently: a server that accepts publications may refuse subscribers."""


class Pipeline(Protocol):
    """What the pipelines of both redis-py clients can do."""

    async def execute(self) -> Any:
        """Send all commands."""


class RedisBrokerBase(ABC):
    """Publishes queued messages, and tracks the availability of Redis.

    Args:
        prefix: the prefix of the channels in Redis, which callers do not see.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._workers_channel = prefix + WORKERS_CHANNEL
        self.has_peers = True  # until the workers have been counted
        self._name = secrets.token_bytes(8)
        self._on_message: OnMessage = lambda channel, payload: None
        self._on_gap: OnGap = lambda: None
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: list[tuple[str, bytes]] = []
        self._waiting_bytes = 0
        self._woken = asyncio.Event()
        self._sent = asyncio.Event()
        self._sent.set()
        self._down: dict[Direction, float] = {}
        self._retry: asyncio.TimerHandle | None = None
        self._confirmations: dict[str, asyncio.Future[None]] = {}

    @property
    def is_up(self) -> bool:
        return not self._down and self.is_receiving()

    @abstractmethod
    def is_receiving(self) -> bool:
        """Whether this worker receives what is published, as far as is known."""

    @abstractmethod
    def _pipeline(self) -> tuple[Pipeline, Callable[[str, bytes], Any]]:
        """A new pipeline, and the method that adds a publication to it."""

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        # Only queued: a Redis that hangs must not delay delivery to local connections.
        size = sum(len(payload) for _, payload in messages)
        if self._waiting_bytes + size > _MAX_WAITING_BYTES:
            self._mark_down("publishing", OverflowError())
            return  # the reconcilers of the other workers find it
        self._waiting += [(self._prefix + channel, payload) for channel, payload in messages]
        self._waiting_bytes += size
        self._sent.clear()
        self._woken.set()

    async def subscribe(self, channel: str) -> None:
        await self._subscribe(self._prefix + channel)

    async def unsubscribe(self, channel: str) -> None:
        await self._unsubscribe(self._prefix + channel)

    @abstractmethod
    async def _subscribe(self, channel: str) -> None:
        """Subscribe to a channel by its name in Redis, and wait for the confirmation for two seconds at most."""

    @abstractmethod
    async def _unsubscribe(self, channel: str) -> None:
        """Unsubscribe from a channel by its name in Redis."""

    async def wait_sent(self) -> None:
        """Wait until everything that was published has been sent, or has failed."""
        await self._sent.wait()

    async def _publish(self) -> None:
        """Send everything that waits by one pipeline, and one pipeline at a time, so that the order is kept."""
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
                self._retry_soon()
            else:
                self._mark_up("publishing")
            if not self._waiting:
                self._sent.set()

    def _retry_soon(self) -> None:
        """Publish an announcement soon: without messages, nothing else would show that Redis is back."""
        if self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(RETRY_S, self._announce_presence)

    def _announce_presence(self) -> None:
        """Announce this worker to the others, which publish to Redis from then on."""
        self._retry = None
        self._waiting.append((self._workers_channel, self._name))
        self._woken.set()

    def _handle_message(self, channel: str, payload: bytes) -> None:
        """Handle a publication. An error is logged: one message must not end the connection."""
        if channel == self._workers_channel:
            if payload != self._name:
                self.has_peers = True
            return
        try:
            self._on_message(channel.removeprefix(self._prefix), payload)
        except Exception:
            log.exception("message_handler_failed")

    def _start_supervised(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Run a loop until `_stop`; if it fails, it is logged and started again."""
        supervised = forever(work, failure="redis_task_failed", every_s=RETRY_S, task=name)
        self._tasks.append(asyncio.create_task(supervised, name=name))

    async def _stop(self) -> None:
        """Send what waits, for one second at most, and end the tasks."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FLUSH_S):
                await self._sent.wait()
        await cancel_and_wait(*self._tasks)

    async def _await_confirmation(self, confirmation: asyncio.Future[None]) -> None:
        try:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT_S):
                await asyncio.shield(confirmation)
        except TimeoutError as error:
            self._mark_down("listening", error)

    def _confirm(self, channel: str) -> None:
        """Let `subscribe` return: the channel is confirmed, or will not be for now."""
        if (confirmation := self._confirmations.pop(channel, None)) is not None and not confirmation.done():
            confirmation.set_result(None)

    def _confirm_all(self) -> None:
        for channel in list(self._confirmations):
            self._confirm(channel)

    def _mark_down(self, direction: Direction, error: Exception) -> None:
        if not self._down:
            reason = diagnose_redis(error).what
            log.warning("redis_unavailable", direction=direction, error=type(error).__name__, reason=reason)
        self._down.setdefault(direction, time.monotonic())

    def _mark_up(self, direction: Direction) -> None:
        since = min(self._down.values(), default=0.0)
        if self._down.pop(direction, None) is not None and not self._down:
            log.info("redis_available", after_s=round(time.monotonic() - since, 1))
