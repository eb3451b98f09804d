"""The interface of a delivery channel, and the errors by which it reports what became of a delivery."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from wasgo_chat.notifications.delivery.digest import NotificationDigest

BeforeHandover = Callable[[], Awaitable[None]]
"""Awaited right before the step that cannot be undone; raises if another worker has claimed the delivery."""

MAX_RETRY_AFTER_S = 3600.0


class DeliveryFailed(Exception):
    """The digest was not delivered, or the receiver recognizes a repetition.

    Args:
        reason: a short code for the list of dead deliveries; contains nothing of the digest.
        is_final: another attempt would fail in the same way.
        retry_after_s: the wait that the receiver asked for, in seconds.
    """

    def __init__(self, reason: str, *, is_final: bool = False, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final
        self.retry_after_s = retry_after_s


class SubscriptionGone(DeliveryFailed):
    """The push subscription no longer exists. It is deleted, and so is the delivery."""


class OutcomeUnknown(Exception):
    """The digest was handed over and no reply came: sending it again could deliver it twice."""


class DeliveryChannel(Protocol):
    """A way to deliver digests. `tests/contracts/delivery_channel.py` has the tests of an implementation."""

    async def send(self, digest: NotificationDigest, before_handover: BeforeHandover) -> None:
        """Send one digest; returns once the receiver has accepted it.

        `before_handover` is awaited by channels that are not idempotent (see `ChannelSpec`), once, after everything
        that may be repeated.

        Raises:
            DeliveryFailed: it was not delivered.
            SubscriptionGone: the target no longer exists.
            OutcomeUnknown: it may have been delivered.
        """

    async def close(self) -> None:
        """Close open connections."""


def parse_retry_after(header: str | None) -> float:
    """The value of a `Retry-After` header in seconds, at most an hour; 0.0 if it is missing or a date."""
    if header is None or not (header.isascii() and header.isdigit()):
        return 0.0
    return min(float(header), MAX_RETRY_AFTER_S)
