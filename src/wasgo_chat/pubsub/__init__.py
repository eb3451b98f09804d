"""From worker to worker: publish bytes on a channel, hear what others publish. At most once, and known to be.

Brokers behind one protocol: Redis pub/sub at one server or at whichever Sentinels name, sharded pub/sub in a cluster,
and none at all where one process serves. Whatever a broker loses the hub's head check finds in the log.
"""

from wasgo_chat.core.redis_target import RedisTarget
from wasgo_chat.pubsub.broker import Broker, LocalBroker, OnGap, OnMessage
from wasgo_chat.pubsub.redis import RedisBroker
from wasgo_chat.pubsub.redis_cluster import ClusterBroker

__all__ = ["Broker", "ClusterBroker", "LocalBroker", "OnGap", "OnMessage", "RedisBroker", "make_broker"]


def make_broker(url: str | None) -> Broker:
    """The broker for a Redis URL (`core/redis_target.py` lists the kinds), or for one process without Redis."""
    if url is None:
        return LocalBroker()
    return ClusterBroker(url) if RedisTarget.parse(url).kind == "cluster" else RedisBroker(url)
