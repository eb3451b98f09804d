"""Request and response schemas of notifications, preferences, push subscriptions and deliveries."""

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    StringConstraints,
    WithJsonSchema,
    create_model,
    field_validator,
)

from wasgo_chat.core.encoding import RequestModel, ResponseModel, SingleLine
from wasgo_chat.http.pagination import PageShape
from wasgo_chat.identity.users import UserOut
from wasgo_chat.notifications.channels import CHANNELS, ChannelName

Level = Literal["all", "mentions", "none"]
Kind = Literal["message", "reply", "mention"]
State = Literal["pending", "sending", "retrying", "sent", "dead"]

_ZONES = available_timezones()


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin")
    return name


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


Timestamp = Annotated[AwareDatetime, AfterValidator(_in_utc)]
TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
# JSON Schema's format "time" requires an offset, which a local time does not have.
LocalTime = Annotated[
    time, WithJsonSchema({"type": "string", "maxLength": 15, "pattern": r"^\d{2}:\d{2}(:\d{2}(\.\d+)?)?$"})
]
PushKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+=*$", max_length=200)]


class QuietHours(RequestModel):
    """Local times in `time_zone` between which no e-mail, push or webhook is sent. They are sent afterwards."""

    start: LocalTime
    end: LocalTime
    time_zone: TimeZone

    @field_validator("start", "end")
    @classmethod
    def _without_offset(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("must be a local time, without an offset")
        return value.replace(microsecond=0)


if TYPE_CHECKING:

    class Channels(RequestModel): ...  # noqa: D101  for type checkers only

    class ChannelChoices(RequestModel): ...  # noqa: D101  for type checkers only
else:
    Channels = create_model(
        "Channels",
        __base__=RequestModel,
        __module__=__name__,
        __doc__="Which channels may be used.",
        **dict.fromkeys(CHANNELS, (bool, True)),
    )
    ChannelChoices = create_model(
        "ChannelChoices",
        __base__=RequestModel,
        __module__=__name__,
        __doc__="Which channels may be used for one conversation; null means that the general preference applies.",
        **dict.fromkeys(CHANNELS, (bool | None, None)),
    )


class Preferences(RequestModel):
    """A user's general preferences. PUT replaces all of them: fields that are left out return to their defaults."""

    level: Level = "all"
    muted_until: Timestamp | None = None
    quiet_hours: QuietHours | None = None
    channels: Channels = Field(default_factory=Channels)


class PreferencesOfConversation(RequestModel):
    """A user's preferences for one conversation; null means that the general preference applies.

    PUT replaces all of them.
    """

    level: Level | None = None
    muted_until: Timestamp | None = None
    channels: ChannelChoices = Field(default_factory=ChannelChoices)


class MutesOut(ResponseModel):
    """The conversations that the caller has muted, and when each mute ends."""

    conversations: dict[UUID, Timestamp]


class NotificationOut(ResponseModel):
    """A notification of a message. `is_read` is true once the notification was marked as read or its message was read.

    `read_at` is when the notification was marked as read.
    """

    id: UUID
    kind: Kind
    conversation: UUID
    message_id: UUID
    seq: int
    title: str
    sender: UserOut
    preview: str | None
    created_at: datetime
    is_read: bool
    read_at: datetime | None


class NotificationPage(PageShape):
    """A page of notifications, newest first."""

    results: list[NotificationOut]


class MarkedNotifications(ResponseModel):
    """The number of notifications that were marked as read."""

    marked: int


class PushKeys(RequestModel):
    """The keys of a browser's push subscription, in base64url."""

    p256dh: PushKey
    auth: PushKey


class Subscribe(RequestModel):
    """A browser's `PushSubscription`, as returned by its `toJSON()`."""

    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=2000)]
    keys: PushKeys
    # Sent by browsers, always null so far. A subscription ends when the push service reports it gone.
    expirationTime: float | None = None  # noqa: N815  the name in the Push API


class Unsubscribe(RequestModel):
    """The endpoint of the browser to unsubscribe."""

    endpoint: Annotated[SingleLine, Field(max_length=2000)]


class SubscriptionOut(ResponseModel):
    """A stored push subscription. Its endpoint and keys are never returned."""

    id: UUID
    created_at: datetime


class SubscriptionsOut(ResponseModel):
    """The caller's push subscriptions, and the key that browsers subscribe with (null if push is not enabled)."""

    public_key: str | None
    results: list[SubscriptionOut]


class DeliveryOut(ResponseModel):
    """An e-mail, push or webhook: its user, its state, and the error of the last failed attempt."""

    id: UUID
    user_id: str
    conversation: UUID
    channel: ChannelName
    state: State
    attempts: int
    due_at: datetime
    error: str | None
    created_at: datetime
    settled_at: datetime | None


class DeliveryPage(PageShape):
    """A page of deliveries, newest first."""

    results: list[DeliveryOut]
