"""Shapes of notifications, preferences, push subscriptions and deliveries."""

from datetime import UTC, datetime, time
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, WithJsonSchema, field_validator

from wasgo_chat.core.encoding import RequestModel, ResponseModel, SingleLine
from wasgo_chat.http.pagination import PageShape
from wasgo_chat.identity.users import UserOut

Level = Literal["all", "mentions", "none"]
Kind = Literal["message", "reply", "mention"]
Channel = Literal["email", "push", "webhook"]
State = Literal["pending", "sending", "retrying", "sent", "dead"]

_ZONES = available_timezones()


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError("is not the name of a time zone, such as Europe/Berlin")
    return name


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
# JSON Schema's format "time" wants an offset, which a time of the wall clock has not.
WallTime = Annotated[time, WithJsonSchema({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2}(\.\d+)?)?$"})]
PushKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+=*$", max_length=200)]


class QuietHours(RequestModel):
    """No e-mail, push or webhook from `start` to `end` of the wall clock in `time_zone`; they come afterwards."""

    start: WallTime
    end: WallTime
    time_zone: TimeZone

    @field_validator("start", "end")
    @classmethod
    def _wall_clock(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("is a time of the wall clock, without an offset")
        return value.replace(microsecond=0)


class Channels(RequestModel):
    """Which channels may be used."""

    email: bool = True
    push: bool = True
    webhook: bool = True


class ChannelChoices(RequestModel):
    """The same for one conversation; null leaves it to the general choice."""

    email: bool | None = None
    push: bool | None = None
    webhook: bool | None = None


class Preferences(RequestModel):
    """What a user wants in general. PUT sets all of it: what is left out goes back to its default."""

    level: Level = "all"
    muted_until: Moment | None = None
    quiet_hours: QuietHours | None = None
    channels: Channels = Field(default_factory=Channels)


class PreferencesOfConversation(RequestModel):
    """What a user wants of one conversation; null leaves it to the general wish. PUT sets all of it."""

    level: Level | None = None
    muted_until: Moment | None = None
    channels: ChannelChoices = Field(default_factory=ChannelChoices)


class NotificationOut(ResponseModel):
    """A user was told of a message. `is_read` is true once it was marked here or its message was read.

    `read_at` is when it was marked here.
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
    """How many notifications were marked."""

    marked: int


class PushKeys(RequestModel):
    """The keys of a browser's subscription, in base64url."""

    p256dh: PushKey
    auth: PushKey


class Subscribe(RequestModel):
    """A browser's `PushSubscription` as its `toJSON()` gives it."""

    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=2000)]
    keys: PushKeys
    # Browsers send it, always null so far; a subscription ends when the push service says so.
    expirationTime: float | None = None  # noqa: N815  named by the Push API


class Unsubscribe(RequestModel):
    """The browser that wants no more push."""

    endpoint: Annotated[SingleLine, Field(max_length=2000)]


class SubscriptionOut(ResponseModel):
    """A stored push subscription; its endpoint and keys are not shown again."""

    id: UUID
    created_at: datetime


class SubscriptionsOut(ResponseModel):
    """The caller's push subscriptions, and the key browsers subscribe with (null where push is not set up)."""

    public_key: str | None
    results: list[SubscriptionOut]


class DeliveryOut(ResponseModel):
    """A mail, push or webhook: whom it is for, what came of it, why it failed last."""

    id: UUID
    user_id: str
    conversation: UUID
    channel: Channel
    state: State
    attempts: int
    due_at: datetime
    error: str | None
    created_at: datetime
    settled_at: datetime | None


class DeliveryPage(PageShape):
    """A page of deliveries, newest first."""

    results: list[DeliveryOut]
