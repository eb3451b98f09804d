"""What every channel is to the dispatcher, and how it says that a letter did not arrive."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from wasgo_chat.notifications.delivery.content import NotificationDigest

BeforeHandover = Callable[[], Awaitable[None]]
"""To be awaited right before what cannot be taken back; raises where the claim was lost meanwhile."""


class DeliveryFailed(Exception):
    """The letter certainly did not arrive, or may be sent again without harm.

    Args:
        reason: short, for the list of dead letters; nothing of the letter itself.
        is_final: another attempt would fail likewise.
        retry_after_s: what the other side asked for.
    """

    def __init__(self, reason: str, *, is_final: bool = False, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        self.retry_after_s = retry_after_s


class SubscriptionGone(DeliveryFailed):
    """The push subscription is no more."""


class OutcomeUnknown(Exception):
    """The letter was handed over and no answer came: a repeat could be a second one."""


class DeliveryChannel(Protocol):
    """One way out. `hand` is awaited only by channels whose receiver does not recognise a repeat."""

    async def send(self, letter: NotificationDigest, hand: BeforeHandover) -> None:
        """Send one letter; returns once the other side has taken it.

        Raises:
            NotDelivered: it did not arrive.
            TargetGone: nothing will ever arrive there again.
            Unknown: it may have arrived.
        """

    async def close(self) -> None:
        """Close what is kept open."""
