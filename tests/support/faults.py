"""Faults in transit: publications that a worker receives from Redis are dropped, duplicated or reordered."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.workers import Worker

Receive = Callable[[str, bytes], None]


@contextmanager
def disturbed(worker: Worker, disturb: Callable[[Receive, str, bytes], None]) -> Iterator[None]:
    """While the block runs, `disturb` decides what happens to each publication that this worker receives."""
    broker: Any = worker.parts.broker
    receive: Receive = broker._on_message
    broker._on_message = lambda channel, payload: disturb(receive, channel, payload)
    try:
        yield
    finally:
        broker._on_message = receive


def drop(receive: Receive, channel: str, payload: bytes) -> None:
    """Drop every publication."""


def duplicate(receive: Receive, channel: str, payload: bytes) -> None:
    """Deliver every publication twice."""
    receive(channel, payload)
    receive(channel, payload)


class Shuffle:
    """Delay publications and deliver them in another order; some are dropped, some duplicated."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._held: list[tuple[str, bytes]] = []

    def __call__(self, receive: Receive, channel: str, payload: bytes) -> None:
        self._held.append((channel, payload))
        while self._held and self._random.random() < 0.6:
            one = self._held.pop(self._random.randrange(len(self._held)))
            fate = self._random.random()
            for _ in range(0 if fate < 0.2 else 2 if fate > 0.8 else 1):
                receive(*one)
