"""Faults between real parts: what a worker hears from Redis is dropped, doubled or reordered on its way in."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.workers import Worker

Receive = Callable[[str, bytes], None]


@contextmanager
def disturbed(worker: Worker, disturb: Callable[[Receive, str, bytes], None]) -> Iterator[None]:
    """While the block runs, `disturb` decides what becomes of each publication that reaches this worker."""
    broker: Any = worker.parts.broker
    hear: Receive = broker._on_message
    broker._on_message = lambda channel, payload: disturb(hear, channel, payload)
    try:
        yield
    finally:
        broker._on_message = hear


def drop(hear: Receive, channel: str, payload: bytes) -> None:
    """Lose everything."""


def duplicate(hear: Receive, channel: str, payload: bytes) -> None:
    """Deliver everything twice."""
    hear(channel, payload)
    hear(channel, payload)


class Shuffle:
    """Hold publications back and let them out in another order; some are lost, some doubled."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._held: list[tuple[str, bytes]] = []

    def __call__(self, hear: Receive, channel: str, payload: bytes) -> None:
        self._held.append((channel, payload))
        while self._held and self._random.random() < 0.6:
            one = self._held.pop(self._random.randrange(len(self._held)))
            fate = self._random.random()
            for _ in range(0 if fate < 0.2 else 2 if fate > 0.8 else 1):
                hear(*one)
