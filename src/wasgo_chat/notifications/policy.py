"""Who is told, by which channel and when: pure functions over what the database knows. Nothing here reads a clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` on the user's wall clock; past midnight where `end` is not after `start`."""

    start: time
    end: time
    time_zone: str


@dataclass(frozen=True, slots=True)
class DeliveryPreferences:
    """What a user wants in general."""

    level: str = "all"
    muted_until: datetime | None = None
    quiet: QuietHours | None = None
    channels: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConversationOverrides:
    """What they want of one conversation; None leaves it to the general wish."""

    level: str | None = None
    muted_until: datetime | None = None
    channels: Mapping[str, bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What is known of a user and a conversation when a delivery is decided.

    `unread` are the kinds of the delivery's notifications whose messages are still unread.
    """

    preferences: DeliveryPreferences
    for_conversation: ConversationOverrides
    is_participant: bool
    is_online: bool
    unread: Sequence[str]


@dataclass(frozen=True, slots=True)
class Send:
    """Tell them now."""


@dataclass(frozen=True, slots=True)
class Defer:
    """Decide again then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Skip:
    """Do not tell them; why, for the log."""

    reason: str


def wants_kind(wishes: DeliveryPreferences, here: ConversationOverrides, kind: str) -> bool:
    """Whether the level lets this kind through; the conversation's level overrules the general one."""
    level = here.level or wishes.level
    return level == "all" or (level == "mentions" and kind in ("mention", "reply"))


def is_muted(wishes: DeliveryPreferences, here: ConversationOverrides, now: datetime) -> bool:
    """Whether the user or the conversation is muted now; either is enough."""
    return any(until is not None and now < until for until in (wishes.muted_until, here.muted_until))


def allows(wishes: DeliveryPreferences, here: ConversationOverrides, channel: str) -> bool:
    """Whether a channel may be used; the conversation's choice overrules the general one, and none means yes."""
    chosen = here.channels.get(channel)
    return wishes.channels.get(channel, True) if chosen is None else chosen


def quiet_until(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """When the quiet hours that hold now end, or None outside of them.

    Counted on the wall clock of the user's zone, so a night is shorter or longer when the clocks change.
    """
    if quiet is None or quiet.start == quiet.end:
        return None
    zone = ZoneInfo(quiet.time_zone)
    local = now.astimezone(zone)
    wall = local.time()
    passes_midnight = quiet.end < quiet.start
    if passes_midnight:
        if quiet.end <= wall < quiet.start:
            return None
    elif not quiet.start <= wall < quiet.end:
        return None
    ends_on = local.date() + timedelta(days=1 if passes_midnight and wall >= quiet.start else 0)
    end = datetime.combine(ends_on, quiet.end, zone)
    if end.timestamp() <= now.timestamp():
        # The hour that comes twice in autumn: the first of the two is past, the second is meant.
        end = end.replace(fold=1)
    return end.astimezone(now.tzinfo)


def decide(facts: DeliveryContext, channel: str, now: datetime) -> Send | Defer | Skip:
    """What becomes of a delivery now: still in, still unread, not online, not muted, and not at night."""
    if not facts.is_participant:
        return Skip("left")
    if not any(wants_kind(facts.preferences, facts.for_conversation, kind) for kind in facts.unread):
        return Skip("unwanted" if facts.unread else "read")
    if facts.is_online:
        return Skip("online")
    if is_muted(facts.preferences, facts.for_conversation, now):
        return Skip("muted")
    if not allows(facts.preferences, facts.for_conversation, channel):
        return Skip("channel_off")
    if (until := quiet_until(facts.preferences.quiet, now)) is not None:
        return Defer(until)
    return Send()
