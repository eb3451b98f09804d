"""Dead deliveries: counting them by reason, and retrying them.

Adds audit records to the operations of `notifications.delivery.queue`.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from wasgo_chat.core.errors import Conflict
from wasgo_chat.database.session import Tx
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.notifications.delivery import queue
from wasgo_chat.notifications.models import Delivery

MAX_COUNTED = 10_000
"""The maximum number of deliveries that are counted."""

MAX_RETRIED = 1_000
"""The maximum number of deliveries that one request retries: they are locked until its end."""


async def by_reason(tx: Tx) -> dict[str, Any]:
    """The schema `DeadKinds`: dead deliveries by channel and reason."""
    newest = (
        select(Delivery.channel, Delivery.error, Delivery.settled_at)
        .where(Delivery.state == "dead")
        .order_by(Delivery.id.desc())
        .limit(MAX_COUNTED + 1)
        .subquery()
    )
    count = func.count().label("count")
    statement = (
        select(
            newest.c.channel,
            newest.c.error,
            count,
            func.min(newest.c.settled_at).label("oldest_at"),
            func.max(newest.c.settled_at).label("newest_at"),
        )
        .group_by(newest.c.channel, newest.c.error)
        .order_by(count.desc(), newest.c.channel, newest.c.error)
    )
    groups = [dict(row._mapping) for row in await tx.execute(statement)]
    return {"results": groups, "is_complete": sum(group["count"] for group in groups) <= MAX_COUNTED}


async def retry(tx: Tx, actor: Actor, delivery_id: UUID) -> dict[str, Any]:
    """Retry a dead delivery. Returns it as `DeliveryOut`, unchanged if it is no longer dead.

    Raises:
        NotFound: it does not exist.
    """
    try:
        delivery = await queue.retry(tx, delivery_id)
    except Conflict:
        return await queue.get_delivery(tx, delivery_id)
    await audit.record_action(tx, actor, "delivery_retried", user_id=delivery["user_id"], target=delivery_id)
    return delivery


async def retry_all(tx: Tx, actor: Actor, *, channel: str | None, error: str | None) -> dict[str, Any]:
    """Retry the dead deliveries of a channel and reason, oldest first. Returns `RetriedDeliveries`."""
    retried = await queue.retry_all(tx, channel=channel, error=error, limit=MAX_RETRIED)
    if retried:
        kind = f"{channel or 'any'} {error or 'any'}"
        await audit.record_action(tx, actor, "deliveries_retried", target=f"{kind}: {retried}")
    return {"retried": retried, "has_more": retried == MAX_RETRIED}


async def counts(tx: Tx) -> dict[str, int]:
    """The schema `DeliveryCounts`. Counts at most `MAX_COUNTED` dead ones and as many others."""
    active_states = ("pending", "sending", "retrying")
    active = select(Delivery.state).where(Delivery.state.in_(active_states)).limit(MAX_COUNTED).subquery()
    dead = select(Delivery.state).where(Delivery.state == "dead").limit(MAX_COUNTED).subquery()
    statement = (
        select(active.c.state, func.count())
        .group_by(active.c.state)
        .union_all(select(dead.c.state, func.count()).group_by(dead.c.state))
    )
    by_state: dict[str, int] = {row[0]: row[1] for row in await tx.execute(statement)}
    return {state: by_state.get(state, 0) for state in (*active_states, "dead")}
