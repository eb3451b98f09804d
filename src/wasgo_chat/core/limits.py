"""How much and how often: the size of client JSON; rate limits in Redis, or here where there is none."""

import time
from typing import Any

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import Invalid, RateLimited
from wasgo_chat.core.wire import check_json

log = structlog.get_logger(__name__)


def check_object(settings: Settings, field: str, value: dict[str, Any]) -> None:
    """Hold a client's own JSON object (`metadata`, `settings`) to its limits.

    Raises:
        Invalid: it is too large, too deep, or has a string or number that cannot be stored.
    """
    wrong = check_json(value, max_bytes=settings.max_metadata_bytes, max_depth=settings.max_metadata_depth)
    if wrong:
        raise Invalid.field([field], "json_object", wrong)


class RateLimits:
    """The limits of a worker. Without Redis each worker counts for itself, which is the lesser evil."""

    def __init__(self, settings: Settings) -> None:
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._pool: ConnectionPool | None = None
        self._shared: SlidingWindowCounterRateLimiter | None = None
        if settings.redis_url:
            url = settings.redis_url
            self._pool = ConnectionPool.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)
            # A pool of our own, as the library never closes the one it makes.
            options: dict[str, Any] = {"connection_pool": self._pool}  # typed too narrowly by the library
            storage = RedisStorage(f"async+{url}", implementation="redispy", **options)
            self._shared = SlidingWindowCounterRateLimiter(storage)
        self._messages: RateLimitItemPerSecond | None = None
        if settings.message_rate:
            self._messages = RateLimitItemPerSecond(settings.message_rate, settings.message_rate_window_s)
        self._shared_again_at = 0.0

    async def count_message(self, user_id: str, conversation_id: object) -> None:
        """Count one message of a user in a conversation.

        Raises:
            RateLimited: there were too many; says when to try again.
        """
        if self._messages is not None:
            await self._count(self._messages, "message", user_id, str(conversation_id))

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _count(self, limit: RateLimitItemPerSecond, *key: str) -> None:
        limiter = self._local
        if self._shared is not None and time.monotonic() >= self._shared_again_at:
            try:
                if await self._shared.hit(limit, *key):
                    return
                limiter = self._shared
                reset = (await limiter.get_window_stats(limit, *key)).reset_time
            except (RedisError, OSError) as error:
                # Counting must not stop the chat: count here for five seconds, then look again.
                log.warning("rate_limits_local", error=type(error).__name__)
                self._shared_again_at = time.monotonic() + 5
                limiter = self._local
            else:
                raise RateLimited(retry_after_s=max(0.1, round(reset - time.time(), 1)))
        if not await limiter.hit(limit, *key):
            reset = (await limiter.get_window_stats(limit, *key)).reset_time
            raise RateLimited(retry_after_s=max(0.1, round(reset - time.time(), 1)))
