"""The life of a delivery: due, claimed, handed over, settled. Every step is a short transaction of its own.

A claim holds for `CLAIM_S` and carries the number of its attempt: whoever comes back later than that, after another
worker took over, changes nothing any more.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from wasgo_chat.core.errors import Conflict, NotFound
from wasgo_chat.database import driver
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.http.pagination import PageRequest
from wasgo_chat.notifications.models import Delivery

CLAIM_S = 60
MAX_RETRY_S = 3600.0
KEPT_DAYS = 7

_ACTIVE = Delivery.state.in_(("pending", "retrying", "sending"))
_IS_DUE = _ACTIVE & (Delivery.due_at <= func.now())
_Other = aliased(Delivery, name="other")


async def due(tx: Tx, channel: str, *, limit: int) -> list[tuple[UUID, str]]:
    """Deliveries of a channel that are to be decided now, longest due first: id and user.

    What gathers waits until an earlier one for the same user, conversation and target has gone through: while a
    mail server is away, there are two mails of a conversation and not one for every minute.
    """
    is_before = or_(Delivery.state == "pending", _Other.id < Delivery.id)
    earlier = (
        select(_Other.id)
        .where(
            _Other.user_id == Delivery.user_id,
            _Other.conversation_id == Delivery.conversation_id,
            _Other.channel == Delivery.channel,
            _Other.target == Delivery.target,
            _Other.state.in_(("retrying", "sending")),
            _Other.id != Delivery.id,
            is_before,
        )
        .exists()
    )
    statement = select(Delivery.id, Delivery.user_id).where(_IS_DUE, Delivery.channel == channel, ~earlier)
    rows = await tx.execute(statement.order_by(Delivery.due_at).limit(limit))
    return [(row.id, row.user_id) for row in rows]


async def lock(tx: Tx, delivery_id: UUID) -> Delivery | None:
    """A due delivery, held until the end of the transaction; None where another worker was faster."""
    statement = select(Delivery).where(Delivery.id == delivery_id, _IS_DUE)
    return (await tx.execute(statement.with_for_update(skip_locked=True))).scalar_one_or_none()


async def claim(tx: Tx, delivery: Delivery) -> int:
    """Take a locked delivery to send it; the number of this attempt."""
    attempt = delivery.attempts + 1
    values = {"state": "sending", "attempts": attempt, "due_at": _in_seconds(CLAIM_S), "handed_at": None}
    await tx.execute(update(Delivery).where(Delivery.id == delivery.id).values(values))
    return attempt


async def mark_handed_over(tx: Tx, delivery_id: UUID, attempt: int) -> bool:
    """Note that what follows cannot be taken back; False where the claim is no longer ours."""
    still_ours = _claimed(delivery_id, attempt) & (Delivery.due_at > func.now())
    result = await tx.execute(update(Delivery).where(still_ours).values(handed_at=func.now()))
    return _changed(result) == 1


async def defer(tx: Tx, delivery_id: UUID, until: datetime | float) -> None:
    """Decide again at a moment, or in so many seconds."""
    moment = _in_seconds(until) if isinstance(until, float) else until
    await tx.execute(update(Delivery).where(Delivery.id == delivery_id).values(due_at=moment))


async def drop(tx: Tx, delivery_id: UUID) -> None:
    """Nobody is to be told: nothing of it stays."""
    await tx.execute(delete(Delivery).where(Delivery.id == delivery_id))


async def sent(tx: Tx, delivery_id: UUID, attempt: int) -> None:
    """It was taken by the other side; a few old ones go."""
    values = {"state": "sent", "error": None, "settled_at": func.now()}
    await tx.execute(update(Delivery).where(_claimed(delivery_id, attempt)).values(values))
    is_old = (Delivery.state == "sent") & (Delivery.settled_at < func.now() - func.make_interval(0, 0, 0, KEPT_DAYS))
    old = select(Delivery.id).where(is_old).order_by(Delivery.id).limit(20).with_for_update(skip_locked=True)
    await tx.execute(delete(Delivery).where(Delivery.id.in_(old.cte("old").select())))


async def failed(tx: Tx, delivery_id: UUID, attempt: int, error: str, *, retry_after_s: float = 0.0) -> None:
    """It did not arrive: again later, or dead after the last attempt.

    Full jitter (anything up to a wait that doubles) keeps those that failed together from coming back together.
    """
    if attempt >= tx.settings.notify_max_attempts:
        await mark_dead(tx, delivery_id, attempt, error)
        return
    longest_s = min(tx.settings.notify_retry_s * 2.0 ** (attempt - 1), MAX_RETRY_S)
    wait_s = max(random.uniform(0, longest_s), retry_after_s)  # noqa: S311  spreads load, hides nothing
    values = {"state": "retrying", "error": error, "due_at": _in_seconds(wait_s), "handed_at": None}
    await tx.execute(update(Delivery).where(_claimed(delivery_id, attempt)).values(values))


async def mark_dead(tx: Tx, delivery_id: UUID, attempt: int, error: str) -> None:
    """It will not be tried again by itself."""
    values = {"state": "dead", "error": error, "settled_at": func.now()}
    await tx.execute(update(Delivery).where(_claimed(delivery_id, attempt)).values(values))


async def count_dead(db: Database) -> int:
    """How many there are that will not be tried again.

    Raises:
        Unavailable: the database does not answer.
    """
    ((count,),) = await driver.fetch(db, "SELECT count(*) FROM deliveries WHERE state = 'dead'")
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
        Invalid: a cursor of another list.
    """
    page = PageRequest.parse(tx.settings, ["deliveries", state, channel, error], limit, cursor)
    statement: Select[Delivery] = select(Delivery)
    if state is not None:
        statement = statement.where(Delivery.state == state)
    statement = statement.where(*_of_kind(channel, error))
    if page.key is not None:
        bound = UUID(page.key[0])
        statement = statement.where(Delivery.id > bound if page.is_backward else Delivery.id < bound)
    order = Delivery.id.asc() if page.is_backward else Delivery.id.desc()
    found: Sequence[Delivery] = (await tx.execute(statement.order_by(order).limit(page.limit + 1))).scalars().all()
    rows, cursors = page.build_page(found, lambda row: [str(row.id)])
    return {"results": [_render(row) for row in rows], **cursors}


async def retry(tx: Tx, delivery_id: UUID) -> dict[str, Any]:
    """Try a dead delivery again, now and from the first attempt; it is decided anew.

    Raises:
        NotFound: there is no such delivery.
        Conflict: it is not dead.
    """
    statement = select(Delivery).where(Delivery.id == delivery_id)
    delivery = (await tx.execute(statement.with_for_update())).scalar_one_or_none()
    if delivery is None:
        raise NotFound
    if delivery.state != "dead":
        raise Conflict("Only a dead delivery can be tried again")
    await tx.execute(update(Delivery).where(Delivery.id == delivery_id).values(_reset()))
    return _render((await tx.execute(statement)).scalar_one())


async def retry_all(tx: Tx, *, channel: str | None, error: str | None, limit: int) -> int:
    """Try up to so many dead deliveries of a kind again, the oldest first; how many."""
    dead = select(Delivery.id).where(Delivery.state == "dead", *_of_kind(channel, error))
    page = dead.order_by(Delivery.id).limit(limit).with_for_update(skip_locked=True)
    result = await tx.execute(update(Delivery).where(Delivery.id.in_(page.cte("dead").select())).values(_reset()))
    return _changed(result)


async def get_delivery(tx: Tx, delivery_id: UUID) -> dict[str, Any]:
    """One delivery.

    Raises:
        NotFound: there is no such delivery.
    """
    found = (await tx.execute(select(Delivery).where(Delivery.id == delivery_id))).scalar_one_or_none()
    if found is None:
        raise NotFound
    return _render(found)


def _of_kind(channel: str | None, error: str | None) -> list[Any]:
    wanted = ((Delivery.channel, channel), (Delivery.error, error))
    return [column == value for column, value in wanted if value is not None]


def _reset() -> dict[str, Any]:
    return {"state": "retrying", "attempts": 0, "due_at": func.now(), "handed_at": None, "settled_at": None}


def _claimed(delivery_id: UUID, attempt: int) -> Any:
    return and_(Delivery.id == delivery_id, Delivery.state == "sending", Delivery.attempts == attempt)


def _in_seconds(seconds: float) -> Any:
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _changed(result: Any) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101  an UPDATE gives one
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
