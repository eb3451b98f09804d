"""The registry of online users that workers share in Redis. Each worker keeps its users registered by heartbeats.

The entries of a crashed worker expire. Times are those of Redis, and a change of many users is one script call. In a
cluster, users are spread over shards, as the keys of a script have to be in one slot.
"""

from collections.abc import Sequence
from zlib import crc32

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisClusterException, RedisError

from wasgo_chat.redis_client.target import DEFAULT_PREFIX, RedisTarget, close_sentinels

CONNECTION_ERRORS = (RedisError, RedisClusterException, OSError, TimeoutError)
SHARDS = 16
"""Shards of a cluster's users: no more nodes than that share the work."""
_PAGE = 500
_MAX_EXPIRED = 1000
_TIMEOUT_S = 1.0

# One sorted set has an entry "worker user" for what expires, and one per user has the workers that the user is
# connected to. Scores are the moments at which the entries expire. Arguments: the worker, the seconds, the users.
# Returns the users who were offline.
_REGISTER = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local came = {}
for at = 3, #ARGV do
    local key = KEYS[1] .. ':' .. ARGV[at]
    if redis.call('ZCOUNT', key, now, '+inf') == 0 then came[#came + 1] = ARGV[at] end
    redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1] .. ' ' .. ARGV[at])
    redis.call('ZADD', key, now + ARGV[2], ARGV[1])
    redis.call('EXPIRE', key, math.max(1, math.ceil(2 * ARGV[2])))
end
return came
"""
# Arguments: the worker, the users. Returns the users who are offline now.
_UNREGISTER = """
local time = redis.call('TIME')
local gone = {}
for at = 2, #ARGV do
    local key = KEYS[1] .. ':' .. ARGV[at]
    redis.call('ZREM', KEYS[1], ARGV[1] .. ' ' .. ARGV[at])
    redis.call('ZREM', key, ARGV[1])
    if redis.call('ZCOUNT', key, time[1] + time[2] / 1e6, '+inf') == 0 then gone[#gone + 1] = ARGV[at] end
end
return gone
"""
# Arguments: the users. Returns those who are online.
_ONLINE_AMONG = """
local time = redis.call('TIME')
local online = {}
for _, user in ipairs(ARGV) do
    if redis.call('ZCOUNT', KEYS[1] .. ':' .. user, time[1] + time[2] / 1e6, '+inf') > 0 then
        online[#online + 1] = user
    end
end
return online
"""
# Removes expired entries, at most so many. Returns the users who are offline now; of all workers, one gets each.
_REMOVE_EXPIRED = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local gone = {}
for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])) do
    local worker, user = string.match(entry, '^(%S+) (.*)$')
    redis.call('ZREM', KEYS[1], entry)
    redis.call('ZREM', KEYS[1] .. ':' .. user, worker)
    if redis.call('ZCOUNT', KEYS[1] .. ':' .. user, now, '+inf') == 0 then gone[#gone + 1] = user end
end
return gone
"""


class PresenceRegistry:
    """The registry as one worker uses it. Every method raises one of `CONNECTION_ERRORS` if Redis does not answer.

    Args:
        redis_url: the Redis of all workers.
        worker: the worker's name, unique among all workers.
        prefix: the prefix of the keys.
    """

    def __init__(self, redis_url: str, worker: str, prefix: str = DEFAULT_PREFIX) -> None:
        self._worker = worker
        key = f"{prefix}online"
        target = RedisTarget.parse(redis_url)
        # Without retries: by default the client retries for ten seconds, and the requests wait with it.
        self._redis = target.client(timeout_s=_TIMEOUT_S, decode_responses=True)
        # A cluster hashes the part of a key in braces, which decides on the slot.
        is_cluster = target.kind == "cluster"
        self._shards = [f"{{{key}:{number}}}" for number in range(SHARDS)] if is_cluster else [key]
        self._register = self._redis.register_script(_REGISTER)
        self._unregister = self._redis.register_script(_UNREGISTER)
        self._online_among = self._redis.register_script(_ONLINE_AMONG)
        self._remove_expired = self._redis.register_script(_REMOVE_EXPIRED)

    async def register(self, user_ids: Sequence[str], ttl_s: float) -> list[str]:
        """Register users for `ttl_s` seconds. Returns those who were offline."""
        return await self._call(self._register, [self._worker, ttl_s], user_ids)

    async def unregister(self, user_ids: Sequence[str]) -> list[str]:
        """Remove users of this worker. Returns those who are offline now."""
        return await self._call(self._unregister, [self._worker], user_ids)

    async def online_among(self, user_ids: Sequence[str]) -> list[str]:
        """Which of these users are connected to any worker."""
        return await self._call(self._online_among, [], user_ids)

    async def remove_expired(self) -> list[str]:
        """Remove what crashed workers left. Returns the users who are offline now; no other worker gets the same."""
        gone: list[str] = []
        for shard in self._shards:
            gone += await self._remove_expired([shard], [_MAX_EXPIRED])
        return gone

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
        if isinstance(self._redis, Redis):
            await close_sentinels(self._redis.connection_pool)

    async def _call(self, script: AsyncScript, args: list[str | float], user_ids: Sequence[str]) -> list[str]:
        """Run a script for each shard, in pages. Returns the users that it returns."""
        by_shard: dict[str, list[str]] = {}
        for user_id in user_ids:
            by_shard.setdefault(self._shard_of(user_id), []).append(user_id)
        returned: list[str] = []
        for shard, ids in by_shard.items():
            for start in range(0, len(ids), _PAGE):
                returned += await script([shard], [*args, *ids[start : start + _PAGE]])
        return returned

    def _shard_of(self, user_id: str) -> str:
        return self._shards[crc32(user_id.encode()) % len(self._shards)]
