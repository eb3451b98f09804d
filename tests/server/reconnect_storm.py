"""A reconnect storm: many sockets are dropped at once and reconnect; measures the time until all have caught up.

These are the clients of `test_storm.py`, which runs them in its own process.
"""

import asyncio
import json
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

_RETRY = re.compile(r"retry after ([0-9.]+)")
PATIENCE_S = 240.0


@dataclass
class Storm:
    """Clients of one conversation; each records the events it saw and reconnects when dropped."""

    url: str
    tokens: list[str]
    seen: list[list[int]] = field(default_factory=list)
    closes: Counter[str] = field(default_factory=Counter)
    is_over: bool = False
    open_now: int = 0

    async def run(self, sockets: int) -> list[asyncio.Task[None]]:
        """Open all sockets."""
        self.seen = [[] for _ in range(sockets)]
        return [asyncio.create_task(self._live(number)) for number in range(sockets)]

    async def _live(self, number: int) -> None:
        seen = self.seen[number]
        wait_s = random.uniform(0, 0.5)
        headers = {"Authorization": f"Bearer {self.tokens[number % len(self.tokens)]}"}
        while not self.is_over:
            await asyncio.sleep(wait_s)
            last = seen[-1] if seen else 0
            wait_s = random.uniform(0.2, 1.0)
            try:
                async with connect(
                    f"{self.url}?after_seq={last}", additional_headers=headers, open_timeout=60, compression=None,
                    ping_interval=None, max_queue=None,
                ) as ws:  # fmt: skip
                    await self._listen(ws, seen)
            except ConnectionClosed as lost:
                code = lost.rcvd.code if lost.rcvd else 1006
                self.closes[str(code)] += 1
                if lost.rcvd and (found := _RETRY.search(lost.rcvd.reason)):
                    wait_s = float(found[1])
            except InvalidHandshake as refused:
                self.closes[f"HTTP {getattr(getattr(refused, 'response', None), 'status_code', '?')}"] += 1
            except (OSError, TimeoutError) as lost:
                self.closes[type(lost).__name__] += 1

    async def _listen(self, ws: ClientConnection, seen: list[int]) -> None:
        is_greeted = False
        try:
            while not self.is_over:
                frame = json.loads(await ws.recv())
                if frame["type"] == "hello":
                    is_greeted = True
                    self.open_now += 1
                elif "seq" in frame:
                    seen.append(frame["seq"])
        finally:
            self.open_now -= is_greeted

    async def all_have(self, total: int) -> float:
        """Wait until every socket is open and has seen event `total`; returns the time in seconds."""
        started = time.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            while self.open_now < len(self.seen) or any(not one or one[-1] < total for one in self.seen):  # noqa: ASYNC110  polling is the point
                await asyncio.sleep(0.1)
        return time.monotonic() - started
