"""What is kept to tell a person of messages: notifications, deliveries, preferences, browsers.

Read for an export, taken away for an erasure. What others are told of a person needs no hand here: it is written from
the messages as they stand.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.notifications import preferences
from wasgo_chat.notifications.models import (
    CHANNELS,
    ConversationPreferences,
    Delivery,
    Notification,
    NotificationPreferences,
    PushSubscription,
)

PAGE = 1_000


async def unsubscribe_everywhere(tx: Tx, user_id: str) -> None:
    """Nothing goes to a person any more: their browsers are forgotten."""
    await tx.execute(delete(PushSubscription).where(PushSubscription.user_id == user_id))


async def erase_page(tx: Tx, user_id: str) -> bool:
    """Forget what a person was, or was to be, told; whether there may be more."""
    is_full = False
    for table in (Notification, Delivery):
        page = select(table.id).where(table.user_id == user_id).limit(PAGE)
        ids = list((await tx.execute(page)).scalars())
        await tx.execute(delete(table).where(table.user_id == user_id, any_of(table.id, ids)))
        is_full = is_full or len(ids) == PAGE
    for wanted in (ConversationPreferences, NotificationPreferences, PushSubscription):
        await tx.execute(delete(wanted).where(wanted.user_id == user_id))
    return is_full


async def export_notifications(tx: Tx, user_id: str, after: UUID | None, *, limit: int) -> list[dict[str, Any]]:
    """What a person was told of, oldest first: which message, never what it said."""
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
    """What a person wants to be told of, in general and by conversation, and in which browsers."""
    general = select(NotificationPreferences).where(NotificationPreferences.user_id == user_id)
    mine = select(ConversationPreferences).where(ConversationPreferences.user_id == user_id)
    browsers = select(PushSubscription).where(PushSubscription.user_id == user_id).order_by(PushSubscription.id)
    return {
        "preferences": preferences.render_preferences((await tx.execute(general)).scalar_one_or_none()),
        "conversations": [
            {
                "conversation": row.conversation_id,
                "level": row.level,
                "muted_until": row.muted_until,
                "channels": {channel: getattr(row, channel) for channel in CHANNELS},
            }
            for row in (await tx.execute(mine)).scalars()
        ],
        "push_subscriptions": [
            {"id": row.id, "created_at": row.created_at} for row in (await tx.execute(browsers)).scalars()
        ],
    }
