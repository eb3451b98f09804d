"""Sharded pub/sub in a Redis Cluster: each channel is on the shard of its slot, and is subscribed there.

The client of redis-py publishes, and knows which node owns which slots. Subscriptions are our own
(`cluster_connection`), with one connection to each node that owns channels of ours. A lost node, a moved slot and a
refused subscription each leave channels unassigned. They are assigned again by the newest slot map, and a channel that
is confirmed again is a gap.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio.cluster import ClusterNode

from wasgo_chat.pubsub.broker import OnGap, OnMessage
from wasgo_chat.pubsub.cluster_connection import Address, ShardSubscriber, slot_of
from wasgo_chat.pubsub.redis_base import CONNECTION_ERRORS, RETRY_S, Pipeline, RedisBrokerBase
from wasgo_chat.redis_client.target import DEFAULT_PREFIX, RedisTarget

log = structlog.get_logger(__name__)

_COUNT_INTERVAL_S = 0.5
_COUNTS_PER_REFRESH = 10
_TIMEOUT_S = 2.0
_SLOTS = 16_384


class ClusterBroker(RedisBrokerBase):
    """SSUBSCRIBE and SPUBLISH; otherwise as `RedisBroker`. A batch is one pipeline, which the client splits by node.

    `_assigned` maps each channel to the connection that subscribes to it, and `_confirmed_channels` are those that
    the node has confirmed. Channels in `_possibly_missed` may have lost messages since they were last confirmed, and
    those in `_to_place` have to be assigned again.
    """

    def __init__(self, url: str, prefix: str = DEFAULT_PREFIX) -> None:
        super().__init__(prefix)
        self._target = RedisTarget.parse(url)
        self._cluster = self._target.cluster(timeout_s=_TIMEOUT_S)
        self._channels: set[str] = {self._workers_channel}
        self._assigned: dict[str, ShardSubscriber] = {}
        self._confirmed_channels: set[str] = set()
        self._possibly_missed: set[str] = {self._workers_channel}
        self._to_place: set[str] = set()
        self._subscribers: dict[Address, ShardSubscriber] = {}
        self._failing: set[Address] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._slot_map: list[str | None] = []
        self._is_slot_map_stale = True
        self._placement_requested = asyncio.Event()

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        self._on_message, self._on_gap = on_message, on_gap
        self._place_soon(self._workers_channel)
        self._start_supervised(self._publish, "redis-publisher")
        self._start_supervised(self._place_channels, "redis-subscriber")
        self._start_supervised(self._count_workers, "redis-counter")

    def is_receiving(self) -> bool:
        """Every wanted channel is confirmed. One shard that answers says nothing about the others."""
        return self._workers_channel in self._confirmed_channels and not self._possibly_missed

    def _pipeline(self) -> tuple[Pipeline, Callable[[str, bytes], Any]]:
        pipeline = self._cluster.pipeline()
        return pipeline, pipeline.spublish

    async def _subscribe(self, channel: str) -> None:
        """Subscribe, and wait for the confirmation of the node for two seconds at most."""
        self._channels.add(channel)
        if channel in self._confirmed_channels:
            return
        self._place_soon(channel)
        owner = self._owner_of(channel)
        if owner is None or owner in self._failing:
            self._possibly_missed.add(channel)
            return  # unavailable: the channel is placed when its node is back, which is reported as a gap
        confirmation = self._confirmations.setdefault(channel, asyncio.get_running_loop().create_future())
        await self._await_confirmation(confirmation)
        if channel not in self._confirmed_channels and channel in self._channels:
            self._possibly_missed.add(channel)

    async def _unsubscribe(self, channel: str) -> None:
        self._channels.discard(channel)
        self._place_soon(channel)

    async def close(self) -> None:
        """Send what waits, for one second at most, and close the connections."""
        await self._stop()
        await asyncio.gather(*(subscriber.close() for subscriber in self._subscribers.values()), *self._closing)
        await self._cluster.aclose()

    def _place_soon(self, *channels: str, after_s: float = 0.0) -> None:
        """Check the placement of these channels."""
        self._to_place.update(channels)
        if after_s:
            asyncio.get_running_loop().call_later(after_s, self._placement_requested.set)
        else:
            self._placement_requested.set()

    async def _place_channels(self) -> None:
        while True:
            await self._placement_requested.wait()
            self._placement_requested.clear()
            try:
                if self._is_slot_map_stale:
                    await self._refresh_slot_map()
            except CONNECTION_ERRORS as error:
                self._mark_down("listening", error)
                for channel in self._to_place:
                    self._mark_missed(channel)
                self._place_soon(after_s=RETRY_S)
            except Exception:
                log.exception("slot_map_refresh_failed")
                self._place_soon(after_s=RETRY_S)
            else:
                channels, self._to_place = self._to_place, set()
                for channel in channels:
                    self._place(channel)
                self._mark_up_if_receiving()

    def _mark_up_if_receiving(self) -> None:
        if self.is_receiving():
            self._mark_up("listening")

    async def _refresh_slot_map(self) -> None:
        """Load which node owns which slots. If that has changed, the placement of every channel is checked."""
        self._is_slot_map_stale = False
        try:
            await self._cluster.initialize()
            # With the hosts of the URL in addition to the known nodes, all of which may have other addresses now.
            await self._cluster.nodes_manager.initialize(additional_startup_nodes_info=list(self._target.hosts))
        except BaseException:
            self._is_slot_map_stale = True
            raise
        owners = self._cluster.nodes_manager.slots_cache
        slot_map = [owners[slot][0].name if slot in owners else None for slot in range(_SLOTS)]
        if slot_map != self._slot_map:
            self._slot_map = slot_map
            self._to_place |= self._channels | self._assigned.keys()
            primaries = {_address(node) for node in self._cluster.get_primaries()}
            self._failing &= primaries
            for address, subscriber in list(self._subscribers.items()):
                if address not in primaries and not subscriber.channels:
                    del self._subscribers[address]
                    self._close_soon(subscriber)

    def _place(self, channel: str) -> None:
        """Subscribe to a channel on the node that owns it, or nowhere if the channel is not wanted."""
        subscriber = self._assigned.get(channel)
        if channel not in self._channels:
            if subscriber is not None:
                subscriber.unsubscribe(channel)
            self._forget(channel)
            return
        owner = self._owner_of(channel)
        if owner is None:
            self._mark_missed(channel)
            self._is_slot_map_stale = True
            self._place_soon(channel, after_s=RETRY_S)
        elif subscriber is None or subscriber.address != owner:
            if subscriber is not None:
                subscriber.unsubscribe(channel)
                self._unassign(channel)
            self._assigned[channel] = self._subscribers.get(owner) or self._connect(owner)
            self._assigned[channel].subscribe(channel)
        elif channel in self._confirmed_channels:
            self._confirm(channel)

    def _owner_of(self, channel: str) -> Address | None:
        """The primary that owns the slot of a channel; None if no node does."""
        nodes = self._cluster.nodes_manager.slots_cache.get(slot_of(channel))
        return _address(nodes[0]) if nodes else None

    def _connect(self, address: Address) -> ShardSubscriber:
        subscriber = ShardSubscriber(
            address,
            self._target.connection(*address, timeout_s=_TIMEOUT_S),
            on_message=lambda _, channel, payload: self._handle_message(channel, payload),
            on_subscribed=self._on_subscribed,
            on_lost=self._on_lost,
            on_refused=self._on_refused,
            on_ended=self._on_ended,
        )
        self._subscribers[address] = subscriber
        return subscriber

    def _close_soon(self, subscriber: ShardSubscriber) -> None:
        closing = asyncio.create_task(subscriber.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _on_subscribed(self, subscriber: ShardSubscriber, channel: str) -> None:
        self._failing.discard(subscriber.address)
        if self._assigned.get(channel) is not subscriber:
            return  # assigned elsewhere in the meantime
        if channel in self._confirmed_channels or channel in self._possibly_missed:
            self._possibly_missed.discard(channel)
            self._on_gap()
        self._confirmed_channels.add(channel)
        self._confirm(channel)
        self._mark_up_if_receiving()
        if channel == self._workers_channel:
            self._announce_presence()

    def _on_lost(self, subscriber: ShardSubscriber, channel: str) -> None:
        """The node has ended a channel: another node owns its slot."""
        subscriber.channels.discard(channel)
        if self._assigned.get(channel) is subscriber:
            self._unassign(channel)
        self._is_slot_map_stale = True
        self._place_soon(channel)

    def _on_refused(self, subscriber: ShardSubscriber, slot: int | None) -> None:
        """The node does not own the slot, or serves none for now. Confirmed channels stay confirmed."""
        refused = [
            channel
            for channel in subscriber.channels - self._confirmed_channels
            if slot is None or slot_of(channel) == slot
        ]
        for channel in refused:
            subscriber.channels.discard(channel)
            self._unassign(channel)
        self._is_slot_map_stale = True
        self._place_soon(*refused, after_s=RETRY_S)

    def _on_ended(self, subscriber: ShardSubscriber, error: Exception) -> None:
        self._mark_down("listening", error)
        if self._subscribers.get(subscriber.address) is subscriber:
            del self._subscribers[subscriber.address]
        self._failing.add(subscriber.address)
        unassigned = [channel for channel in subscriber.channels if self._assigned.get(channel) is subscriber]
        for channel in unassigned:
            self._unassign(channel)
        self._is_slot_map_stale = True
        self._place_soon(*unassigned, after_s=RETRY_S)

    def _unassign(self, channel: str) -> None:
        """A channel is subscribed nowhere: nothing waits for it, and messages may be missed until it is confirmed."""
        self._assigned.pop(channel, None)
        self._confirmed_channels.discard(channel)
        self._mark_missed(channel)

    def _mark_missed(self, channel: str) -> None:
        if channel in self._channels:
            self._possibly_missed.add(channel)
        self._confirm(channel)

    def _forget(self, channel: str) -> None:
        self._assigned.pop(channel, None)
        self._confirmed_channels.discard(channel)
        self._possibly_missed.discard(channel)
        self._confirm(channel)

    async def _count_workers(self) -> None:
        """Count the workers twice a second, and refresh the slot map from time to time.

        Without that, a node that is cut off from the cluster, but not from this worker, would stay subscribed.
        """
        count = 0
        while True:
            count += 1
            if count % _COUNTS_PER_REFRESH == 0:
                self._is_slot_map_stale = True
                self._place_soon()
            # Otherwise a single subscriber is another worker.
            is_counted = self._workers_channel in self._confirmed_channels
            try:
                node = self._cluster.get_node_from_key(self._workers_channel)
                ((_, subscribers),) = await self._cluster.pubsub_shardnumsub(self._workers_channel, target_nodes=node)
            except CONNECTION_ERRORS:
                self.has_peers = True
            else:
                self.has_peers = not is_counted or subscribers > 1
            await asyncio.sleep(_COUNT_INTERVAL_S)


def _address(node: ClusterNode) -> Address:
    return str(node.host), int(node.port)
