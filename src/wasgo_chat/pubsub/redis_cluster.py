"""Sharded pub/sub in a Redis Cluster: each channel lives at the shard of its slot, and is followed there.

The cluster's client publishes and knows who has which slots; listening is our own (`ear.py`), one connection to each
node that has channels of ours. A node that goes, a slot that moves and a refused subscription each make the channels
concerned homeless: they are placed anew by the newest map, and a channel that is confirmed again is a gap.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio.cluster import ClusterNode

from wasgo_chat.core.redis_target import RedisTarget
from wasgo_chat.pubsub.broker import OnGap, OnMessage
from wasgo_chat.pubsub.cluster_connection import Address, ShardSubscriber, slot_of
from wasgo_chat.pubsub.redis_base import CONNECTION_ERRORS, RETRY_S, WORKERS_CHANNEL, Pipeline, RedisBrokerBase

log = structlog.get_logger(__name__)

_COUNT_S = 0.5
_LOOK_EVERY = 10
_TIMEOUT_S = 2.0


class ClusterBroker(RedisBrokerBase):
    """SSUBSCRIBE and SPUBLISH. As `RedisBroker` otherwise: one pipeline a batch, each node its part of it.

    `_homes` says by whom a channel was asked for, `_heard` which are confirmed there; of `_missed` something may have
    been lost until they are; `_marked` are those whose place is to be looked at.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self.is_alone = False
        self._place = RedisTarget.parse(url)
        self._cluster = self._place.cluster(timeout_s=_TIMEOUT_S)
        self._channels: set[str] = {WORKERS_CHANNEL}
        self._assigned: dict[str, ShardSubscriber] = {}
        self._confirmed_channels: set[str] = set()
        self._possibly_missed: set[str] = {WORKERS_CHANNEL}
        self._to_place: set[str] = set()
        self._subscribers: dict[Address, ShardSubscriber] = {}
        self._failing: set[Address] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._map: list[str | None] = []
        self._is_stale = True
        self._asked = asyncio.Event()

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Connect and listen in the background."""
        self._on_message, self._on_gap = on_message, on_gap
        self._mark(WORKERS_CHANNEL)
        self._start_supervised(self._publish, "redis-publisher")
        self._start_supervised(self._keep_placed, "redis-subscriber")
        self._start_supervised(self._count_workers, "redis-counter")

    def _listens(self) -> bool:
        """Everything that is wanted has a home that confirmed it; one shard that answers speaks for no other."""
        return WORKERS_CHANNEL in self._confirmed_channels and not self._possibly_missed

    def _pipeline(self) -> tuple[Pipeline, Callable[[str, bytes], Any]]:
        pipeline = self._cluster.pipeline()
        return pipeline, pipeline.spublish

    async def subscribe(self, channel: str) -> None:
        """Ask for a channel and wait for its node to confirm it, at most two seconds."""
        self._channels.add(channel)
        if channel in self._confirmed_channels:
            return
        self._mark(channel)
        owner = self._node_for(channel)
        if owner is None or owner in self._failing:
            self._possibly_missed.add(channel)
            return  # away: it is placed when its node is back, and that is a gap
        confirmed = self._confirmed.setdefault(channel, asyncio.get_running_loop().create_future())
        await self._await_confirmation(confirmed)
        if channel not in self._confirmed_channels and channel in self._channels:
            self._possibly_missed.add(channel)

    async def unsubscribe(self, channel: str) -> None:
        """Drop a channel."""
        self._channels.discard(channel)
        self._mark(channel)

    async def close(self) -> None:
        """Send what waits, for a second at most, stop listening and close the connections."""
        await self._stop()
        await asyncio.gather(*(ear.close() for ear in self._subscribers.values()), *self._closing)
        await self._cluster.aclose()

    def _mark(self, *channels: str, after_s: float = 0.0) -> None:
        """Have the places of these channels looked at."""
        self._to_place.update(channels)
        if after_s:
            asyncio.get_running_loop().call_later(after_s, self._asked.set)
        else:
            self._asked.set()

    async def _keep_placed(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                if self._is_stale:
                    await self._refresh_slots()
            except CONNECTION_ERRORS as error:
                self._mark_down("listening", error)
                for channel in self._to_place:
                    self._report_missed(channel)
                self._mark(after_s=RETRY_S)
            except Exception:
                log.exception("cluster_not_understood")  # the next answer may be better
                self._mark(after_s=RETRY_S)
            else:
                marked, self._to_place = self._to_place, set()
                for channel in marked:
                    self._assign(channel)
                self._note_whole()

    def _note_whole(self) -> None:
        if self._listens():
            self._mark_up("listening")

    async def _refresh_slots(self) -> None:
        """Learn anew who has which slots; if that changed, every channel's place is looked at."""
        self._is_stale = False
        try:
            await self._cluster.initialize()
            # The given hosts too, beside those that were found: all of these may have other addresses by now.
            await self._cluster.nodes_manager.initialize(additional_startup_nodes_info=list(self._place.hosts))
        except BaseException:
            self._is_stale = True
            raise
        owners = self._cluster.nodes_manager.slots_cache
        found = [owners[slot][0].name if slot in owners else None for slot in range(16384)]
        if found != self._map:
            self._map = found
            self._to_place |= self._channels | self._assigned.keys()
            primaries = {_address(node) for node in self._cluster.get_primaries()}
            self._failing &= primaries
            for address in [one for one, ear in self._subscribers.items() if one not in primaries and not ear.channels]:
                self._close_soon(self._subscribers.pop(address))

    def _assign(self, channel: str) -> None:
        """Have a channel followed where it is now, or nowhere if nobody wants it."""
        home = self._assigned.get(channel)
        if channel not in self._channels:
            if home is not None:
                home.unsubscribe(channel)
            self._forget(channel)
            return
        owner = self._node_for(channel)
        if owner is None:
            self._report_missed(channel)
            self._is_stale = True
            self._mark(channel, after_s=RETRY_S)
        elif home is None or home.address != owner:
            if home is not None:
                home.unsubscribe(channel)
                self._unassign(channel)
            self._assigned[channel] = self._subscribers.get(owner) or self._open(owner)
            self._assigned[channel].subscribe(channel)
        elif channel in self._confirmed_channels:
            self._confirm(channel)

    def _node_for(self, channel: str) -> Address | None:
        nodes = self._cluster.nodes_manager.slots_cache.get(slot_of(channel))
        return _address(nodes[0]) if nodes else None

    def _open(self, address: Address) -> ShardSubscriber:
        ear = ShardSubscriber(
            address,
            self._place.connection(*address, timeout_s=_TIMEOUT_S),
            on_message=self._hear,
            on_joined=self._joined,
            on_lost=self._lost,
            on_refused=self._refused,
            on_ended=self._ended,
        )
        self._subscribers[address] = ear
        return ear

    def _close_soon(self, ear: ShardSubscriber) -> None:
        closing = asyncio.create_task(ear.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _hear(self, ear: ShardSubscriber, channel: str, payload: bytes) -> None:
        if channel == WORKERS_CHANNEL:
            if payload != self._name:
                self.is_alone = False
            return
        try:
            self._on_message(channel, payload)
        except Exception:
            log.exception("publication_failed")  # one that another version sent must not deafen this worker

    def _joined(self, ear: ShardSubscriber, channel: str) -> None:
        self._failing.discard(ear.address)
        if self._assigned.get(channel) is not ear:
            return  # it has moved on meanwhile
        if channel in self._confirmed_channels or channel in self._possibly_missed:
            self._possibly_missed.discard(channel)
            self._on_gap()
        self._confirmed_channels.add(channel)
        self._confirm(channel)
        self._note_whole()
        if channel == WORKERS_CHANNEL:
            self._announce_presence()

    def _lost(self, ear: ShardSubscriber, channel: str) -> None:
        """The node ended it: its slot is somebody else's."""
        ear.channels.discard(channel)
        if self._assigned.get(channel) is ear:
            self._unassign(channel)
        self._is_stale = True
        self._mark(channel)

    def _refused(self, ear: ShardSubscriber, slot: int | None) -> None:
        """Whoever was asked does not have the slot, or serves none for now; what is confirmed stays so."""
        refused = [one for one in ear.channels - self._confirmed_channels if slot is None or slot_of(one) == slot]
        for channel in refused:
            ear.channels.discard(channel)
            self._unassign(channel)
        self._is_stale = True
        self._mark(*refused, after_s=RETRY_S)

    def _ended(self, ear: ShardSubscriber, error: Exception) -> None:
        self._mark_down("listening", error)
        if self._subscribers.get(ear.address) is ear:
            del self._subscribers[ear.address]
        self._failing.add(ear.address)
        homeless = [channel for channel in ear.channels if self._assigned.get(channel) is ear]
        for channel in homeless:
            self._unassign(channel)
        self._is_stale = True
        self._mark(*homeless, after_s=RETRY_S)

    def _unassign(self, channel: str) -> None:
        """It is followed nowhere; nobody is to wait for it, and what comes until it is may be missed."""
        self._assigned.pop(channel, None)
        self._confirmed_channels.discard(channel)
        self._report_missed(channel)

    def _report_missed(self, channel: str) -> None:
        if channel in self._channels:
            self._possibly_missed.add(channel)
        self._confirm(channel)

    def _forget(self, channel: str) -> None:
        self._assigned.pop(channel, None)
        self._confirmed_channels.discard(channel)
        self._possibly_missed.discard(channel)
        self._confirm(channel)

    async def _count_workers(self) -> None:
        """How many workers listen, twice a second; and now and then who has which slots.

        A node that is cut off from the cluster, though not from here, would otherwise be listened to for ever.
        """
        turns = 0
        while True:
            turns += 1
            if turns % _LOOK_EVERY == 0:
                self._is_stale = True
                self._mark()
            is_counted = WORKERS_CHANNEL in self._confirmed_channels  # else the one listener is another
            try:
                node = self._cluster.get_node_from_key(WORKERS_CHANNEL)
                ((_, listeners),) = await self._cluster.pubsub_shardnumsub(WORKERS_CHANNEL, target_nodes=node)
            except CONNECTION_ERRORS:
                self.is_alone = False
            else:
                self.is_alone = is_counted and listeners <= 1
            await asyncio.sleep(_COUNT_S)


def _address(node: ClusterNode) -> Address:
    return str(node.host), int(node.port)
