"""Checks Redis or Valkey: version, publish/subscribe and limits."""

import asyncio
import secrets

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import NoPermissionError, RedisClusterException, RedisError, ResponseError

from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.redis_client.errors import diagnose_redis
from wasgo_chat.redis_client.target import RedisTarget
from wasgo_chat.settings.config import Settings

OLDEST_VERSION = 7
TIMEOUT_S = 3.0
_SLOTS = 16_384
MIN_BUFFER_BYTES = 8 << 20
"""The workers' own limit for unsent publications. With a smaller limit in Redis, bursts break the subscriptions."""


# Every command that the scripts of the service run, on keys of its prefix. Changes nothing that lasts.
_PROBE = """
local one, two = KEYS[1] .. ':1', KEYS[1] .. ':2'
local now = redis.call('TIME')[1]
redis.call('ZADD', one, now, 'x')
redis.call('ZCOUNT', one, now, '+inf')
redis.call('ZRANGE', one, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)
redis.call('EXPIRE', one, 10)
redis.call('ZREM', one, 'x')
redis.call('SET', one, 1, 'PX', 1000)
redis.call('INCRBY', one, 1)
redis.call('EXISTS', one)
redis.call('PTTL', one)
redis.call('RENAME', one, two)
return redis.call('GET', two)
"""


async def check(settings: Settings) -> list[Finding]:
    """Check Redis, if it is configured."""
    area = Area("redis")
    if not settings.redis_url:
        area.ok("Not configured: a single worker does not need Redis.")
        return area.findings
    target = RedisTarget.parse(settings.redis_url)
    client = target.client(timeout_s=TIMEOUT_S)
    try:
        async with asyncio.timeout(4 * TIMEOUT_S):
            if isinstance(client, RedisCluster):
                await _check_cluster(area, target, client)
            else:
                await _check_server(area, client)
                await _check_pubsub_roundtrip(area, client, settings.redis_prefix)
                await _check_limits(area, client)
            await _check_commands(area, client, settings.redis_prefix)
    except (RedisError, RedisClusterException, OSError, TimeoutError, ValueError) as error:
        diagnosis = diagnose_redis(error)
        area.error(diagnosis.what, diagnosis.remedy)
    finally:
        await client.aclose()
    return area.findings


async def _check_cluster(area: Area, target: RedisTarget, cluster: RedisCluster) -> None:
    """Check slot coverage and each primary. Does not test whether publications arrive."""
    await cluster.initialize()
    if any(slot not in cluster.nodes_manager.slots_cache for slot in range(_SLOTS)):
        area.error(
            "The cluster is incomplete: some slots have no primary.",
            "Run CLUSTER NODES and start the nodes that are down.",
        )
    for node in cluster.get_primaries():
        client = Redis(
            host=node.host,
            port=int(node.port),
            ssl=target.has_tls,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            **target.tls,
            **target.login,
        )
        try:
            await _check_server(area, client)
            await _check_limits(area, client)
        finally:
            await client.aclose()


async def _check_server(area: Area, client: Redis) -> None:
    await client.ping()
    try:
        info = await client.info("server")
    except (ResponseError, NoPermissionError):
        area.ok("Redis is running; its version cannot be read, because INFO is not allowed.")
        return
    version = str(info.get("valkey_version") or info.get("redis_version") or "0")
    name = "Valkey" if "valkey_version" in info else "Redis"
    if int(version.split(".", 1)[0]) < OLDEST_VERSION:
        area.error(f"{name} {version} is too old.", "Upgrade to Redis 7 or Valkey.")
    else:
        area.ok(f"{name} {version} is running.")


async def _check_commands(area: Area, client: "Redis | RedisCluster", prefix: str) -> None:
    """Run every command that the service needs, on keys and channels of its prefix."""
    channel = f"{prefix}doctor-{secrets.token_hex(8)}"
    if isinstance(client, RedisCluster):
        await client.spublish(channel, b"test")
        await client.pubsub_shardnumsub(channel, target_nodes=client.get_node_from_key(channel))
    else:
        await client.pubsub_numsub(channel)
    await client.register_script(_PROBE)([f"{{{channel}}}"])
    area.ok("The user may run every command that the service needs.")


async def _check_pubsub_roundtrip(area: Area, client: Redis, prefix: str) -> None:
    """Publish a message and wait for it on a subscription."""
    channel = f"{prefix}doctor-{secrets.token_hex(8)}"
    async with client.pubsub() as subscriber:
        await subscriber.subscribe(channel)
        await subscriber.get_message(timeout=TIMEOUT_S)
        await client.publish(channel, b"test")
        received = await subscriber.get_message(ignore_subscribe_messages=True, timeout=TIMEOUT_S)
    if received is None:
        area.error(
            "Published messages do not arrive.", "Connect to the primary: a replica or proxy may not forward them."
        )
    else:
        area.ok("Publish/subscribe works.")


async def _check_limits(area: Area, client: Redis) -> None:
    try:
        config = await client.config_get("client-output-buffer-limit", "maxmemory", "maxmemory-policy")
    except (ResponseError, NoPermissionError):
        area.warn(
            "Limits cannot be read: CONFIG GET is not allowed.",
            "Ensure that client-output-buffer-limit pubsub is 32mb or more.",
        )
        return
    hard, soft = _pubsub_limits(str(config.get("client-output-buffer-limit", "")))
    tightest = min((limit for limit in (hard, soft) if limit), default=None)
    if tightest is not None and tightest < MIN_BUFFER_BYTES:
        area.warn(
            f"Redis disconnects a worker with {tightest} bytes of unsent output.",
            "CONFIG SET client-output-buffer-limit 'pubsub 64mb 32mb 60', and add it to the configuration file.",
        )
    else:
        area.ok("The output buffer limit for publish/subscribe is large enough.")
    if config.get("maxmemory", "0") != "0" and config.get("maxmemory-policy") == "noeviction":
        area.warn(
            "When maxmemory is reached, Redis rejects writes (noeviction): presence and rate limits fail.",
            "CONFIG SET maxmemory-policy volatile-ttl: all keys of the service expire.",
        )


def _pubsub_limits(config: str) -> tuple[int, int]:
    """The hard and soft limit (0: none) in `normal 0 0 0 slave … pubsub 33554432 8388608 60`."""
    words = config.split()
    index = words.index("pubsub") if "pubsub" in words else -1
    return (int(words[index + 1]), int(words[index + 2])) if index >= 0 else (0, 0)
