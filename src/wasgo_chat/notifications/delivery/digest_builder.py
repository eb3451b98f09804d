"""Builds the digest of a delivery from its unread notifications."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Row, select

from wasgo_chat.database.session import Tx
from wasgo_chat.identity import users
from wasgo_chat.membership.models import Conversation
from wasgo_chat.notifications.channels import CHANNELS, Target
from wasgo_chat.notifications.delivery.digest import DigestItem, NotificationDigest, PushTarget
from wasgo_chat.notifications.listing import heading_for
from wasgo_chat.notifications.models import Delivery, PushSubscription
from wasgo_chat.notifications.unsubscribe import unsubscribe_url
from wasgo_chat.settings.config import Settings

MAX_ITEMS = 20


async def build_digest(tx: Tx, delivery: Delivery, rows: Sequence[Row[Any]]) -> NotificationDigest | None:
    """The digest of a delivery, or None if its address or browser no longer exists.

    Args:
        tx: the transaction.
        delivery: the delivery.
        rows: its unread notifications, oldest first (`listing.notification_rows`); at least one.
    """
    target = await _find_target(tx, delivery)
    if target is None:
        return None
    conversation = select(Conversation.conversation_type).where(Conversation.id == delivery.conversation_id)
    newest = rows[-1]
    sender = {"display_name": newest.display_name, "username": newest.username}
    return NotificationDigest(
        id=delivery.id,
        user_id=delivery.user_id,
        conversation_id=delivery.conversation_id,
        conversation_type=(await tx.execute(conversation)).scalar_one(),
        title=heading_for(newest.title, sender),
        count=len(rows),
        items=[_item(row, with_text=tx.settings.notify_include_text) for row in rows[-MAX_ITEMS:]],
        link=_conversation_url(tx.settings, delivery.conversation_id),
        **target,
    )


async def _find_target(tx: Tx, delivery: Delivery) -> dict[str, Any] | None:
    """The fields of the digest that name the receiver."""
    target = CHANNELS[delivery.channel].target
    if target is Target.EMAIL_ADDRESS:
        user = await users.find(tx, delivery.user_id)
        if user is None or not user.email:
            return None
        return {"address": user.email, "unsubscribe_url": unsubscribe_url(tx.settings, delivery.user_id)}
    if target is Target.PUSH_SUBSCRIPTION:
        statement = select(PushSubscription).where(
            PushSubscription.id == UUID(delivery.target), PushSubscription.user_id == delivery.user_id
        )
        subscription = (await tx.execute(statement)).scalar_one_or_none()
        if subscription is None:
            return None
        return {"push_target": PushTarget(subscription.endpoint, subscription.p256dh, subscription.auth)}
    return {}


def _conversation_url(settings: Settings, conversation_id: UUID) -> str | None:
    if settings.conversation_url is None:
        return None
    return settings.conversation_url.replace("{conversation_id}", quote(str(conversation_id)))


def _item(row: Row[Any], *, with_text: bool) -> DigestItem:
    return DigestItem(
        notification_id=row.id,
        message_id=row.message_id,
        seq=row.seq,
        kind=row.kind,
        sender_id=row.sender_id,
        sender_name=row.display_name or row.username,
        created_at=row.created_at,
        text=row.preview if with_text else None,
    )
