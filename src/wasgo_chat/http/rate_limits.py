"""Rate limits of requests, frames and messages.

Expensive, infrequent operations (writes, uploads, tickets, messages) are counted in Redis across all workers, in one
round trip. Cheap, frequent ones (reads, frames, addresses) are counted per worker, as is everything while Redis is not
configured or not responding.
"""

import asyncio
import math
import time
from typing import Any, Literal

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from wasgo_chat.core.errors import RateLimited
from wasgo_chat.http.gcra import GcraLimiter
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.redis_client.errors import diagnose_redis
from wasgo_chat.redis_client.target import RedisTarget, close_sentinels
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

REDIS_TIMEOUT_S = 0.1
"""How long a request waits for Redis."""

REDIS_COOLDOWN_S = 5.0
"""How long Redis is skipped after it failed to respond."""

MINUTE_S = 60

REFUSED_FRAME_COST = 10
"""How many good frames a refused one costs: a malformed frame takes longer to parse, and its error to write."""

EVENTS_PER_FRAME = 25
"""How many replayed events cost as much as one frame."""

RateClass = Literal["read", "write", "upload", "ticket", "push_subscription", "person"]


class _RedisStorage(RedisStorage):
    """The library's Redis storage on a client that we own: its own client would never be closed.

    Both keys of a window share a hash tag, so a cluster stores them on the same node.
    """

    def __init__(self, client: "Redis | RedisCluster", prefix: str) -> None:
        self._client = client
        super().__init__("async+redis://", implementation="redispy", key_prefix=f"{prefix}limits")

    def configure_bridge(self) -> None:
        """Override: use our client instead of creating one."""
        bridge: Any = self.bridge
        bridge.storage = self._client
        bridge.connection_getter = lambda readonly: self._client


class RateLimits:
    """The rate limits of a worker.

    Without Redis the limits apply per worker: with N workers, up to N times the configured rate passes.
    """

    def __init__(self, settings: Settings, counts: WorkerCounters | None = None) -> None:
        self._counts = counts or WorkerCounters()
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._client: Redis | RedisCluster | None = None
        self._shared: SlidingWindowCounterRateLimiter | None = None
        if settings.redis_url:
            # No retries: a second attempt would double the wait.
            self._client = RedisTarget.parse(settings.redis_url).client(timeout_s=REDIS_TIMEOUT_S)
            self._shared = SlidingWindowCounterRateLimiter(_RedisStorage(self._client, settings.redis_prefix))
        self._messages = _item(settings.message_rate, settings.message_rate_window_s)
        self._all_messages = GcraLimiter(settings.rate_messages_per_minute)
        self._requests = {
            "write": _item(settings.rate_writes_per_minute),
            "upload": _item(settings.rate_uploads_per_minute),
            "ticket": _item(settings.rate_tickets_per_minute),
            "push_subscription": _item(settings.rate_push_subscriptions_per_minute),
            "person": _item(settings.rate_people_per_minute),
        }
        self._megapixels = _item(settings.rate_megapixels_per_minute)
        self._decoding = GcraLimiter(settings.rate_decoder_s_per_minute)
        self._reads = GcraLimiter(settings.rate_reads_per_minute)
        self._frames = GcraLimiter(settings.rate_frames_per_minute)
        # More than a socket may send in a row, so that the limit of one socket is reached first.
        tolerated = max(settings.rate_frames_per_minute // REFUSED_FRAME_COST, 2 * settings.max_bad_frames)
        self._refused_frames = GcraLimiter(tolerated if settings.rate_frames_per_minute else 0)
        self._connects = GcraLimiter(settings.rate_connects_per_minute)
        self._addresses = GcraLimiter(settings.rate_address_per_minute)
        self._failures = GcraLimiter(settings.rate_failures_per_minute)
        self._retry_redis_at = 0.0

    async def count_message(self, actor: Actor, conversation_id: object) -> None:
        """Count a message of a user in a conversation, an edit, a reaction or a deletion.

        The conversation may be any id that the client sent. A user's limit over all of them also applies to unknown
        ones, and bounds how many keys a user has.

        Raises:
            RateLimited: a limit is exceeded; `retry_after_s` says when to retry.
        """
        if self._messages is None:
            return
        user_id = actor.require_user()
        if actor.service is None:  # services act for many users
            self._reject_if_waiting(self._all_messages.hit(user_id), "message")
        await self._count(self._messages, "message", user_id, str(conversation_id))

    async def count_request(self, user_id: str, rate_class: RateClass, cost: float = 1.0) -> None:
        """Count a request of a user, other than sending a message. It may count as `cost` requests, also as none.

        Raises:
            RateLimited: as in `count_message`.
        """
        if rate_class == "read":
            self._reject_if_waiting(self._reads.hit(user_id, cost), "read")
        elif cost and (item := self._requests[rate_class]) is not None:
            await self._count(item, rate_class, user_id, cost=math.ceil(cost))

    async def count_pixels(self, user_id: str, pixels: int) -> None:
        """Count the pixels of an image that is about to be decoded, as whole megapixels.

        Raises:
            RateLimited: as in `count_message`. An image that exceeds the limit alone is counted as the whole limit.
        """
        if (item := self._megapixels) is not None:
            await self._count(item, "megapixels", user_id, cost=min(-(-pixels // 1_000_000), item.amount))

    def require_decoding_time(self, user_id: str) -> None:
        """Check that the files of a user have not taken too much CPU time yet. Raises: RateLimited."""
        self._reject_if_waiting(self._decoding.hit(user_id, 0.0), "decoding")

    def count_decoding_time(self, user_id: str, seconds: float) -> None:
        """Count CPU time that a file of a user has taken."""
        self._decoding.hit(user_id, seconds)

    def count_frame(self, user_id: str) -> None:
        """Count a socket frame of a user, other than a message. Raises: RateLimited."""
        self._reject_if_waiting(self._frames.hit(user_id), "frame")

    def count_replay(self, user_id: str, events: int) -> None:
        """Count events that a user has replayed, as frames. The limit applies to the next frame."""
        self._frames.hit(user_id, events / EVENTS_PER_FRAME)

    def count_refused_frame(self, user_id: str) -> float:
        """Count a frame that was malformed, invalid or too fast.

        Returns:
            The seconds that the user must wait if they have sent too many, else 0.
        """
        wait_s = self._refused_frames.hit(user_id)
        if wait_s:
            self._counts.refusals["refused_frame"] += 1
        return wait_s

    def count_connect(self, user_id: str) -> None:
        """Count a socket that a user opens. Raises: RateLimited."""
        self._reject_if_waiting(self._connects.hit(user_id), "connect")

    def count_address(self, address: str | None) -> None:
        """Count a request or a new socket from a client address, if known. Raises: RateLimited."""
        if address is not None:
            self._reject_if_waiting(self._addresses.hit(address), "address")

    def count_failure(self, address: str | None) -> None:
        """Count a rejected token. Raises: RateLimited, which then replaces the 401."""
        if address is not None:
            self._reject_if_waiting(self._failures.hit(address), "failure")

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._client is not None:
            await self._client.aclose()
        if isinstance(self._client, Redis):
            await close_sentinels(self._client.connection_pool)

    async def _count(self, item: RateLimitItemPerSecond, *key: str, cost: int = 1) -> None:
        # Count locally in any case: the local counter gives the wait time and takes over if Redis fails.
        is_within = await self._local.hit(item, *key, cost=cost)
        shared = await self._count_shared(item, *key, cost=cost)
        if shared is not None:
            is_within = shared
        if not is_within:
            self._counts.refusals[key[0]] += 1
            stats = await self._local.get_window_stats(item, *key)
            wait_s = stats.reset_time - time.time() if not stats.remaining else item.get_expiry()
            raise RateLimited(retry_after_s=max(0.1, round(wait_s, 1)))

    def _reject_if_waiting(self, wait_s: float, counted_as: str) -> None:
        if wait_s:
            self._counts.refusals[counted_as] += 1
            raise RateLimited(retry_after_s=max(0.1, round(wait_s, 1)))

    async def _count_shared(self, item: RateLimitItemPerSecond, *key: str, cost: int) -> bool | None:
        """Whether Redis counts this as within the limit; None if it does not respond in time."""
        if self._shared is None or time.monotonic() < self._retry_redis_at:
            return None
        if self._retry_redis_at:
            # This request probes Redis; the others do not wait for it.
            self._retry_redis_at = time.monotonic() + REDIS_COOLDOWN_S
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                is_within = await self._shared.hit(item, *key, cost=cost)
        except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
            # A failure to count must not stop the service.
            log.warning("rate_limits_local", error=type(error).__name__, reason=diagnose_redis(error).what)
            self._retry_redis_at = time.monotonic() + REDIS_COOLDOWN_S
            return None
        self._retry_redis_at = 0.0
        return is_within


def _item(limit: int, window_s: int = MINUTE_S) -> RateLimitItemPerSecond | None:
    return RateLimitItemPerSecond(limit, window_s) if limit else None
