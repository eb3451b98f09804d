"""The broker protocol, and the broker of a single process, which does nothing."""

from collections.abc import Callable, Sequence
from typing import Protocol

OnMessage = Callable[[str, bytes], None]
"""Called with a channel and a payload."""
OnGap = Callable[[], None]
"""Called when messages may have been lost."""


class Broker(Protocol):
    """What the gateway needs of a broker. `start` is called first, `close` last.

    `has_peers` is False if no other worker is known to listen; then nothing needs to be published.
    """

    has_peers: bool

    @property
    def is_up(self) -> bool:
        """Whether publishing and receiving work, by the outcome of the last attempts. Makes no request."""

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Connect and receive, in the background."""

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Queue messages for the other workers, in order. Neither raises nor waits if the broker is unavailable."""

    async def subscribe(self, channel: str) -> None:
        """Subscribe to a channel. Returns after the confirmation, or when the broker is found to be unavailable."""

    async def unsubscribe(self, channel: str) -> None:
        """Unsubscribe from a channel."""

    async def close(self) -> None:
        """Disconnect."""


class LocalBroker:
    """The broker of a single process, whose hub delivers without it."""

    has_peers = False
    is_up = True

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        pass

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        pass

    async def subscribe(self, channel: str) -> None:
        pass

    async def unsubscribe(self, channel: str) -> None:
        pass

    async def close(self) -> None:
        pass
