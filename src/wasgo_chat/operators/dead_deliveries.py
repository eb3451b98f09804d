"""Dead letters: deliveries that will not be tried again by themselves, and trying them again.

Their life is in `notifications.delivery.queue`; here is what an operator does to it, with its row in the audit.
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
"""Dead letters that `kinds` counts, at most."""

MAX_RETRIED = 1_000
"""Dead letters that one request tries again, at most: they are held until its end."""


async def by_reason(tx: Tx) -> dict[str, Any]:
    """The `DeadKinds`: by channel and reason."""
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
    found = [dict(row._mapping) for row in await tx.execute(statement)]
    return {"results": found, "is_complete": sum(one["count"] for one in found) <= MAX_COUNTED}


async def retry(tx: Tx, actor: Actor, delivery_id: UUID) -> dict[str, Any]:
    """Try one again; the `DeliveryOut`. One that is not dead, because somebody was faster, stays as it is.

    Raises:
        NotFound: there is no such delivery.
    """
    try:
        answer = await queue.retry(tx, delivery_id)
    except Conflict:
        return await queue.get_delivery(tx, delivery_id)
    await audit.record_action(tx, actor, "delivery_retried", user_id=answer["user_id"], target=delivery_id)
    return answer


async def retry_all(tx: Tx, actor: Actor, *, channel: str | None, error: str | None) -> dict[str, Any]:
    """Try those of a kind again, the oldest first; the `RetriedDeliveries`."""
    retried = await queue.retry_all(tx, channel=channel, error=error, limit=MAX_RETRIED)
    if retried:
        kind = f"{channel or 'any'} {error or 'any'}"
        await audit.record_action(tx, actor, "deliveries_retried", target=f"{kind}: {retried}")
    return {"retried": retried, "has_more": retried == MAX_RETRIED}


async def counts(tx: Tx) -> dict[str, int]:
    """The `DeliveryCounts`; of the dead at most so many are counted."""
    waiting = ("pending", "sending", "retrying")
    open_ones = select(Delivery.state).where(Delivery.state.in_(waiting)).limit(MAX_COUNTED).subquery()
    dead = select(Delivery.state).where(Delivery.state == "dead").limit(MAX_COUNTED).subquery()
    statement = (
        select(open_ones.c.state, func.count())
        .group_by(open_ones.c.state)
        .union_all(select(dead.c.state, func.count()).group_by(dead.c.state))
    )
    found: dict[str, int] = {row[0]: row[1] for row in await tx.execute(statement)}
    return {state: found.get(state, 0) for state in (*waiting, "dead")}
