"""The consumers of the feed: how far they are, and the events that they could not handle."""

from collections.abc import Sequence
from typing import Any

from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.copy import driver_connection
from wasgo_chat.database.session import Tx
from wasgo_chat.feed import parking
from wasgo_chat.feed.lag import feed_lag
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor


async def list_consumers(tx: Tx, names: Sequence[str]) -> dict[str, Any]:
    """The schema `ConsumersOut`."""
    lag = await feed_lag(tx, names)
    consumers = [
        {
            "name": one.consumer,
            "conversations": one.lag.conversations,
            "events": one.lag.events,
            "oldest_at": one.lag.oldest_at,
            "is_rebuilding": one.is_rebuilding,
            "parked_conversations": one.parked_conversations,
            "parked_events": one.parked_events,
        }
        for one in lag.consumers
    ]
    return {"results": consumers}


async def list_parked(tx: Tx, names: Sequence[str], name: str) -> dict[str, Any]:
    """The schema `ParkedEventsOut`: the conversations that have waited the longest first.

    Raises:
        NotFound: there is no such consumer.
    """
    _require(names, name)
    parked = await parking.list_parked(await driver_connection(tx), name, limit=parking.MAX_PARKED)
    return {"results": [{key: value for key, value in one.items() if key != "consumer"} for one in parked]}


async def retry_parked(tx: Tx, actor: Actor, names: Sequence[str], name: str) -> dict[str, Any]:
    """Handle the parked events of a consumer again now. Returns `RetriedEvents`.

    Raises:
        NotFound: there is no such consumer.
    """
    _require(names, name)
    conversations = await parking.retry_now(await driver_connection(tx), name)
    if conversations:
        await audit.record_action(tx, actor, "parked_events_retried", target=f"{name}: {conversations}")
    return {"conversations": conversations}


def _require(names: Sequence[str], name: str) -> None:
    if name not in names:
        raise NotFound
