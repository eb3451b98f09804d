"""Redis or Valkey: whether it carries messages, and has room for those that wait."""

import asyncio
import re
import secrets

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import AuthenticationError, NoPermissionError, RedisClusterException, RedisError, ResponseError

from wasgo_chat.core.config import Settings
from wasgo_chat.core.redis_target import RedisTarget
from wasgo_chat.doctor.findings import Area, Finding

OLDEST_VERSION = 7
PATIENCE_S = 3.0
LEAST_BUFFER = 8 << 20
"""What a worker lets wait for Redis itself; less at the other side cuts the subscription off in a burst."""


async def check(settings: Settings) -> list[Finding]:
    """Everything about Redis, if it is used."""
    area = Area("redis")
    if not settings.redis_url:
        area.ok("None is set: one worker does not need it.")
        return area.findings
    place = RedisTarget.parse(settings.redis_url)
    client = place.client(timeout_s=PATIENCE_S)
    try:
        async with asyncio.timeout(4 * PATIENCE_S):
            if isinstance(client, RedisCluster):
                await _check_cluster(area, place, client)
            else:
                await _check_server(area, client)
                await _check_pubsub_roundtrip(area, client)
                await _check_limits(area, client)
    except AuthenticationError:
        area.error("It refuses the user or the password.", "Correct them in WASGO_CHAT_REDIS_URL.")
    except (RedisError, RedisClusterException, OSError, TimeoutError, ValueError) as error:  # the second is no first
        area.error(
            f"It does not answer ({type(error).__name__}).",
            "Check the address in WASGO_CHAT_REDIS_URL, and that it runs. Without it messages reach other workers "
            "within about a second.",
        )
    finally:
        await client.aclose()
    return area.findings


async def _check_cluster(area: Area, place: RedisTarget, cluster: RedisCluster) -> None:
    """Each primary by itself, and whether all slots have one. What is published is not tried here."""
    await cluster.initialize()
    state = await cluster.execute_command("CLUSTER INFO", target_nodes=RedisCluster.RANDOM)
    if re.search(r"cluster_state\W+ok", str(state)) is None:  # as text, or read by redis-py
        area.error("The cluster is not whole: some slots have no primary.", "See CLUSTER NODES; start what is down.")
    for node in cluster.get_primaries():
        client = Redis(
            host=node.host,
            port=int(node.port),
            ssl=place.has_tls,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            **place.login,
        )
        try:
            await _check_server(area, client)
            await _check_limits(area, client)
        finally:
            await client.aclose()


async def _check_server(area: Area, client: Redis) -> None:
    found = await client.info("server")
    version = str(found.get("valkey_version") or found.get("redis_version") or "0")
    name = "Valkey" if "valkey_version" in found else "Redis"
    if int(version.split(".", 1)[0]) < OLDEST_VERSION:
        area.error(f"{name} {version} is too old.", "Upgrade it to Redis 7, or Valkey.")
    else:
        area.ok(f"{name} {version} answers.")


async def _check_pubsub_roundtrip(area: Area, client: Redis) -> None:
    """What is published is heard: what the broker lives on."""
    channel = f"doctor-{secrets.token_hex(8)}"
    try:
        async with client.pubsub() as listener:
            await listener.subscribe(channel)
            await listener.get_message(timeout=PATIENCE_S)
            await client.publish(channel, b"heard")
            heard = await listener.get_message(ignore_subscribe_messages=True, timeout=PATIENCE_S)
    except NoPermissionError:
        area.error("The user may not publish and subscribe.", "Give it +@pubsub and all channels (allchannels).")
        return
    if heard is None:
        area.error("What is published is not heard.", "Name the primary: a replica, or a proxy, may not pass it on.")
    else:
        area.ok("What is published is heard.")


async def _check_limits(area: Area, client: Redis) -> None:
    try:
        found = await client.config_get("client-output-buffer-limit", "maxmemory", "maxmemory-policy")
    except (ResponseError, NoPermissionError):
        area.warn("It does not tell its limits.", "See to it that client-output-buffer-limit pubsub is 32mb or more.")
        return
    hard, soft = _pubsub_limits(str(found.get("client-output-buffer-limit", "")))
    tightest = min((limit for limit in (hard, soft) if limit), default=None)
    if tightest is not None and tightest < LEAST_BUFFER:
        area.warn(
            f"It cuts off a worker for whom {tightest} bytes wait.",
            "CONFIG SET client-output-buffer-limit 'pubsub 64mb 32mb 60', and keep it in its configuration.",
        )
    else:
        area.ok("A burst may wait in it.")
    if found.get("maxmemory", "0") != "0" and found.get("maxmemory-policy") == "noeviction":
        area.warn(
            "Once its memory is full it refuses writes (noeviction): presence and rate limits then fail.",
            "CONFIG SET maxmemory-policy volatile-ttl: all that the service keeps there ends by itself.",
        )


def _pubsub_limits(said: str) -> tuple[int, int]:
    """The hard and the soft limit, 0 for none, of `normal 0 0 0 slave … pubsub 33554432 8388608 60`."""
    words = said.split()
    at = words.index("pubsub") if "pubsub" in words else -1
    return (int(words[at + 1]), int(words[at + 2])) if at >= 0 else (0, 0)
