"""Decides who is notified, by which channel and when. Pure functions: they read neither the database nor the clock.

`fanout` has the conditions of `wants_kind`, `is_muted` and `allows` in SQL; `tests/notifications/test_fanout.py` checks
that both agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` in the user's local time; over midnight if `end` is not after `start`."""

    start: time
    end: time
    time_zone: str


@dataclass(frozen=True, slots=True)
class DeliveryPreferences:
    """A user's general preferences. The defaults are those of a user without a row."""

    level: str = "all"
    muted_until: datetime | None = None
    quiet: QuietHours | None = None
    channels: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConversationOverrides:
    """A user's preferences for one conversation; None means that the general preference applies."""

    level: str | None = None
    muted_until: datetime | None = None
    channels: Mapping[str, bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """The facts on which a delivery is decided.

    `unread` has the kind of each of the delivery's notifications that is still unread.
    """

    preferences: DeliveryPreferences
    for_conversation: ConversationOverrides
    is_participant: bool
    is_online: bool
    unread: Sequence[str]


@dataclass(frozen=True, slots=True)
class Send:
    """Send the delivery now."""


@dataclass(frozen=True, slots=True)
class Defer:
    """Decide again at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Skip:
    """Drop the delivery. `reason` is for the log."""

    reason: str


def wants_kind(general: DeliveryPreferences, overrides: ConversationOverrides, kind: str) -> bool:
    """Whether the level includes this kind. The conversation's level overrides the general one."""
    level = overrides.level or general.level
    return level == "all" or (level == "mentions" and kind in ("mention", "reply"))


def is_muted(general: DeliveryPreferences, overrides: ConversationOverrides, now: datetime) -> bool:
    """Whether notifications are muted now, in general or for the conversation."""
    return any(until is not None and now < until for until in (general.muted_until, overrides.muted_until))


def allows(general: DeliveryPreferences, overrides: ConversationOverrides, channel: str) -> bool:
    """Whether a channel may be used. The conversation's choice overrides the general one; the default is yes."""
    choice = overrides.channels.get(channel)
    return general.channels.get(channel, True) if choice is None else choice


def quiet_until(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """When the current quiet hours end, or None outside of quiet hours.

    Computed in local time, so a night is an hour shorter or longer when the clocks change.
    """
    if quiet is None or quiet.start == quiet.end:
        return None
    zone = ZoneInfo(quiet.time_zone)
    local = now.astimezone(zone)
    now_local = local.time()
    passes_midnight = quiet.end < quiet.start
    if passes_midnight:
        if quiet.end <= now_local < quiet.start:
            return None
    elif not quiet.start <= now_local < quiet.end:
        return None
    ends_on = local.date() + timedelta(days=1 if passes_midnight and now_local >= quiet.start else 0)
    end = datetime.combine(ends_on, quiet.end, zone)
    if end.timestamp() <= now.timestamp():
        # `end` is in the hour that occurs twice in autumn. Its first occurrence is past, so the second one is meant.
        end = end.replace(fold=1)
    return end.astimezone(now.tzinfo)


def decide(context: DeliveryContext, channel: str, now: datetime) -> Send | Defer | Skip:
    """Decide on a due delivery.

    It is sent to a current participant who has unread notifications, is offline, has not muted them, allows the
    channel, and is not in quiet hours.
    """
    if not context.is_participant:
        return Skip("left")
    if not any(wants_kind(context.preferences, context.for_conversation, kind) for kind in context.unread):
        return Skip("unwanted" if context.unread else "read")
    if context.is_online:
        return Skip("online")
    if is_muted(context.preferences, context.for_conversation, now):
        return Skip("muted")
    if not allows(context.preferences, context.for_conversation, channel):
        return Skip("channel_off")
    if (until := quiet_until(context.preferences.quiet, now)) is not None:
        return Defer(until)
    return Send()
