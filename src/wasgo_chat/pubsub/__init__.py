"""Publish/subscribe between workers: bytes on channels, at most once.

Three brokers implement one protocol: Redis pub/sub on one server or on the primary that Sentinels name, sharded pub/sub
in a cluster, and none at all for a single process. The reconciler finds in the log whatever a broker loses.
"""

from wasgo_chat.pubsub.broker import Broker, LocalBroker, OnGap, OnMessage
from wasgo_chat.pubsub.redis import RedisBroker
from wasgo_chat.pubsub.redis_cluster import ClusterBroker
from wasgo_chat.redis_client.target import DEFAULT_PREFIX, RedisTarget

__all__ = ["Broker", "ClusterBroker", "LocalBroker", "OnGap", "OnMessage", "RedisBroker", "make_broker"]


def make_broker(url: str | None, prefix: str = DEFAULT_PREFIX) -> Broker:
    """The broker for a Redis URL (see `redis_client.target` for its forms); None is a single process without Redis."""
    if url is None:
        return LocalBroker()
    return (ClusterBroker if RedisTarget.parse(url).kind == "cluster" else RedisBroker)(url, prefix)
