"""Redis pub/sub at one server: the one that the URL names, or the primary that Sentinels name now."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.sentinel import SentinelConnectionPool

from wasgo_chat.core.redis_target import RedisTarget, close_sentinels
from wasgo_chat.pubsub.broker import OnGap, OnMessage
from wasgo_chat.pubsub.redis_base import (
    CONNECTION_ERRORS,
    SILENCE_S,
    SUBSCRIBE_TIMEOUT_S,
    WORKERS_CHANNEL,
    Pipeline,
    RedisBrokerBase,
)

log = structlog.get_logger(__name__)

_COUNT_S = 0.5
_TIMEOUT_S = 2.0


class RedisBroker(RedisBrokerBase):
    """Redis pub/sub. Owns its reconnecting, as redis-py resubscribes in silence and messages between are gone.

    Every worker listens to one channel of its kind; how many do is asked twice a second. A worker that starts, or
    was cut off and is back, says so there, so that the others publish again at once.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self.is_alone = False
        place = RedisTarget.parse(url)
        # A pool that waits: the plain one refuses the fifth at once, and what it was to publish would be lost.
        self._pool: ConnectionPool = place.pool(timeout_s=_TIMEOUT_S, connections=4, waits=True)
        self._publisher = Redis.from_pool(self._pool)
        # No retries: a lost connection must surface here, where it means a gap.
        self._listener = Redis.from_pool(place.pool(timeout_s=_TIMEOUT_S, connections=2))
        self._pubsub: PubSub | None = None
        self._channels: set[str] = set()
        self._subscription_requests: list[tuple[bool, str]] = []
        self._ordered = asyncio.Event()
        self._failed_over = False

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Connect and listen in the background."""
        self._on_message, self._on_gap = on_message, on_gap
        self._start_supervised(self._listen, "redis-listener")
        self._start_supervised(self._publish, "redis-publisher")
        self._start_supervised(self._apply_requests, "redis-subscriber")
        self._start_supervised(self._count_workers, "redis-counter")

    def _listens(self) -> bool:
        return self._pubsub is not None

    def _pipeline(self) -> tuple[Pipeline, Callable[[str, bytes], Any]]:
        pipeline = self._publisher.pipeline(transaction=False)
        return pipeline, pipeline.publish

    async def subscribe(self, channel: str) -> None:
        """Ask for a channel and wait for Redis to confirm it, at most two seconds."""
        self._channels.add(channel)
        pubsub = self._pubsub
        if pubsub is None:
            return  # away: the reconnect subscribes to every channel and reports a gap
        confirmed = self._confirmed.setdefault(channel, asyncio.get_running_loop().create_future())
        self._request_subscription(channel, is_wanted=True)
        await self._await_confirmation(confirmed)

    async def unsubscribe(self, channel: str) -> None:
        """Drop a channel."""
        self._channels.discard(channel)
        if self._pubsub is not None:
            self._request_subscription(channel, is_wanted=False)

    async def close(self) -> None:
        """Send what waits, for a second at most, stop listening and close the connections."""
        await self._stop()
        for client in (self._publisher, self._listener):
            await client.aclose()
            await close_sentinels(client.connection_pool)

    def _request_subscription(self, channel: str, *, is_wanted: bool) -> None:
        self._subscription_requests.append((is_wanted, channel))
        self._ordered.set()

    async def _apply_requests(self) -> None:
        """Subscribe and unsubscribe in the order in which it was asked for, by one command for a run of either."""
        while True:
            await self._ordered.wait()
            self._ordered.clear()
            orders, self._subscription_requests = self._subscription_requests, []
            for is_wanted, run in itertools.groupby(orders, key=lambda order: order[0]):
                if (pubsub := self._pubsub) is None:
                    break  # the reconnect subscribes to what is wanted by then
                try:
                    await (pubsub.subscribe if is_wanted else pubsub.unsubscribe)(*(channel for _, channel in run))
                except CONNECTION_ERRORS as error:
                    self._mark_down("listening", error)

    async def _count_workers(self) -> None:
        while True:
            is_counted = self._pubsub is not None  # else the one listener is another
            try:
                ((_, listeners),) = await self._publisher.pubsub_numsub(WORKERS_CHANNEL)
                await self._look_for_primary()
            except CONNECTION_ERRORS:
                self.is_alone = False
            else:
                self.is_alone = is_counted and listeners <= 1
            await asyncio.sleep(_COUNT_S)

    async def _look_for_primary(self) -> None:
        """Whether the Sentinels name another server now: the one before still takes publications, and tells nobody."""
        pool, pubsub = self._pool, self._pubsub
        if not isinstance(pool, SentinelConnectionPool) or pubsub is None or (connection := pubsub.connection) is None:
            return
        primary = await pool.get_master_address()  # drops what lies in the pool, should it have moved
        if self._pubsub is pubsub:  # else it ended meanwhile, and whoever comes after it asks anew
            self._failed_over = (connection.host, connection.port) != primary

    async def _listen(self) -> None:
        while True:
            try:
                async with self._listener.pubsub() as pubsub:
                    # A channel of its own, so that there is a connection to ping before anybody subscribes.
                    asked = {WORKERS_CHANNEL, *self._channels}
                    await pubsub.subscribe(*asked)
                    await self._read(pubsub, await self._await_first_confirmation(pubsub, asked))
            except CONNECTION_ERRORS as error:
                self._mark_down("listening", error)
            finally:
                self._pubsub = None
                self._confirm_all()
            await asyncio.sleep(0.2)

    async def _await_first_confirmation(self, pubsub: PubSub, asked: set[str]) -> set[str]:
        """The channel confirmed first. Nobody may wait for a Redis that takes connections and then stands still."""
        first = await pubsub.get_message(timeout=SUBSCRIBE_TIMEOUT_S)
        if first is None:
            raise TimeoutError("no answer to subscribe")
        self._mark_up("listening")
        self._pubsub, self._failed_over = pubsub, False
        if missing := self._channels - asked:
            await pubsub.subscribe(*missing)
        self._on_gap()
        await self.publish([(WORKERS_CHANNEL, self._name)])
        return {first["channel"].decode()}

    async def _read(self, pubsub: PubSub, known: set[str]) -> None:
        """Hand on messages until the connection fails or has been silent for too long."""
        heard_at = pinged_at = time.monotonic()
        while True:
            message = await pubsub.get_message(timeout=0.5)
            now = time.monotonic()
            if message is not None:
                heard_at = now
                self._take(message, known)
            elif now - heard_at > SILENCE_S:
                raise TimeoutError("no answer to ping")
            if now - pinged_at > 1.0:
                pinged_at = now
                if self._failed_over:
                    raise ConnectionError("another server is the primary")
                await pubsub.ping()

    def _take(self, message: dict[str, Any], known: set[str]) -> None:
        kind = message["type"]
        if kind == "message" and message["channel"] == WORKERS_CHANNEL.encode():
            if message["data"] != self._name:
                self.is_alone = False
        elif kind == "message":
            try:
                self._on_message(message["channel"].decode(), message["data"])
            except Exception:
                log.exception("publication_failed")  # one that another version sent must not deafen this worker
        elif kind == "subscribe":
            channel = message["channel"].decode()
            self._mark_up("listening")
            if channel in known:
                # Again, on a connection that redis-py mended: something may be missing.
                self._on_gap()
            known.add(channel)
            self._confirm(channel)
        elif kind == "unsubscribe":
            known.discard(message["channel"].decode())
        elif kind == "pong":
            self._mark_up("listening")  # what was asked for before the ping is settled, however late
