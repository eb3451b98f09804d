"""What users want to be told of: read, shown and set."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import sign_cursor, verify_cursor
from wasgo_chat.database.session import Tx
from wasgo_chat.identity import audit, users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.notifications import policy
from wasgo_chat.notifications.models import CHANNELS, ConversationPreferences, NotificationPreferences
from wasgo_chat.notifications.policy import ConversationOverrides, DeliveryPreferences
from wasgo_chat.notifications.schemas import Preferences, PreferencesOfConversation

_PURPOSE = "unsubscribe"


def to_preferences(row: NotificationPreferences | None) -> DeliveryPreferences:
    """A row as the rules take it."""
    if row is None:
        return DeliveryPreferences()
    quiet = None
    if row.quiet_start is not None and row.quiet_end is not None and row.time_zone is not None:
        quiet = policy.QuietHours(row.quiet_start, row.quiet_end, row.time_zone)
    channels = {channel: getattr(row, channel) for channel in CHANNELS}
    return DeliveryPreferences(row.level, row.muted_until, quiet, channels)


def to_preferences_for_conversation(row: ConversationPreferences | None) -> ConversationOverrides:
    """The same for one conversation."""
    if row is None:
        return ConversationOverrides()
    return ConversationOverrides(row.level, row.muted_until, {channel: getattr(row, channel) for channel in CHANNELS})


async def find_preferences(
    tx: Tx, user_id: str, conversation_id: UUID
) -> tuple[NotificationPreferences | None, ConversationPreferences | None]:
    """Both preferences of one user."""
    general = select(NotificationPreferences).where(NotificationPreferences.user_id == user_id)
    here = select(ConversationPreferences).where(
        ConversationPreferences.user_id == user_id, ConversationPreferences.conversation_id == conversation_id
    )
    return (await tx.execute(general)).scalar_one_or_none(), (await tx.execute(here)).scalar_one_or_none()


async def get_preferences(tx: Tx, actor: Actor) -> dict[str, Any]:
    """The caller's general preferences, as `Preferences`."""
    statement = select(NotificationPreferences).where(NotificationPreferences.user_id == actor.require_user())
    return render_preferences((await tx.execute(statement)).scalar_one_or_none())


def render_preferences(row: NotificationPreferences | None) -> dict[str, Any]:
    """A row as `Preferences`."""
    wishes = to_preferences(row)
    quiet = wishes.quiet
    return {
        "level": wishes.level,
        "muted_until": wishes.muted_until,
        "quiet_hours": {"start": quiet.start, "end": quiet.end, "time_zone": quiet.time_zone} if quiet else None,
        "channels": {channel: wishes.channels.get(channel, True) for channel in CHANNELS},
    }


async def put_preferences(tx: Tx, actor: Actor, body: Preferences) -> None:
    """Set the caller's general preferences, all of them."""
    quiet = body.quiet_hours
    values = {
        "level": body.level,
        "muted_until": body.muted_until,
        "quiet_start": quiet.start if quiet else None,
        "quiet_end": quiet.end if quiet else None,
        "time_zone": quiet.time_zone if quiet else None,
        **body.channels.model_dump(),
    }
    statement = insert(NotificationPreferences).values(user_id=actor.require_user(), **values)
    await tx.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))
    await audit.record_if_service(tx, actor, "preferences_put", target=_given(body))


async def get_conversation_preferences(tx: Tx, actor: Actor, conversation_id: UUID) -> dict[str, Any]:
    """The caller's preferences for a conversation, as `PreferencesOfConversation`.

    Raises:
        NotFound: no such conversation for the caller.
    """
    await access.authorize(tx, actor, conversation_id)
    _, row = await find_preferences(tx, actor.require_user(), conversation_id)
    here = to_preferences_for_conversation(row)
    channels = {channel: here.channels.get(channel) for channel in CHANNELS}
    return {"level": here.level, "muted_until": here.muted_until, "channels": channels}


async def put_conversation_preferences(
    tx: Tx, actor: Actor, conversation_id: UUID, body: PreferencesOfConversation
) -> None:
    """Set the caller's preferences for a conversation, all of them.

    Raises:
        NotFound: no such conversation for the caller.
    """
    await access.authorize(tx, actor, conversation_id)
    values = {"level": body.level, "muted_until": body.muted_until, **body.channels.model_dump()}
    statement = insert(ConversationPreferences).values(
        conversation_id=conversation_id, user_id=actor.require_user(), **values
    )
    await tx.execute(statement.on_conflict_do_update(index_elements=["conversation_id", "user_id"], set_=values))
    await audit.record_if_service(tx, actor, "preferences_put", conversation_id=conversation_id, target=_given(body))


def _given(body: Preferences | PreferencesOfConversation) -> str:
    return ",".join(sorted(body.model_fields_set))


def unsubscribe_token(settings: Settings, user_id: str) -> str:
    """What a mail's unsubscribe link carries: signed, for good, worth nothing but the end of e-mail to one user."""
    return sign_cursor(settings.hash_key(), [_PURPOSE, user_id])


def verify_unsubscribe_token(settings: Settings, token: str) -> str | None:
    """Whose link it is, or None where we never made it."""
    opened = verify_cursor(settings.hash_key(), token) if token.isascii() else None
    if opened is None or len(opened) != 2 or opened[0] != _PURPOSE:
        return None
    return str(opened[1])


async def stop_email(tx: Tx, user_id: str) -> None:
    """No more e-mail to a user, also not from conversations for which they once chose it."""
    if await users.find(tx, user_id) is None:
        return  # whom the platform erased since gets none anyway
    general = insert(NotificationPreferences).values(user_id=user_id, level="all", email=False, push=True, webhook=True)
    await tx.execute(general.on_conflict_do_update(index_elements=["user_id"], set_={"email": False}))
    chosen = (ConversationPreferences.user_id == user_id) & ConversationPreferences.email.is_(True)
    await tx.execute(update(ConversationPreferences).where(chosen).values(email=None))
