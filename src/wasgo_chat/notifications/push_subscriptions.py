"""Browsers that want web push: one row each, of the user who signed in there last."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import LimitReached, NotFound
from wasgo_chat.database.session import Tx
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.notifications.models import PushSubscription
from wasgo_chat.notifications.schemas import Subscribe

MAX_BROWSERS = 20


def public_key(settings: Settings) -> str | None:
    """The key that browsers subscribe with; None where push is not set up.

    Raises:
        UnsafeSettings: it is no P-256 key.
    """
    if not settings.vapid_private_key:
        return None
    from wasgo_chat.notifications.delivery import push  # noqa: PLC0415  loaded where it is set up

    return push.public_key(settings)


async def validate(settings: Settings, body: Subscribe) -> None:
    """Hold a browser's subscription to the rules, before any transaction: a name has to be looked up.

    Raises:
        Invalid: the keys are none, or the endpoint is not one over TLS on the open internet.
    """
    from wasgo_chat.notifications.delivery import push  # noqa: PLC0415  loaded where it is set up

    await push.check(settings, body.endpoint, body.keys.p256dh, body.keys.auth)


async def subscribe(tx: Tx, actor: Actor, body: Subscribe) -> UUID:
    """Store a browser's subscription that was checked; the same endpoint again takes its keys and its user over.

    Raises:
        LimitReached: the user has too many browsers.
    """
    others = (PushSubscription.user_id == actor.require_user()) & (PushSubscription.endpoint != body.endpoint)
    if (await tx.execute(select(func.count()).where(others))).scalar_one() >= MAX_BROWSERS:
        raise LimitReached(f"A user has at most {MAX_BROWSERS} browsers with push")
    values: dict[str, Any] = {"user_id": actor.require_user(), "p256dh": body.keys.p256dh, "auth": body.keys.auth}
    statement = insert(PushSubscription).values(id=new_id(), endpoint=body.endpoint, **values)
    statement = statement.on_conflict_do_update(index_elements=["endpoint"], set_=values)
    subscription_id: UUID = (await tx.execute(statement.returning(PushSubscription.id))).scalar_one()
    await audit.record_if_service(tx, actor, "push_subscription_added", target=subscription_id)
    return subscription_id


async def get_subscription(tx: Tx, actor: Actor, subscription_id: UUID) -> dict[str, Any]:
    """One of the caller's subscriptions.

    Raises:
        NotFound: it is gone, or somebody else's by now.
    """
    found = [one for one in await list_subscriptions(tx, actor) if one["id"] == subscription_id]
    if not found:
        raise NotFound
    return found[0]


async def list_subscriptions(tx: Tx, actor: Actor) -> list[dict[str, Any]]:
    """The caller's subscriptions, oldest first."""
    statement = (
        select(PushSubscription).where(PushSubscription.user_id == actor.require_user()).order_by(PushSubscription.id)
    )
    return [{"id": row.id, "created_at": row.created_at} for row in (await tx.execute(statement)).scalars()]


async def unsubscribe(tx: Tx, actor: Actor, endpoint: str) -> None:
    """Forget a browser of the caller's; one that is not theirs, or unknown, changes nothing."""
    mine = (PushSubscription.user_id == actor.require_user()) & (PushSubscription.endpoint == endpoint)
    for removed in (
        (await tx.execute(delete(PushSubscription).where(mine).returning(PushSubscription.id))).scalars().all()
    ):
        await audit.record_if_service(tx, actor, "push_subscription_removed", target=removed)
