"""Redis pub/sub on one server: the one that the URL names, or the primary that Sentinels name."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.sentinel import SentinelConnectionPool

from wasgo_chat.pubsub.broker import OnGap, OnMessage
from wasgo_chat.pubsub.redis_base import (
    CONNECTION_ERRORS,
    RETRY_S,
    SILENCE_S,
    SUBSCRIBE_TIMEOUT_S,
    WORKERS_CHANNEL,
    Pipeline,
    RedisBrokerBase,
)
from wasgo_chat.redis_client.target import DEFAULT_PREFIX, RedisTarget, close_sentinels

_COUNT_INTERVAL_S = 0.5
_PING_S = 1.0
_TIMEOUT_S = 2.0


class RedisBroker(RedisBrokerBase):
    """Redis pub/sub that reconnects itself. redis-py would resubscribe silently, and lose the messages in between.

    Every worker subscribes to one channel of all workers, whose subscribers are counted twice a second. A worker that
    starts or reconnects announces itself there, so that the others publish again at once.
    """

    def __init__(self, url: str, prefix: str = DEFAULT_PREFIX) -> None:
        super().__init__(prefix)
        target = RedisTarget.parse(url)
        # A pool that waits: the default one raises at the fifth use, and what was to be published would be lost.
        self._pool: ConnectionPool = target.pool(timeout_s=_TIMEOUT_S, connections=4, waits=True)
        self._publisher = Redis.from_pool(self._pool)
        # No retries: a lost connection must surface here, where it means a gap.
        self._listener = Redis.from_pool(target.pool(timeout_s=_TIMEOUT_S, connections=2))
        self._pubsub: PubSub | None = None
        self._channels: set[str] = set()
        self._subscription_requests: list[tuple[bool, str]] = []
        self._requested = asyncio.Event()
        self._has_failed_over = False

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        self._on_message, self._on_gap = on_message, on_gap
        self._start_supervised(self._listen, "redis-listener")
        self._start_supervised(self._publish, "redis-publisher")
        self._start_supervised(self._apply_requests, "redis-subscriber")
        self._start_supervised(self._count_workers, "redis-counter")

    def is_receiving(self) -> bool:
        return self._pubsub is not None

    def _pipeline(self) -> tuple[Pipeline, Callable[[str, bytes], Any]]:
        pipeline = self._publisher.pipeline(transaction=False)
        return pipeline, pipeline.publish

    async def _subscribe(self, channel: str) -> None:
        """Subscribe, and wait for the confirmation for two seconds at most."""
        self._channels.add(channel)
        if self._pubsub is None:
            return  # unavailable: the reconnect subscribes to every channel and reports a gap
        confirmation = self._confirmations.setdefault(channel, asyncio.get_running_loop().create_future())
        self._request_subscription(channel, is_wanted=True)
        await self._await_confirmation(confirmation)

    async def _unsubscribe(self, channel: str) -> None:
        self._channels.discard(channel)
        if self._pubsub is not None:
            self._request_subscription(channel, is_wanted=False)

    async def close(self) -> None:
        """Send what waits, for one second at most, and close the connections."""
        await self._stop()
        for client in (self._publisher, self._listener):
            await client.aclose()
            await close_sentinels(client.connection_pool)

    def _request_subscription(self, channel: str, *, is_wanted: bool) -> None:
        self._subscription_requests.append((is_wanted, channel))
        self._requested.set()

    async def _apply_requests(self) -> None:
        """Subscribe and unsubscribe in the order of the requests, by one command for consecutive ones of a kind."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            requests, self._subscription_requests = self._subscription_requests, []
            for is_wanted, group in itertools.groupby(requests, key=lambda request: request[0]):
                if (pubsub := self._pubsub) is None:
                    break  # the reconnect subscribes to the channels that are wanted then
                try:
                    await (pubsub.subscribe if is_wanted else pubsub.unsubscribe)(*(channel for _, channel in group))
                except CONNECTION_ERRORS as error:
                    self._mark_down("listening", error)

    async def _count_workers(self) -> None:
        while True:
            is_counted = self._pubsub is not None  # otherwise a single subscriber is another worker
            try:
                ((_, subscribers),) = await self._publisher.pubsub_numsub(self._workers_channel)
                await self._check_primary()
            except CONNECTION_ERRORS:
                self.has_peers = True
            else:
                self.has_peers = not is_counted or subscribers > 1
            await asyncio.sleep(_COUNT_INTERVAL_S)

    async def _check_primary(self) -> None:
        """Check if the Sentinels name another primary now: the old one accepts publications without delivering them."""
        pool, pubsub = self._pool, self._pubsub
        if not isinstance(pool, SentinelConnectionPool) or pubsub is None or (connection := pubsub.connection) is None:
            return
        primary = await pool.get_master_address()  # also drops pooled connections to another server
        if self._pubsub is pubsub:  # otherwise it has reconnected in the meantime
            self._has_failed_over = (connection.host, connection.port) != primary

    async def _listen(self) -> None:
        while True:
            try:
                async with self._listener.pubsub() as pubsub:
                    # The channel of the workers gives the connection something to ping before other subscriptions.
                    requested = {self._workers_channel, *self._channels}
                    await pubsub.subscribe(*requested)
                    await self._read(pubsub, await self._await_first_confirmation(pubsub, requested))
            except CONNECTION_ERRORS as error:
                self._mark_down("listening", error)
            finally:
                self._pubsub = None
                self._confirm_all()
            await asyncio.sleep(RETRY_S)

    async def _await_first_confirmation(self, pubsub: PubSub, requested: set[str]) -> set[str]:
        """The channel that is confirmed first.

        Raises:
            TimeoutError: the server accepts connections and then hangs.
        """
        first = await pubsub.get_message(timeout=SUBSCRIBE_TIMEOUT_S)
        if first is None:
            raise TimeoutError("no answer to subscribe")
        self._mark_up("listening")
        self._pubsub, self._has_failed_over = pubsub, False
        if missing := self._channels - requested:
            await pubsub.subscribe(*missing)
        self._on_gap()
        await self.publish([(WORKERS_CHANNEL, self._name)])
        return {first["channel"].decode()}

    async def _read(self, pubsub: PubSub, confirmed: set[str]) -> None:
        """Handle replies until the connection fails or is silent for too long."""
        replied_at = pinged_at = time.monotonic()
        while True:
            message = await pubsub.get_message(timeout=0.5)
            now = time.monotonic()
            if message is not None:
                replied_at = now
                self._handle_reply(message, confirmed)
            elif now - replied_at > SILENCE_S:
                raise TimeoutError("no answer to ping")
            if now - pinged_at > _PING_S:
                pinged_at = now
                if self._has_failed_over:
                    raise ConnectionError("another server is the primary")
                await pubsub.ping()

    def _handle_reply(self, message: dict[str, Any], confirmed: set[str]) -> None:
        match message["type"]:
            case "message":
                self._handle_message(message["channel"].decode(), message["data"])
            case "subscribe":
                channel = message["channel"].decode()
                self._mark_up("listening")
                if channel in confirmed:
                    # Confirmed again: redis-py has reconnected, and messages may be lost.
                    self._on_gap()
                confirmed.add(channel)
                self._confirm(channel)
            case "unsubscribe":
                confirmed.discard(message["channel"].decode())
            case "pong":
                self._mark_up("listening")  # commands from before the ping are answered, however late
