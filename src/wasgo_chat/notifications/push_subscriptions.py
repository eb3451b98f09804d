"""Push subscriptions: one per browser, owned by the user who subscribed there last."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import Conflict, LimitReached, NotFound
from wasgo_chat.database.session import Tx
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.notifications.models import PushSubscription
from wasgo_chat.notifications.schemas import Subscribe
from wasgo_chat.settings.config import Settings

MAX_BROWSERS = 20

# Concurrent requests of a user count their subscriptions one after the other.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('wasgo push ' || :user_id, 0))")


class PushNotConfigured(Conflict):
    """The installation sends no web push."""

    code, title = "push_not_configured", "Web push is not configured, so there is nothing to subscribe to"


def require_configured(settings: Settings) -> None:
    """Raises: PushNotConfigured, if no `VAPID_PRIVATE_KEY` is set."""
    if not settings.vapid_private_key:
        raise PushNotConfigured


def public_key(settings: Settings) -> str | None:
    """The VAPID key that browsers subscribe with; None if push is not enabled.

    Raises:
        UnsafeSettings: `VAPID_PRIVATE_KEY` is not a P-256 key.
    """
    if not settings.vapid_private_key:
        return None
    from wasgo_chat.notifications.delivery import push  # noqa: PLC0415  loaded only if push is used

    return push.public_key(settings)


async def validate(settings: Settings, body: Subscribe) -> None:
    """Validate a browser's subscription. Call it outside of transactions: it resolves a host name.

    Raises:
        Invalid: the keys are malformed, or the endpoint is not an https:// URL of a public host, on port 443.
    """
    from wasgo_chat.notifications.delivery import push  # noqa: PLC0415  loaded only if push is used

    await push.validate_subscription(settings, body.endpoint, body.keys.p256dh, body.keys.auth)


async def subscribe(tx: Tx, actor: Actor, body: Subscribe) -> UUID:
    """Store a validated subscription. An endpoint that exists already gets the new keys and the new user.

    Raises:
        LimitReached: the user has `MAX_BROWSERS` subscriptions.
    """
    await tx.execute(_LOCK, {"user_id": actor.require_user()})
    others = (PushSubscription.user_id == actor.require_user()) & (PushSubscription.endpoint != body.endpoint)
    if (await tx.execute(select(func.count()).where(others))).scalar_one() >= MAX_BROWSERS:
        raise LimitReached(f"A user can have at most {MAX_BROWSERS} push subscriptions")
    values: dict[str, Any] = {"user_id": actor.require_user(), "p256dh": body.keys.p256dh, "auth": body.keys.auth}
    statement = insert(PushSubscription).values(id=new_id(), endpoint=body.endpoint, **values)
    statement = statement.on_conflict_do_update(index_elements=["endpoint"], set_=values)
    subscription_id: UUID = (await tx.execute(statement.returning(PushSubscription.id))).scalar_one()
    await audit.record_if_service(tx, actor, "push_subscription_added", target=subscription_id)
    return subscription_id


async def get_subscription(tx: Tx, actor: Actor, subscription_id: UUID) -> dict[str, Any]:
    """One of the caller's subscriptions.

    Raises:
        NotFound: it was deleted, or taken over by another user.
    """
    for subscription in await list_subscriptions(tx, actor):
        if subscription["id"] == subscription_id:
            return subscription
    raise NotFound


async def list_subscriptions(tx: Tx, actor: Actor) -> list[dict[str, Any]]:
    """The caller's subscriptions, oldest first."""
    statement = (
        select(PushSubscription).where(PushSubscription.user_id == actor.require_user()).order_by(PushSubscription.id)
    )
    return [{"id": row.id, "created_at": row.created_at} for row in (await tx.execute(statement)).scalars()]


async def unsubscribe(tx: Tx, actor: Actor, endpoint: str) -> None:
    """Delete the caller's subscription with this endpoint, if there is one."""
    own = (PushSubscription.user_id == actor.require_user()) & (PushSubscription.endpoint == endpoint)
    statement = delete(PushSubscription).where(own).returning(PushSubscription.id)
    for removed in (await tx.execute(statement)).scalars().all():
        await audit.record_if_service(tx, actor, "push_subscription_removed", target=removed)
