"""What the hub needs of a broker, and the broker of one process, which needs none."""

from collections.abc import Callable, Sequence
from typing import Protocol

OnMessage = Callable[[str, bytes], None]
OnGap = Callable[[], None]


class Broker(Protocol):
    """What the hub needs. `start` before anything else, `close` at the end.

    `is_alone`: no other worker listens, as far as is known, so there is nobody to publish to.
    """

    is_alone: bool

    @property
    def is_up(self) -> bool:
        """Whether others hear this worker and it hears them, by what became of the last attempts; asks nobody."""

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Begin to listen. `on_message` gets channel and payload; `on_gap` that something may have been lost."""

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Have it sent to the other workers, in this order; neither raises nor waits for a broker that is away."""

    async def subscribe(self, channel: str) -> None:
        """Listen to a channel; returns once the broker confirmed it, or has been found to be away."""

    async def unsubscribe(self, channel: str) -> None:
        """Stop listening to a channel."""

    async def close(self) -> None:
        """Stop."""


class LocalBroker:
    """No broker: one process serves, and its hub delivers by itself."""

    is_alone = True
    is_up = True

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Nobody will call."""

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Nobody to tell."""

    async def subscribe(self, channel: str) -> None:
        """Nothing to hear."""

    async def unsubscribe(self, channel: str) -> None:
        """Nothing to stop."""

    async def close(self) -> None:
        """Nothing to close."""
