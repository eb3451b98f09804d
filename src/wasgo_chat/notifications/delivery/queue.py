"""The life cycle of a delivery: due, claimed, handed over, settled. Every step is a separate short transaction.

A claim is valid for `CLAIM_S` and carries the number of its attempt, so a worker that returns after another one has
taken over changes nothing.
"""

import random
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from wasgo_chat.core.errors import Conflict, NotFound
from wasgo_chat.database import pinned
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.http.pagination import PageRequest
from wasgo_chat.notifications.models import Delivery

CLAIM_S = 60
MAX_RETRY_S = 3600.0
SENT_RETENTION_DAYS = 7

_ACTIVE = Delivery.state.in_(("pending", "retrying", "sending"))
_IS_DUE = _ACTIVE & (Delivery.due_at <= func.now())
_Other = aliased(Delivery, name="other")


async def due(
    tx: Tx, channel: str, *, limit: int, except_ids: Collection[UUID] = (), except_users: Collection[str] = ()
) -> list[tuple[UUID, str]]:
    """The deliveries of a channel that are due, longest due first, as `(id, user_id)`, with some exceptions.

    A pending delivery waits until an earlier one for the same user, conversation and target is settled. So an outage
    of the mail server leads to two e-mails for a conversation, not to one per `NOTIFY_DELAY_S`.
    """
    has_precedence = or_(Delivery.state == "pending", _Other.id < Delivery.id)
    earlier = (
        select(_Other.id)
        .where(
            _Other.user_id == Delivery.user_id,
            _Other.conversation_id == Delivery.conversation_id,
            _Other.channel == Delivery.channel,
            _Other.target == Delivery.target,
            _Other.state.in_(("retrying", "sending")),
            _Other.id != Delivery.id,
            has_precedence,
        )
        .exists()
    )
    statement = select(Delivery.id, Delivery.user_id).where(_IS_DUE, Delivery.channel == channel, ~earlier)
    if except_ids:
        statement = statement.where(Delivery.id.not_in(except_ids))
    if except_users:
        statement = statement.where(Delivery.user_id.not_in(except_users))
    rows = await tx.execute(statement.order_by(Delivery.due_at).limit(limit))
    return [(row.id, row.user_id) for row in rows]


async def lock(tx: Tx, delivery_id: UUID) -> Delivery | None:
    """Lock a due delivery until the end of the transaction; None if another worker has locked or settled it."""
    statement = select(Delivery).where(Delivery.id == delivery_id, _IS_DUE)
    return (await tx.execute(statement.with_for_update(skip_locked=True))).scalar_one_or_none()


async def claim(tx: Tx, delivery: Delivery) -> int:
    """Claim a locked delivery. Returns the number of the attempt."""
    attempt = delivery.attempts + 1
    values = {"state": "sending", "attempts": attempt, "due_at": _in_seconds(CLAIM_S), "handed_at": None}
    await tx.execute(update(Delivery).where(Delivery.id == delivery.id).values(values))
    return attempt


async def mark_handed_over(tx: Tx, delivery_id: UUID, attempt: int) -> bool:
    """Record that the next step cannot be undone. False if the claim has expired."""
    is_claimed = _claimed(delivery_id, attempt) & (Delivery.due_at > func.now())
    result = await tx.execute(update(Delivery).where(is_claimed).values(handed_at=func.now()))
    return _affected_rows(result) == 1


async def defer(tx: Tx, delivery_id: UUID, until: datetime | float) -> None:
    """Make the delivery due again at a time, or after a number of seconds."""
    due_at = _in_seconds(until) if isinstance(until, float) else until
    await tx.execute(update(Delivery).where(Delivery.id == delivery_id).values(due_at=due_at))


async def drop(tx: Tx, delivery_id: UUID) -> None:
    """Delete a delivery that is not to be sent."""
    await tx.execute(delete(Delivery).where(Delivery.id == delivery_id))


async def mark_sent(tx: Tx, delivery_id: UUID, attempt: int) -> None:
    """Settle a delivery that the receiver accepted. Also deletes a few sent ones that have expired."""
    values = {"state": "sent", "error": None, "settled_at": func.now()}
    await tx.execute(update(Delivery).where(_claimed(delivery_id, attempt)).values(values))
    is_expired = (Delivery.state == "sent") & (
        Delivery.settled_at < func.now() - func.make_interval(0, 0, 0, SENT_RETENTION_DAYS)
    )
    expired = select(Delivery.id).where(is_expired).order_by(Delivery.id).limit(20).with_for_update(skip_locked=True)
    await tx.execute(delete(Delivery).where(Delivery.id.in_(expired.cte("expired").select())))


async def mark_failed(tx: Tx, delivery_id: UUID, attempt: int, error: str, *, retry_after_s: float = 0.0) -> None:
    """Schedule a failed delivery's next attempt, or mark it dead after the last one.

    The wait is random, up to a maximum that doubles with each attempt (exponential backoff with full jitter), so that
    deliveries that failed together are not retried together.
    """
    if attempt >= tx.settings.notify_max_attempts:
        await mark_dead(tx, delivery_id, attempt, error)
        return
    max_wait_s = min(tx.settings.notify_retry_s * 2.0 ** (attempt - 1), MAX_RETRY_S)
    wait_s = max(random.uniform(0, max_wait_s), retry_after_s)  # noqa: S311  spreads load, protects nothing
    values = {"state": "retrying", "error": error, "due_at": _in_seconds(wait_s), "handed_at": None}
    await tx.execute(update(Delivery).where(_claimed(delivery_id, attempt)).values(values))


async def mark_dead(tx: Tx, delivery_id: UUID, attempt: int, error: str) -> None:
    """Settle a delivery that is not retried automatically."""
    values = {"state": "dead", "error": error, "settled_at": func.now()}
    await tx.execute(update(Delivery).where(_claimed(delivery_id, attempt)).values(values))


async def count_dead(db: Database) -> int:
    """The number of dead deliveries.

    Raises:
        Unavailable: the database does not respond.
    """
    ((count,),) = await pinned.fetch(db, "SELECT count(*) FROM deliveries WHERE state = 'dead'")
    return int(count)


async def list_deliveries(
    tx: Tx,
    *,
    state: str | None,
    limit: int,
    cursor: str | None,
    channel: str | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    """A page of deliveries, newest first.

    Raises:
        Invalid: the cursor belongs to another list.
    """
    page = PageRequest.parse(tx.settings, ["deliveries", state, channel, error], limit, cursor)
    statement: Select[Delivery] = select(Delivery)
    if state is not None:
        statement = statement.where(Delivery.state == state)
    statement = statement.where(*_matching(channel, error))
    if page.key is not None:
        bound = UUID(page.key[0])
        statement = statement.where(Delivery.id > bound if page.is_backward else Delivery.id < bound)
    order = Delivery.id.asc() if page.is_backward else Delivery.id.desc()
    candidates: Sequence[Delivery] = (await tx.execute(statement.order_by(order).limit(page.limit + 1))).scalars().all()
    rows, cursors = page.build_page(candidates, lambda row: [str(row.id)])
    return {"results": [_render(row) for row in rows], **cursors}


async def retry(tx: Tx, delivery_id: UUID) -> dict[str, Any]:
    """Make a dead delivery due now, starting from the first attempt. Whether it is still sent is decided then.

    Raises:
        NotFound: there is no such delivery.
        Conflict: it is not dead.
    """
    statement = select(Delivery).where(Delivery.id == delivery_id)
    delivery = (await tx.execute(statement.with_for_update())).scalar_one_or_none()
    if delivery is None:
        raise NotFound
    if delivery.state != "dead":
        raise Conflict("Only a dead delivery can be retried")
    await tx.execute(update(Delivery).where(Delivery.id == delivery_id).values(_reset()))
    return _render((await tx.execute(statement)).scalar_one())


async def retry_all(tx: Tx, *, channel: str | None, error: str | None, limit: int) -> int:
    """Retry up to `limit` matching dead deliveries, oldest first. Returns how many."""
    dead = select(Delivery.id).where(Delivery.state == "dead", *_matching(channel, error))
    page = dead.order_by(Delivery.id).limit(limit).with_for_update(skip_locked=True)
    result = await tx.execute(update(Delivery).where(Delivery.id.in_(page.cte("dead").select())).values(_reset()))
    return _affected_rows(result)


async def get_delivery(tx: Tx, delivery_id: UUID) -> dict[str, Any]:
    """One delivery.

    Raises:
        NotFound: there is no such delivery.
    """
    delivery = (await tx.execute(select(Delivery).where(Delivery.id == delivery_id))).scalar_one_or_none()
    if delivery is None:
        raise NotFound
    return _render(delivery)


def _matching(channel: str | None, error: str | None) -> list[Any]:
    filters = ((Delivery.channel, channel), (Delivery.error, error))
    return [column == value for column, value in filters if value is not None]


def _reset() -> dict[str, Any]:
    return {"state": "retrying", "attempts": 0, "due_at": func.now(), "handed_at": None, "settled_at": None}


def _claimed(delivery_id: UUID, attempt: int) -> Any:
    return and_(Delivery.id == delivery_id, Delivery.state == "sending", Delivery.attempts == attempt)


def _in_seconds(seconds: float) -> Any:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _affected_rows(result: Any) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101  an UPDATE returns one
    return result.rowcount


def _render(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.id,
        "user_id": row.user_id,
        "conversation": row.conversation_id,
        "channel": row.channel,
        "state": row.state,
        "attempts": row.attempts,
        "due_at": row.due_at,
        "error": row.error,
        "created_at": row.created_at,
        "settled_at": row.settled_at,
    }
