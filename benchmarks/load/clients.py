"""A set of sockets: open them, send as fast as acks arrive or at a fixed rate, and close them.

Holds the counters and timings of a run. `client` reports to it from its hot path.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from benchmarks.load.client import Client, SocketSpec

OPEN_TIMEOUT_S = 120.0
STEP_S = 0.002


class Clients:
    """Sockets to one server. `fan` is the number of sockets that receive each message."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.senders: list[Client] = []
        self.fan = 0
        self.run = random.randrange(10**9)  # noqa: S311  only makes message names unique
        self.sample_every = 1
        self._begin()

    def _begin(self, window: int = 0, sample_after_ns: int = 0) -> None:
        self.sent = self.answered = self.received = 0
        self.until_sample = self.sample_every
        self.refusals: list[str] = []
        self.closes: list[str] = []
        self.losses = 0
        self._delays: list[int] = []
        self._window = window
        self._sample_after = sample_after_ns
        self.run += 1

    # Called by clients

    def acked(self, client: Client) -> None:
        """A message was acknowledged."""
        self.answered += 1
        if client.unacked < self._window:
            client.send()

    def refused(self, client: Client, answer: bytes) -> None:
        """A message was rejected and will not be delivered."""
        self.refusals.append(answer.decode(errors="replace"))
        if client.unacked < self._window:
            client.send()

    def sampled(self, sent_ns: int) -> None:
        """A message arrived; `sent_ns` is its send time."""
        if sent_ns >= self._sample_after:
            self._delays.append(time.monotonic_ns() - sent_ns)

    def timed(self) -> int:
        """The number of timed arrivals in this run."""
        return len(self._delays)

    def lost(self, client: Client) -> None:
        """A connection was closed."""
        self.losses += 1

    # Commands

    async def open(self, port: int, specs: Sequence[SocketSpec], *, fan: int, concurrency: int) -> dict[str, Any]:
        """Open sockets, `concurrency` at a time, each until its first frame. Returns the duration."""
        self.fan = fan
        loop = asyncio.get_running_loop()
        waiting = iter(list(enumerate(specs, len(self.clients))))
        started = time.perf_counter()

        async def lane() -> None:
            for number, spec in waiting:
                client = Client(self, spec, number)
                await loop.create_connection(partial(_same, client), "127.0.0.1", port)
                self.clients.append(client)
                if spec.sends:
                    self.senders.append(client)
                await client.opened

        async with asyncio.timeout(OPEN_TIMEOUT_S):
            await asyncio.gather(*(lane() for _ in range(concurrency)))
        return {"seconds": time.perf_counter() - started, "sockets": len(specs)}

    async def close(self) -> dict[str, Any]:
        """Close all sockets."""
        for client in self.clients:
            client.close()
        self.clients, self.senders = [], []
        await asyncio.sleep(0.2)
        return {}

    async def flood(self, seconds: float, window: int, sample_every: int = 50) -> dict[str, Any]:
        """Keep `window` messages in flight per sender. Ends when all accepted messages have arrived."""
        self.sample_every = sample_every
        self._begin(window)
        started = time.perf_counter()
        for _ in range(window):
            for client in self.senders:
                client.send()
        await asyncio.sleep(seconds)
        self._window = 0
        return await self._finish(started, seconds)

    async def steady(self, seconds: float, rate: float, warm_s: float = 0.5, patience_s: float = 3.0) -> dict[str, Any]:
        """Send at a fixed rate, round robin over the senders, regardless of the server. Each arrival is timed."""
        self.sample_every = 1
        begin_ns = time.monotonic_ns()
        self._begin(sample_after_ns=begin_ns + int(warm_s * 1e9))
        started = time.perf_counter()
        count, lag = int((seconds + warm_s) * rate), 0.0
        for number in range(count):
            due = started + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(max(early, STEP_S))
            lag = max(lag, time.perf_counter() - due)
            self.senders[number % len(self.senders)].send()
            if number % 20 == 19:
                await asyncio.sleep(0)
        return {**await self._finish(started, seconds + warm_s, patience_s), "lag_ms": lag * 1000}

    async def _finish(self, started: float, seconds: float, patience_s: float = 10.0) -> dict[str, Any]:
        """Wait until all accepted messages have arrived, or nothing arrives any more."""
        progress, moved_at = -1, time.perf_counter()
        while self.answered + len(self.refusals) < self.sent or self.received < self.answered * self.fan:
            if (now := self.received + self.answered) != progress:
                progress, moved_at = now, time.perf_counter()
            if time.perf_counter() - moved_at > patience_s:
                break
            await asyncio.sleep(0.01)
        return {
            "seconds": time.perf_counter() - started,
            "sending_s": seconds,
            "sent": self.sent,
            "accepted": self.answered,
            "refused": len(self.refusals),
            "refusal": self.refusals[0][:300] if self.refusals else None,
            "deliveries": self.received,
            "missing": self.answered * self.fan - self.received,
            "closed": self.losses,
            "close": self.closes[0] if self.closes else None,
            **_spread(self._delays),
        }


def _same(client: Client) -> Client:
    return client


def _spread(delays_ns: list[int]) -> dict[str, Any]:
    """Median, p99 and maximum in milliseconds."""
    if len(delays_ns) < 2:
        return {"p50_ms": None, "p99_ms": None, "max_ms": None, "samples": len(delays_ns)}
    cuts = statistics.quantiles(delays_ns, n=100)
    return {
        "p50_ms": cuts[49] / 1e6,
        "p99_ms": cuts[98] / 1e6,
        "max_ms": max(delays_ns) / 1e6,
        "samples": len(delays_ns),
    }
