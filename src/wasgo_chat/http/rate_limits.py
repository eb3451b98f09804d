"""How much and how often: the size of client JSON, and the rates of requests, frames and messages.

What is rare and dear (writes, uploads, tickets, messages) is counted in Redis, for all workers together, in one round
trip. What is frequent and cheap (reads, frames, addresses) is counted by each worker for itself. Without Redis, or
while it does not answer, everything is.
"""

import asyncio
import time
from typing import Any, Literal

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import check_json
from wasgo_chat.core.errors import Invalid, RateLimited
from wasgo_chat.core.redis_target import RedisTarget, close_sentinels
from wasgo_chat.http.gcra import GcraLimiter
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

REDIS_TIMEOUT_S = 0.1
"""Longest that a request waits for Redis to count it."""

REDIS_COOLDOWN_S = 5.0
"""How long Redis is left alone after it did not answer."""

MINUTE_S = 60

RateClass = Literal["read", "write", "upload", "ticket"]


def check_json_object(settings: Settings, field: str, value: dict[str, Any]) -> None:
    """Hold a client's own JSON object (`metadata`, `settings`) to its limits.

    Raises:
        Invalid: it is too large, too deep, or has a string or number that cannot be stored.
    """
    if not value:
        return
    wrong = check_json(value, max_bytes=settings.max_metadata_bytes, max_depth=settings.max_metadata_depth)
    if wrong:
        raise Invalid.field([field], "json_object", wrong)


class _RedisStorage(RedisStorage):
    """The library's counters on a client of ours: it would make one of its own, and never close it.

    Both keys of a window have the same tag, so that a cluster keeps them together.
    """

    def __init__(self, client: "Redis | RedisCluster") -> None:
        self._client = client
        super().__init__("async+redis://", implementation="redispy")

    def configure_bridge(self) -> None:
        """Where the library would make its client."""
        bridge: Any = self.bridge
        bridge.storage = self._client
        bridge.connection_getter = lambda readonly: self._client


class RateLimits:
    """The limits of a worker. Without Redis each worker counts for itself, which is the lesser evil."""

    def __init__(self, settings: Settings, counts: WorkerCounters | None = None) -> None:
        self._counts = counts or WorkerCounters()
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._client: Redis | RedisCluster | None = None
        self._shared: SlidingWindowCounterRateLimiter | None = None
        if settings.redis_url:
            # Without retries: a second attempt would take the time of the first again.
            self._client = RedisTarget.parse(settings.redis_url).client(timeout_s=REDIS_TIMEOUT_S)
            self._shared = SlidingWindowCounterRateLimiter(_RedisStorage(self._client))
        self._messages = _item(settings.message_rate, settings.message_rate_window_s)
        self._requests = {
            "write": _item(settings.rate_writes_per_minute),
            "upload": _item(settings.rate_uploads_per_minute),
            "ticket": _item(settings.rate_tickets_per_minute),
        }
        self._reads = GcraLimiter(settings.rate_reads_per_minute)
        self._frames = GcraLimiter(settings.rate_frames_per_minute)
        self._addresses = GcraLimiter(settings.rate_address_per_minute)
        self._failures = GcraLimiter(settings.rate_failures_per_minute)
        self._shared_again_at = 0.0

    async def count_message(self, user_id: str, conversation_id: object) -> None:
        """Count one message of a user in a conversation.

        Raises:
            RateLimited: there were too many; says when to try again.
        """
        if self._messages is not None:
            await self._count(self._messages, "message", user_id, str(conversation_id))

    async def count_request(self, user_id: str, kind: RateClass) -> None:
        """Count one request of a user; messages are counted by themselves.

        Raises:
            RateLimited: as in `count_message`.
        """
        if kind == "read":
            self._refuse_after(self._reads.hit(user_id), "read")
        elif (item := self._requests[kind]) is not None:
            await self._count(item, kind, user_id)

    def count_frame(self, user_id: str) -> None:
        """Count one frame of a user that is no message. Raises: RateLimited."""
        self._refuse_after(self._frames.hit(user_id), "frame")

    def count_address(self, address: str | None) -> None:
        """Count one request from a client's address, where it is known. Raises: RateLimited."""
        if address is not None:
            self._refuse_after(self._addresses.hit(address), "address")

    def count_failure(self, address: str | None) -> None:
        """Count a token that was not accepted. Raises: RateLimited, in place of another 401."""
        if address is not None:
            self._refuse_after(self._failures.hit(address), "failure")

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._client is not None:
            await self._client.aclose()
        if isinstance(self._client, Redis):
            await close_sentinels(self._client.connection_pool)

    async def _count(self, item: RateLimitItemPerSecond, *key: str) -> None:
        # Here too in any case: it says how long to wait without asking Redis again, and knows when Redis goes away.
        is_within = await self._local.hit(item, *key)
        shared = await self._count_shared(item, *key)
        if shared is not None:
            is_within = shared
        if not is_within:
            self._counts.refusals[key[0]] += 1
            stats = await self._local.get_window_stats(item, *key)
            wait_s = stats.reset_time - time.time() if not stats.remaining else item.get_expiry()
            raise RateLimited(retry_after_s=max(0.1, round(wait_s, 1)))

    def _refuse_after(self, wait_s: float, kind: str) -> None:
        if wait_s:
            self._counts.refusals[kind] += 1
            raise RateLimited(retry_after_s=max(0.1, round(wait_s, 1)))

    async def _count_shared(self, item: RateLimitItemPerSecond, *key: str) -> bool | None:
        """What Redis says, in one round trip; None where it does not answer in time."""
        if self._shared is None or time.monotonic() < self._shared_again_at:
            return None
        if self._shared_again_at:
            self._shared_again_at = (
                time.monotonic() + REDIS_COOLDOWN_S
            )  # one asks whether it is back, the others do not wait
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                is_within = await self._shared.hit(item, *key)
        except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
            # Counting must not stop the chat.
            log.warning("rate_limits_local", error=type(error).__name__)
            self._shared_again_at = time.monotonic() + REDIS_COOLDOWN_S
            return None
        self._shared_again_at = 0.0
        return is_within


def _item(limit: int, window_s: int = MINUTE_S) -> RateLimitItemPerSecond | None:
    return RateLimitItemPerSecond(limit, window_s) if limit else None
