"""Export and erasure of a user's notifications, deliveries, preferences and push subscriptions.

Notifications of a user's messages to others need no erasure here: they are rendered from the messages.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.notifications import preferences
from wasgo_chat.notifications.models import (
    ConversationPreferences,
    Delivery,
    Notification,
    NotificationPreferences,
    PushSubscription,
)

PAGE = 1_000


async def unsubscribe_everywhere(tx: Tx, user_id: str) -> None:
    """Delete a user's push subscriptions, so that no further push is sent."""
    await tx.execute(delete(PushSubscription).where(PushSubscription.user_id == user_id))


async def erase_page(tx: Tx, user_id: str) -> bool:
    """Delete a page of a user's notifications and deliveries, and all preferences. True if there may be more."""
    is_full = False
    for table in (Notification, Delivery):
        page = select(table.id).where(table.user_id == user_id).limit(PAGE)
        ids = list((await tx.execute(page)).scalars())
        await tx.execute(delete(table).where(table.user_id == user_id, any_of(table.id, ids)))
        is_full = is_full or len(ids) == PAGE
    for preferences_table in (ConversationPreferences, NotificationPreferences, PushSubscription):
        await tx.execute(delete(preferences_table).where(preferences_table.user_id == user_id))
    return is_full


async def export_notifications(tx: Tx, user_id: str, after: UUID | None, *, limit: int) -> list[dict[str, Any]]:
    """A page of a user's notifications, oldest first: ids and times, never the text of messages."""
    statement = select(Notification).where(Notification.user_id == user_id).order_by(Notification.id).limit(limit)
    if after is not None:
        statement = statement.where(Notification.id > after)
    return [
        {
            "id": row.id,
            "conversation": row.conversation_id,
            "message_id": row.message_id,
            "kind": row.kind,
            "created_at": row.created_at,
            "read_at": row.read_at,
        }
        for row in (await tx.execute(statement)).scalars()
    ]


async def export_preferences(tx: Tx, user_id: str) -> dict[str, Any]:
    """A user's preferences, in general and by conversation, and their browsers with push."""
    general = select(NotificationPreferences).where(NotificationPreferences.user_id == user_id)
    overrides = select(ConversationPreferences).where(ConversationPreferences.user_id == user_id)
    browsers = select(PushSubscription).where(PushSubscription.user_id == user_id).order_by(PushSubscription.id)
    return {
        "preferences": preferences.render_preferences((await tx.execute(general)).scalar_one_or_none()),
        "conversations": [
            {"conversation": row.conversation_id, **preferences.render_overrides(preferences.to_overrides(row))}
            for row in (await tx.execute(overrides)).scalars()
        ],
        "push_subscriptions": [
            {"id": row.id, "created_at": row.created_at} for row in (await tx.execute(browsers)).scalars()
        ],
    }
