"""The delivery channels: one declaration each.

The CHECK of `deliveries`, request and response schemas, the fan-out, the dispatcher and the start-up checks derive from
`CHANNELS`. To add a channel, write its class in `delivery/`, declare it here, and add a column of its name to
`notification_preferences` and `conversation_preferences` in a migration.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

from wasgo_chat.settings.config import Settings

if TYPE_CHECKING:
    from wasgo_chat.notifications.delivery.base import DeliveryChannel


class Target(Enum):
    """What a channel sends to. A user without a target gets no delivery; each target gets its own."""

    EMAIL_ADDRESS = "email_address"
    PUSH_SUBSCRIPTION = "push_subscription"
    NONE = "none"
    """One address for all users, which the settings name."""


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """The declaration of a delivery channel.

    Attributes:
        name: the name on the wire, in the database and in metrics.
        create: imports and makes the channel; raises `UnsafeSettings` if a setting is missing or wrong. The import is
            local, so that a channel's libraries are loaded only where it is enabled.
        enabled_by: the setting that enables the channel.
        requires: the other settings that must be valid once it is enabled.
        target: what it sends to.
        is_idempotent: the receiver recognizes a repeated delivery, so an attempt with an unknown outcome is retried.
            Any other channel awaits `before_handover`, and an unknown outcome makes a dead delivery.
    """

    name: str
    create: Callable[[Settings], "DeliveryChannel"]
    enabled_by: str
    requires: tuple[str, ...]
    target: Target
    is_idempotent: bool

    def is_enabled(self, settings: Settings) -> bool:
        return getattr(settings, self.enabled_by) is not None


def _email(settings: Settings) -> "DeliveryChannel":
    from wasgo_chat.notifications.delivery.email import EmailChannel  # noqa: PLC0415  only if it is on

    return EmailChannel(settings)


def _push(settings: Settings) -> "DeliveryChannel":
    from wasgo_chat.notifications.delivery.push import PushChannel  # noqa: PLC0415  only if it is on

    return PushChannel(settings)


def _webhook(settings: Settings) -> "DeliveryChannel":
    from wasgo_chat.notifications.delivery.webhook import WebhookChannel  # noqa: PLC0415  only if it is on

    return WebhookChannel(settings)


CHANNELS: dict[str, ChannelSpec] = {
    spec.name: spec
    for spec in (
        ChannelSpec(
            "email",
            create=_email,
            enabled_by="smtp_url",
            requires=("mail_from", "public_url"),
            target=Target.EMAIL_ADDRESS,
            is_idempotent=False,
        ),
        ChannelSpec(
            "push",
            create=_push,
            enabled_by="vapid_private_key",
            requires=("vapid_subject",),
            target=Target.PUSH_SUBSCRIPTION,
            is_idempotent=True,
        ),
        ChannelSpec(
            "webhook",
            create=_webhook,
            enabled_by="notify_webhook_url",
            requires=("notify_webhook_secret",),
            target=Target.NONE,
            is_idempotent=True,
        ),
    )
}
"""By name, in the order in which they are listed everywhere."""

if TYPE_CHECKING:
    ChannelName = str
else:
    ChannelName = Literal[tuple(CHANNELS)]


def enabled_channels(settings: Settings) -> list[str]:
    """The names of the channels that the settings enable."""
    return [name for name, spec in CHANNELS.items() if spec.is_enabled(settings)]


def make_channels(settings: Settings) -> dict[str, "DeliveryChannel"]:
    """The enabled channels, by name.

    Raises:
        UnsafeSettings: an enabled channel is incomplete; the message names the variable to set.
    """
    return {name: CHANNELS[name].create(settings) for name in enabled_channels(settings)}
