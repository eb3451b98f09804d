"""Unsubscribing from e-mail by the signed link that every notification e-mail carries."""

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.core.encoding import sign_cursor, verify_cursor
from wasgo_chat.database.session import Tx
from wasgo_chat.identity import users
from wasgo_chat.notifications.models import ConversationPreferences, NotificationPreferences
from wasgo_chat.settings.config import Settings

_PURPOSE = "unsubscribe"


def unsubscribe_url(settings: Settings, user_id: str) -> str:
    """The link of `List-Unsubscribe`. Its token never expires and allows nothing but ending e-mail to this user."""
    token = sign_cursor(settings.hash_key(), [_PURPOSE, user_id])
    return f"{settings.public_url.rstrip('/')}/chat/notifications/unsubscribe/{token}/"


def verify_unsubscribe_token(settings: Settings, token: str) -> str | None:
    """The user that a token was made for, or None if it was not signed by this service for this purpose."""
    values = verify_cursor(settings.hash_key(), token) if token.isascii() else None
    if values is None or len(values) != 2 or values[0] != _PURPOSE:
        return None
    return str(values[1])


async def stop_email(tx: Tx, user_id: str) -> None:
    """Turn e-mail off for a user, including the conversations for which they had turned it on."""
    if await users.find(tx, user_id) is None:
        return  # an erased user gets no e-mail anyway
    general = insert(NotificationPreferences).values(
        user_id=user_id, **NotificationPreferences.default_values() | {"email": False}
    )
    await tx.execute(general.on_conflict_do_update(index_elements=["user_id"], set_={"email": False}))
    turned_on = (ConversationPreferences.user_id == user_id) & ConversationPreferences.email.is_(True)
    await tx.execute(update(ConversationPreferences).where(turned_on).values(email=None))
