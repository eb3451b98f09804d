"""The features of the service, each declared in its own package. A part may use the parts of features listed before."""

from wasgo_chat.attachments.feature import FEATURE as ATTACHMENTS
from wasgo_chat.feature import Consumer, Feature, PartContext, pass_events
from wasgo_chat.feed.worker_feed import ConsumerToRun
from wasgo_chat.gateway.command_registry import CommandRegistry
from wasgo_chat.gateway.commands import COMMANDS
from wasgo_chat.integrations.feature import FEATURE as INTEGRATIONS
from wasgo_chat.notifications.feature import FEATURE as NOTIFICATIONS
from wasgo_chat.presence.feature import FEATURE as PRESENCE
from wasgo_chat.settings.config import Settings
from wasgo_chat.support.feature import FEATURE as SUPPORT

FEATURES: tuple[Feature, ...] = (PRESENCE, ATTACHMENTS, NOTIFICATIONS, SUPPORT, INTEGRATIONS)


def command_registry(settings: Settings | None = None) -> CommandRegistry:
    """The socket commands of the gateway and of the features that the settings switch on; without settings, of all."""
    added = [
        command for feature in FEATURES if settings is None or feature.is_on(settings) for command in feature.commands
    ]
    return CommandRegistry([*COMMANDS, *added]) if added else COMMANDS


CONSUMERS: tuple[Consumer, ...] = tuple(consumer for feature in FEATURES for consumer in feature.consumers)
"""The consumers of the feed, of all features."""


def running_consumers(settings: Settings) -> list[Consumer]:
    """The consumers that run with these settings."""
    return [
        consumer
        for feature in FEATURES
        for consumer in feature.consumers
        if feature.is_on(settings) or not consumer.has_history
    ]


def consumers_to_run(context: PartContext) -> list[ConsumerToRun]:
    """The consumers of a worker, with their handlers."""
    is_on = {consumer.name: one.is_on(context.settings) for one in FEATURES for consumer in one.consumers}
    return [
        ConsumerToRun(
            consumer.name, consumer.handler(context) if is_on[consumer.name] else pass_events, consumer.has_history
        )
        for consumer in running_consumers(context.settings)
    ]


def listed_features(settings: Settings) -> list[str]:
    """The names of the features that clients may use, for `hello`."""
    return [feature.name for feature in FEATURES if feature.is_listed and feature.is_on(settings)]
