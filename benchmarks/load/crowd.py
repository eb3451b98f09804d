"""Many sockets and what they do together: open, send as fast as the answers come, send at a rate, close.

Counts and clocks of a run stand here; `peer` reports to it from its hot path.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from benchmarks.load.peer import Peer, Place

OPEN_TIMEOUT_S = 120.0
STEP_S = 0.002


class Crowd:
    """Sockets on one server. `fan` is how many of them get each message."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.senders: list[Peer] = []
        self.fan = 0
        self.run = random.randrange(10**9)  # noqa: S311  only keeps names of messages apart
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

    # What sockets report

    def acked(self, peer: Peer) -> None:
        """A message of a socket was accepted."""
        self.answered += 1
        if peer.unacked < self._window:
            peer.send()

    def refused(self, peer: Peer, answer: bytes) -> None:
        """A message was refused; nobody gets it."""
        self.refusals.append(answer.decode(errors="replace"))
        if peer.unacked < self._window:
            peer.send()

    def sampled(self, sent_ns: int) -> None:
        """A message arrived that was sent at that time."""
        if sent_ns >= self._sample_after:
            self._delays.append(time.monotonic_ns() - sent_ns)

    def timed(self) -> int:
        """How many arrivals were timed in this run."""
        return len(self._delays)

    def lost(self, peer: Peer) -> None:
        """A connection is gone."""
        self.losses += 1

    # What is asked of the crowd

    async def open(self, port: int, places: Sequence[Place], *, fan: int, abreast: int) -> dict[str, Any]:
        """Open sockets, `abreast` at a time, each until its greeting. Answers with the seconds it took."""
        self.fan = fan
        loop = asyncio.get_running_loop()
        waiting = iter(list(enumerate(places, len(self.peers))))
        started = time.perf_counter()

        async def lane() -> None:
            for number, place in waiting:
                peer = Peer(self, place, number)
                await loop.create_connection(partial(_same, peer), "127.0.0.1", port)
                self.peers.append(peer)
                if place.sends:
                    self.senders.append(peer)
                await peer.opened

        async with asyncio.timeout(OPEN_TIMEOUT_S):
            await asyncio.gather(*(lane() for _ in range(abreast)))
        return {"seconds": time.perf_counter() - started, "sockets": len(places)}

    async def close(self) -> dict[str, Any]:
        """Close all sockets."""
        for peer in self.peers:
            peer.close()
        self.peers, self.senders = [], []
        await asyncio.sleep(0.2)
        return {}

    async def flood(self, seconds: float, window: int, sample_every: int = 50) -> dict[str, Any]:
        """Each sender keeps `window` messages in flight; ends when all that was accepted has arrived."""
        self.sample_every = sample_every
        self._begin(window)
        started = time.perf_counter()
        for _ in range(window):
            for peer in self.senders:
                peer.send()
        await asyncio.sleep(seconds)
        self._window = 0
        return await self._finish(started, seconds)

    async def steady(self, seconds: float, rate: float, warm_s: float = 0.5, patience_s: float = 3.0) -> dict[str, Any]:
        """Messages at a rate, from one sender after the other whatever the server does; each arrival is timed."""
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
        """Wait until what was accepted has reached everybody, or nothing moves any more."""
        seen, moved = -1, time.perf_counter()
        while self.answered + len(self.refusals) < self.sent or self.received < self.answered * self.fan:
            if (now := self.received + self.answered) != seen:
                seen, moved = now, time.perf_counter()
            if time.perf_counter() - moved > patience_s:
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


def _same(peer: Peer) -> Peer:
    return peer


def _spread(delays_ns: list[int]) -> dict[str, Any]:
    """Median, p99 and greatest, in milliseconds."""
    if len(delays_ns) < 2:
        return {"p50_ms": None, "p99_ms": None, "max_ms": None, "samples": len(delays_ns)}
    cuts = statistics.quantiles(delays_ns, n=100)
    return {
        "p50_ms": cuts[49] / 1e6,
        "p99_ms": cuts[98] / 1e6,
        "max_ms": max(delays_ns) / 1e6,
        "samples": len(delays_ns),
    }
