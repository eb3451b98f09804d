"""The notification policy as tables: who is notified, when quiet hours end, and precedence."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from wasgo_chat.notifications.policy import (
    ConversationOverrides,
    Defer,
    DeliveryContext,
    DeliveryPreferences,
    QuietHours,
    Send,
    Skip,
    allows,
    decide,
    quiet_until,
    wants_kind,
)

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
NIGHT = QuietHours(time(22), time(7), "Europe/Berlin")


@pytest.mark.parametrize(
    ("general", "here", "told"),
    [
        ("all", None, {"message", "reply", "mention"}),
        ("mentions", None, {"reply", "mention"}),
        ("none", None, set()),
        ("all", "mentions", {"reply", "mention"}),
        ("none", "all", {"message", "reply", "mention"}),
        ("all", "none", set()),
    ],
)
def test_levels_decide_who_is_notified(general: str, here: str | None, told: set[str]) -> None:
    kinds = ("message", "reply", "mention")
    assert {
        kind for kind in kinds if wants_kind(DeliveryPreferences(general), ConversationOverrides(here), kind)
    } == told


@pytest.mark.parametrize(
    ("general", "here", "may"),
    [
        ({}, {}, True),
        ({"email": False}, {}, False),
        ({"email": True}, {"email": False}, False),
        ({"email": False}, {"email": True}, True),
        ({"email": False}, {"email": None}, False),
        ({"push": False}, {}, True),
    ],
)
def test_each_channel_can_be_chosen(general: dict[str, bool], here: dict[str, bool | None], may: bool) -> None:
    assert allows(DeliveryPreferences(channels=general), ConversationOverrides(channels=here), "email") is may


def berlin(day: int, month: int, hour: int, minute: int = 0) -> datetime:
    """A UTC time in 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (None, NOW, None),
        (NIGHT, berlin(1, 6, 19, 59), None),
        (NIGHT, berlin(1, 6, 20, 0), berlin(2, 6, 5)),
        (NIGHT, berlin(2, 6, 4, 59), berlin(2, 6, 5)),
        (NIGHT, berlin(2, 6, 5), None),
        (NIGHT, berlin(1, 1, 21), berlin(2, 1, 6)),
        (QuietHours(time(12), time(14), "UTC"), berlin(1, 6, 13), berlin(1, 6, 14)),
        (QuietHours(time(12), time(14), "UTC"), berlin(1, 6, 11, 59), None),
        (QuietHours(time(12), time(14), "Asia/Tokyo"), berlin(1, 6, 4), berlin(1, 6, 5)),
        (QuietHours(time(9), time(9), "UTC"), berlin(1, 6, 9), None),
        # Clocks go forward: a night of eight hours. An end that does not exist is replaced by the next time that does.
        (NIGHT, berlin(28, 3, 21), berlin(29, 3, 5)),
        (QuietHours(time(22), time(2, 30), "Europe/Berlin"), berlin(29, 3, 0, 30), berlin(29, 3, 1, 30)),
        # Clocks go back: a night of ten hours. If the end occurs twice, the second one counts.
        (NIGHT, berlin(24, 10, 20), berlin(25, 10, 6)),
        (QuietHours(time(22), time(2, 30), "Europe/Berlin"), berlin(25, 10, 0, 15), berlin(25, 10, 0, 30)),
        (QuietHours(time(22), time(2, 30), "Europe/Berlin"), berlin(25, 10, 1, 15), berlin(25, 10, 1, 30)),
    ],
)
def test_quiet_hours_end_as_expected(quiet: QuietHours | None, now: datetime, until: datetime | None) -> None:
    assert quiet_until(quiet, now) == until


def facts(**changes: Any) -> DeliveryContext:
    usual: dict[str, Any] = {
        "preferences": DeliveryPreferences(),
        "for_conversation": ConversationOverrides(),
        "is_participant": True,
        "is_online": False,
        "unread": ["message"],
    }
    return DeliveryContext(**{**usual, **changes})


ALL_DAY = QuietHours(time(8), time(20), "UTC")


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        (facts(), Send()),
        (facts(is_participant=False), Skip("left")),
        (facts(unread=[]), Skip("read")),
        (facts(is_online=True), Skip("online")),
        (facts(preferences=DeliveryPreferences(level="none")), Skip("unwanted")),
        (facts(preferences=DeliveryPreferences(level="mentions")), Skip("unwanted")),
        (facts(preferences=DeliveryPreferences(level="mentions"), unread=["message", "reply"]), Send()),
        (facts(preferences=DeliveryPreferences(muted_until=LATER)), Skip("muted")),
        (facts(preferences=DeliveryPreferences(muted_until=EARLIER)), Send()),
        (facts(for_conversation=ConversationOverrides(muted_until=LATER)), Skip("muted")),
        (facts(preferences=DeliveryPreferences(channels={"email": False})), Skip("channel_off")),
        (facts(preferences=DeliveryPreferences(quiet=ALL_DAY)), Defer(NOW.replace(hour=20))),
        (facts(preferences=DeliveryPreferences(quiet=ALL_DAY), is_online=True), Skip("online")),
    ],
)
def test_preferences_have_the_documented_precedence(known: DeliveryContext, verdict: Send | Defer | Skip) -> None:
    assert decide(known, "email", NOW) == verdict
