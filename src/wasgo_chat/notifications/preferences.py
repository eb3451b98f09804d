"""Notification preferences: loading, rendering and setting them."""

from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.database.session import Tx
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.models import Participant
from wasgo_chat.notifications import policy
from wasgo_chat.notifications.channels import CHANNELS
from wasgo_chat.notifications.models import ConversationPreferences, NotificationPreferences
from wasgo_chat.notifications.policy import ConversationOverrides, DeliveryPreferences
from wasgo_chat.notifications.schemas import Preferences, PreferencesOfConversation


def to_preferences(row: NotificationPreferences | None) -> DeliveryPreferences:
    """The row as the policy's value."""
    if row is None:
        return DeliveryPreferences()
    quiet = None
    if row.quiet_start is not None and row.quiet_end is not None and row.time_zone is not None:
        quiet = policy.QuietHours(row.quiet_start, row.quiet_end, row.time_zone)
    return DeliveryPreferences(row.level, row.muted_until, quiet, _channels_of(row))


def to_overrides(row: ConversationPreferences | None) -> ConversationOverrides:
    """The row as the policy's value."""
    if row is None:
        return ConversationOverrides()
    return ConversationOverrides(row.level, row.muted_until, _channels_of(row))


async def find_preferences(
    tx: Tx, user_id: str, conversation_id: UUID
) -> tuple[DeliveryPreferences, ConversationOverrides]:
    """A user's general preferences, and those for a conversation."""
    general = select(NotificationPreferences).where(NotificationPreferences.user_id == user_id)
    overrides = select(ConversationPreferences).where(
        ConversationPreferences.user_id == user_id, ConversationPreferences.conversation_id == conversation_id
    )
    return (
        to_preferences((await tx.execute(general)).scalar_one_or_none()),
        to_overrides((await tx.execute(overrides)).scalar_one_or_none()),
    )


async def get_preferences(tx: Tx, actor: Actor) -> dict[str, Any]:
    """The caller's general preferences, as the schema `Preferences`."""
    statement = select(NotificationPreferences).where(NotificationPreferences.user_id == actor.require_user())
    return render_preferences((await tx.execute(statement)).scalar_one_or_none())


def render_preferences(row: NotificationPreferences | None) -> dict[str, Any]:
    """The schema `Preferences` of a row."""
    preferences = to_preferences(row)
    quiet = preferences.quiet
    return {
        "level": preferences.level,
        "muted_until": preferences.muted_until,
        "quiet_hours": {"start": quiet.start, "end": quiet.end, "time_zone": quiet.time_zone} if quiet else None,
        "channels": {channel: preferences.channels.get(channel, True) for channel in CHANNELS},
    }


async def put_preferences(tx: Tx, actor: Actor, body: Preferences) -> None:
    """Replace the caller's general preferences."""
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
    await audit.record_if_service(tx, actor, "preferences_put", target=_fields_set(body))


async def get_conversation_preferences(tx: Tx, actor: Actor, conversation_id: UUID) -> dict[str, Any]:
    """The caller's preferences for a conversation, as the schema `PreferencesOfConversation`.

    Raises:
        NotFound: the caller is not a participant of such a conversation.
    """
    await access.authorize(tx, actor, conversation_id)
    _, overrides = await find_preferences(tx, actor.require_user(), conversation_id)
    return render_overrides(overrides)


def render_overrides(overrides: ConversationOverrides) -> dict[str, Any]:
    """The schema `PreferencesOfConversation` of a user's preferences for a conversation."""
    channels = {channel: overrides.channels.get(channel) for channel in CHANNELS}
    return {"level": overrides.level, "muted_until": overrides.muted_until, "channels": channels}


async def muted_conversations(tx: Tx, actor: Actor) -> dict[str, Any]:
    """The conversations that the caller has muted now, as the schema `MutesOut`."""
    statement = (
        select(ConversationPreferences.conversation_id, ConversationPreferences.muted_until)
        .join(
            Participant,
            and_(
                Participant.conversation_id == ConversationPreferences.conversation_id,
                Participant.user_id == ConversationPreferences.user_id,
                Participant.left_at.is_(None),
            ),
        )
        .where(
            ConversationPreferences.user_id == actor.require_user(),
            ConversationPreferences.muted_until > func.now(),
        )
    )
    return {"conversations": {str(row.conversation_id): row.muted_until for row in await tx.execute(statement)}}


async def put_conversation_preferences(
    tx: Tx, actor: Actor, conversation_id: UUID, body: PreferencesOfConversation
) -> None:
    """Replace the caller's preferences for a conversation.

    Raises:
        NotFound: the caller is not a participant of such a conversation.
    """
    await access.authorize(tx, actor, conversation_id)
    values = {"level": body.level, "muted_until": body.muted_until, **body.channels.model_dump()}
    statement = insert(ConversationPreferences).values(
        conversation_id=conversation_id, user_id=actor.require_user(), **values
    )
    await tx.execute(statement.on_conflict_do_update(index_elements=["conversation_id", "user_id"], set_=values))
    await audit.record_if_service(
        tx, actor, "preferences_put", conversation_id=conversation_id, target=_fields_set(body)
    )


def _fields_set(body: Preferences | PreferencesOfConversation) -> str:
    return ",".join(sorted(body.model_fields_set))


def _channels_of(row: NotificationPreferences | ConversationPreferences) -> dict[str, Any]:
    return {channel: getattr(row, channel) for channel in CHANNELS}
