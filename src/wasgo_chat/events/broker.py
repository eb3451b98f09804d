"""From worker to worker: publish bytes on a channel, hear what others publish. At most once, and known to be.

Two brokers stand behind one protocol: Redis pub/sub, and none at all where one process serves. Whatever a broker
loses the hub's head check finds in the log.
"""

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

OnMessage = Callable[[str, bytes], None]
OnGap = Callable[[], None]

_OWN = "wasgo:worker"
_COUNT_S = 0.5
_SILENCE_S = 3.0
_FAREWELL_S = 1.0
_MAX_WAITING_BYTES = 8 * 1024 * 1024
_SUBSCRIBE_TIMEOUT_S = 2.0


class Broker(Protocol):
    """What the hub needs. `start` before anything else, `close` at the end.

    `is_alone`: no other worker listens, as far as is known, so there is nobody to publish to.
    """

    is_alone: bool

    @property
    def is_up(self) -> bool:
        """Whether it answered when it was needed last."""

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Begin to listen. `on_message` gets channel and payload; `on_gap` that something may have been lost."""

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Have it sent to the other workers, in this order; neither raises nor waits for a broker that is away."""

    async def subscribe(self, channel: str) -> None:
        """Listen to a channel; returns once the broker confirmed it, or has been found to be away."""

    async def unsubscribe(self, channel: str) -> None:
        """Stop listening to a channel."""

    async def healthy(self) -> bool:
        """Whether other workers can be reached now."""

    async def close(self) -> None:
        """Stop."""


class SoloBroker:
    """No broker: one process serves, and its hub delivers by itself."""

    is_alone = True
    is_up = True

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Nobody will call."""

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Nobody to tell."""

    async def subscribe(self, channel: str) -> None:
        """Nothing to hear."""

    async def unsubscribe(self, channel: str) -> None:
        """Nothing to stop."""

    async def healthy(self) -> bool:
        """Always."""
        return True

    async def close(self) -> None:
        """Nothing to close."""


class RedisBroker:
    """Redis pub/sub. Owns its reconnecting, as redis-py resubscribes in silence and messages between are gone.

    Every worker listens to one channel of its kind; how many do is asked twice a second. A worker that starts, or
    was cut off and is back, says so there, so that the others publish again at once.
    """

    def __init__(self, url: str) -> None:
        self.is_alone = False
        # A pool that waits: the plain one refuses the fifth at once, and what it was to publish would be lost.
        pool = BlockingConnectionPool.from_url(
            url,
            socket_timeout=2,
            socket_connect_timeout=2,
            retry=Retry(NoBackoff(), 0),
            max_connections=4,
            timeout=2,
        )
        self._publisher = Redis.from_pool(pool)
        # No retries: a lost connection must surface here, where it means a gap.
        self._listener = Redis.from_url(
            url, socket_connect_timeout=2, socket_timeout=2, retry=Retry(NoBackoff(), 0), max_connections=2
        )
        self._name = secrets.token_bytes(8)
        self._pubsub: PubSub | None = None
        self._channels: set[str] = set()
        self._confirmed: dict[str, asyncio.Future[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: list[tuple[str, bytes]] = []
        self._waiting_bytes = 0
        self._woken = asyncio.Event()
        self._sent = asyncio.Event()
        self._sent.set()
        self._down_since: float | None = None
        self._orders: list[tuple[bool, str]] = []
        self._ordered = asyncio.Event()

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Connect and listen in the background."""
        self._on_message, self._on_gap = on_message, on_gap
        self._tasks.append(asyncio.create_task(self._listen(), name="redis-listener"))
        self._tasks.append(asyncio.create_task(self._publish(), name="redis-publisher"))
        self._tasks.append(asyncio.create_task(self._take_orders(), name="redis-subscriber"))
        self._tasks.append(asyncio.create_task(self._count(), name="redis-counter"))

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Queue them: a Redis that stands still must not hold up who tells local sockets."""
        size = sum(len(payload) for _, payload in messages)
        if self._waiting_bytes + size > _MAX_WAITING_BYTES:
            self._note_down("publish", OverflowError())
            return  # the head checks of the others find it
        self._waiting.extend(messages)
        self._waiting_bytes += size
        self._sent.clear()
        self._woken.set()

    async def subscribe(self, channel: str) -> None:
        """Ask for a channel and wait for Redis to confirm it, at most two seconds."""
        self._channels.add(channel)
        pubsub = self._pubsub
        if pubsub is None:
            return  # away: the reconnect subscribes to every channel and reports a gap
        confirmed = self._confirmed.setdefault(channel, asyncio.get_running_loop().create_future())
        self._order(channel, is_wanted=True)
        try:
            async with asyncio.timeout(_SUBSCRIBE_TIMEOUT_S):
                await asyncio.shield(confirmed)
        except TimeoutError as error:
            self._note_down("subscribe", error)

    async def unsubscribe(self, channel: str) -> None:
        """Drop a channel."""
        self._channels.discard(channel)
        if self._pubsub is not None:
            self._order(channel, is_wanted=False)

    @property
    def is_up(self) -> bool:
        """See `Broker`."""
        return self._down_since is None

    async def healthy(self) -> bool:
        """Whether Redis answers a ping."""
        try:
            await self._publisher.ping()
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Send what waits, for a second at most, stop listening and close the connections."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self._sent.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._publisher.aclose()
        await self._listener.aclose()

    def _order(self, channel: str, *, is_wanted: bool) -> None:
        self._orders.append((is_wanted, channel))
        self._ordered.set()

    async def _take_orders(self) -> None:
        """Subscribe and unsubscribe in the order in which it was asked for, by one command for a run of either."""
        while True:
            await self._ordered.wait()
            self._ordered.clear()
            orders, self._orders = self._orders, []
            for is_wanted, run in itertools.groupby(orders, key=lambda order: order[0]):
                if (pubsub := self._pubsub) is None:
                    break  # the reconnect subscribes to what is wanted by then
                try:
                    await (pubsub.subscribe if is_wanted else pubsub.unsubscribe)(*(channel for _, channel in run))
                except (RedisError, OSError, TimeoutError) as error:
                    self._note_down("subscribe", error)

    async def _publish(self) -> None:
        """One pipeline for all that waits, one at a time, so that nothing overtakes."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            batch, self._waiting, self._waiting_bytes = self._waiting, [], 0
            pipeline = self._publisher.pipeline(transaction=False)
            for channel, payload in batch:
                pipeline.publish(channel, payload)
            try:
                await pipeline.execute()
            except (RedisError, OSError, TimeoutError) as error:
                self._note_down("publish", error)
            else:
                self._note_up()
            if not self._waiting:
                self._sent.set()

    async def _count(self) -> None:
        while True:
            is_counted = self._pubsub is not None  # else the one listener is another
            try:
                ((_, listeners),) = await self._publisher.pubsub_numsub(_OWN)
            except (RedisError, OSError, TimeoutError):
                self.is_alone = False
            else:
                self.is_alone = is_counted and listeners <= 1
            await asyncio.sleep(_COUNT_S)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._listener.pubsub() as pubsub:
                    # A channel of its own, so that there is a connection to ping before anybody subscribes.
                    asked = {_OWN, *self._channels}
                    await pubsub.subscribe(*asked)
                    await self._read(pubsub, await self._greet(pubsub, asked))
            except (RedisError, OSError, TimeoutError) as error:
                self._note_down("listen", error)
            finally:
                self._pubsub = None
                self._settle_all()
            await asyncio.sleep(0.2)

    async def _greet(self, pubsub: PubSub, asked: set[str]) -> set[str]:
        """The channel confirmed first. Nobody may wait for a Redis that takes connections and then stands still."""
        first = await pubsub.get_message(timeout=_SUBSCRIBE_TIMEOUT_S)
        if first is None:
            raise TimeoutError("no answer to subscribe")
        self._note_up()
        self._pubsub = pubsub
        if missing := self._channels - asked:
            await pubsub.subscribe(*missing)
        self._on_gap()
        await self.publish([(_OWN, self._name)])
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
            elif now - heard_at > _SILENCE_S:
                raise TimeoutError("no answer to ping")
            if now - pinged_at > 1.0:
                pinged_at = now
                await pubsub.ping()

    def _take(self, message: dict[str, Any], known: set[str]) -> None:
        kind = message["type"]
        if kind == "message" and message["channel"] == _OWN.encode():
            if message["data"] != self._name:
                self.is_alone = False
        elif kind == "message":
            try:
                self._on_message(message["channel"].decode(), message["data"])
            except Exception:
                log.exception("publication_failed")  # one that another version sent must not deafen this worker
        elif kind == "subscribe":
            channel = message["channel"].decode()
            if channel in known:
                # Again, on a connection that redis-py mended: something may be missing.
                self._note_up()
                self._on_gap()
            known.add(channel)
            self._settle(channel)
        elif kind == "unsubscribe":
            known.discard(message["channel"].decode())

    def _settle(self, channel: str) -> None:
        if (confirmed := self._confirmed.pop(channel, None)) is not None and not confirmed.done():
            confirmed.set_result(None)

    def _settle_all(self) -> None:
        for channel in list(self._confirmed):
            self._settle(channel)

    def _note_down(self, doing: str, error: Exception) -> None:
        if self._down_since is None:
            self._down_since = time.monotonic()
            log.warning("redis_away", doing=doing, error=type(error).__name__)

    def _note_up(self) -> None:
        if self._down_since is not None:
            log.info("redis_back", after_s=round(time.monotonic() - self._down_since, 1))
            self._down_since = None
