"""The fan-out's SQL and the policy's Python agree, for every combination of preferences."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import asyncpg

from tests.notifications.notification_world import notification_settings
from tests.notifications.servers import Mailbox, Receiver
from tests.support.servers import database_url
from wasgo_chat.core.encoding import new_id
from wasgo_chat.feed.handler import FeedEvent
from wasgo_chat.notifications.channels import CHANNELS
from wasgo_chat.notifications.fanout import NotificationFanout
from wasgo_chat.notifications.policy import (
    ConversationOverrides,
    DeliveryPreferences,
    allows,
    is_muted,
    wants_kind,
)

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
LEVELS = ("all", "mentions", "none")
MUTES = (None, PAST, FUTURE)
# In each, every channel has every value at least once with every value of the other table.
ALLOWED = [dict.fromkeys(CHANNELS, value) for value in (True, False)]
OVERRIDES: list[dict[str, bool | None]] = [dict.fromkeys(CHANNELS, value) for value in (None, True, False)]


@dataclass(frozen=True)
class Case:
    """A participant. None means that there is no row, which is what the defaults are for."""

    general: DeliveryPreferences | None
    overrides: ConversationOverrides | None


def cases() -> list[Case]:
    general = [
        None,
        *(DeliveryPreferences(level, mute, None, allowed) for level, mute, allowed in product(LEVELS, MUTES, ALLOWED)),
    ]
    overrides = [
        None,
        *(
            ConversationOverrides(level, mute, allowed)
            for level, mute, allowed in product((None, *LEVELS), MUTES, OVERRIDES)
        ),
    ]
    return [Case(*pair) for pair in product(general, overrides)]


async def test_sql_and_python_agree(quiet_database: str, mailbox: Mailbox, receiver: Receiver) -> None:
    participants = {f"user-{number}": case for number, case in enumerate(cases())}
    mentioned = {user_id for number, user_id in enumerate(participants) if number % 2}
    conversation = new_id()
    general = [
        (user_id, case.general.level, case.general.muted_until, *case.general.channels.values())
        for user_id, case in participants.items()
        if case.general is not None
    ]
    overrides = [
        (conversation, user_id, case.overrides.level, case.overrides.muted_until, *case.overrides.channels.values())
        for user_id, case in participants.items()
        if case.overrides is not None
    ]
    users = ["sender", *participants]
    tables: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = {
        "conversations": (["id", "conversation_type", "last_seq"], [(conversation, "request", 1)]),
        "users": (["id", "username", "email"], [(user_id, user_id, "a@people.example") for user_id in users]),
        "participants": (
            ["conversation_id", "user_id", "role"],
            [(conversation, user_id, "participant") for user_id in users],
        ),
        "push_subscriptions": (
            ["id", "user_id", "endpoint", "p256dh", "auth"],
            [(new_id(), user_id, f"https://push.example/{user_id}", "", "") for user_id in users],
        ),
        "messages": (
            ["conversation_id", "id", "seq", "number", "sender_id", "message_type", "mentions", "created_at"],
            [(conversation, new_id(), 1, 1, "sender", "text", sorted(mentioned), NOW)],
        ),
        "notification_preferences": (["user_id", "level", "muted_until", *CHANNELS], general),
        "conversation_preferences": (["conversation_id", "user_id", "level", "muted_until", *CHANNELS], overrides),
    }
    connection = await asyncpg.connect(database_url(quiet_database))
    try:
        for table, (columns, records) in tables.items():
            await connection.copy_records_to_table(table, columns=columns, records=records)
        fanout = NotificationFanout(notification_settings(quiet_database, mailbox, receiver))
        await fanout(connection, [FeedEvent(1, conversation, 1, "new_message", NOW)])
        notified = {row["user_id"]: row["kind"] for row in await connection.fetch("SELECT * FROM notifications")}
        planned = {(row["user_id"], row["channel"]) for row in await connection.fetch("SELECT * FROM deliveries")}
    finally:
        await connection.close()
    expected_notified: dict[str, str] = {}
    expected_planned: set[tuple[str, str]] = set()
    for user_id, case in participants.items():
        preferences = case.general or DeliveryPreferences(), case.overrides or ConversationOverrides()
        kind = "mention" if user_id in mentioned else "message"
        if wants_kind(*preferences, kind) and not is_muted(*preferences, NOW):
            expected_notified[user_id] = kind
            expected_planned |= {(user_id, channel) for channel in CHANNELS if allows(*preferences, channel)}
    assert notified == expected_notified
    assert planned == expected_planned
