"""A subscriber that records what a broker delivers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from wasgo_chat.pubsub import Broker


class Recorder:
    """The messages and gaps that a broker reported."""

    def __init__(self, broker: Any = None) -> None:
        self.broker = broker
        self.messages: list[tuple[str, bytes]] = []
        self.gaps = 0

    def on_message(self, channel: str, payload: bytes) -> None:
        self.messages.append((channel, payload))

    def on_gap(self) -> None:
        self.gaps += 1


@asynccontextmanager
async def recording(broker: Broker) -> AsyncIterator[Recorder]:
    recorder = Recorder(broker)
    await broker.start(recorder.on_message, recorder.on_gap)
    try:
        yield recorder
    finally:
        await broker.close()
