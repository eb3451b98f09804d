"""Standbys of the database that may answer what is read, as far as the one who reads has seen no more than they.

A position in the primary's write-ahead log stands for what a client has seen; a standby answers only if it has replayed
that much, and is not older than a bound. With its answer goes what it had replayed then, so that no other standby takes
anything back. Where there is another way to know that an answer is new enough, as with the head of one conversation,
that is asked instead. Whatever is wrong with a standby, the primary answers. Nothing here writes. How positions come
from clients and get to them is `reading.py`'s business.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import structlog
from sqlalchemy import text

from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import ChatError, Unavailable
from wasgo_chat.database.availability import DatabaseCircuitBreaker
from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.driver import PinnedConnection
from wasgo_chat.database.errors import DRIVER_ERRORS
from wasgo_chat.database.hosts import HostFailover
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

PROBE_EVERY_S = 0.1
PATIENCE_S = 1.0
"""Longest that a standby may take before the primary is asked."""

_PROBE = {"application_name": "wasgo-chat probe"}
# What is flushed: after a commit that is the commit at least, and a standby can get no more.
_PRIMARY = "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint"
_STANDBY = "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint WHERE pg_is_in_recovery()"
_REPLAYED = text(r"SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')\:\:bigint")
_FAILED = (TimeoutError, *DRIVER_ERRORS)

Answer = TypeVar("Answer")


async def wal_position(direct: PinnedConnection, keys: Sequence[None]) -> Mapping[None, int]:
    """Where the primary's log is flushed to, in bytes; for `BatchLoader`, so that many ask at once."""
    (record,) = await direct.fetch(_PRIMARY)
    return dict.fromkeys(keys, record[0])


class Replica:
    """One standby: what it has replayed, and a pool of its own."""

    def __init__(self, settings: Settings, url: str) -> None:
        there = settings.model_copy(update={"database_url": url})
        self._hosts = HostFailover(url)
        self.db = Database(there, breaker=DatabaseCircuitBreaker(self._hosts, takes_writes=False))
        self.name = self._hosts.name
        self.replayed: int | None = None
        self.fresh_at = 0.0
        self.made_at = time.monotonic()

    async def watch(self, passed: "deque[tuple[float, int]]") -> None:
        """Ask what it has replayed, for ever. `passed`: when the primary was at which position, newest last."""
        while True:
            try:
                connection = await self._hosts.connect(timeout=PATIENCE_S, server_settings=_PROBE)
                try:
                    while True:
                        async with asyncio.timeout(PATIENCE_S):
                            self._record(await connection.fetchval(_STANDBY), passed)
                        await asyncio.sleep(PROBE_EVERY_S)
                finally:
                    connection.terminate()
            except _FAILED as error:
                if self.replayed is not None:
                    log.warning("replica_away", replica=self.name, error=type(error).__name__)
                self.replayed = None
            except Exception:
                log.exception("replica_not_watched", replica=self.name)  # the next answer may be better
                self.replayed = None
            await asyncio.sleep(PROBE_EVERY_S)

    def has_replayed(self, place: int) -> None:
        """It has been seen to have replayed so much, past its probes: who read there may do so again at once."""
        if self.replayed is not None:
            self.replayed = max(self.replayed, place)

    def _record(self, replayed: int | None, passed: "deque[tuple[float, int]]") -> None:
        if self.replayed is None and replayed is not None:
            log.info("replica_there", replica=self.name)
        self.replayed = replayed
        if replayed is not None:
            self.fresh_at = next((at for at, place in reversed(passed) if place <= replayed), self.fresh_at)


class Replicas:
    """The standbys of a deployment; without any, everything is read at the primary and costs nothing more.

    Args:
        settings: their URLs, and how far behind they may be.
        primary: where all else is read.
        line: a pool for the one connection that asks the primary for its position.
        counts: of the worker.
    """

    def __init__(
        self, settings: Settings, primary: Database, line: Database, counts: WorkerCounters | None = None
    ) -> None:
        self._primary = primary
        self._counts = counts or WorkerCounters()
        self._max_lag_s = settings.replica_max_lag_s
        self._all = [Replica(settings, url) for url in settings.replica_urls]
        self._positions: BatchLoader[None, int] = BatchLoader(PinnedConnection(line), wal_position)
        self._primary_positions: deque[tuple[float, int]] = deque(maxlen=int(self._max_lag_s / PROBE_EVERY_S) + 2)
        self._next_index = 0

    @property
    def enabled(self) -> bool:
        """Whether any are named."""
        return bool(self._all)

    def lags(self) -> dict[str, float]:
        """How old what each standby is known to have is, by its place in the settings.

        It grows while a standby is away, or further behind than it may be.
        """
        now = time.monotonic()
        return {str(number): now - max(one.fresh_at, one.made_at) for number, one in enumerate(self._all, 1)}

    async def run(self) -> None:
        """Watch primary and standbys, for ever."""
        if self._all:
            await asyncio.gather(
                self._watch_primary(), *(replica.watch(self._primary_positions) for replica in self._all)
            )

    async def read(
        self,
        ask: Callable[[Tx], Awaitable[Answer]],
        *,
        after: int | None = 0,
        suffices: Callable[[Answer], bool] = lambda answer: True,
    ) -> tuple[Answer, int | None]:
        """What `ask` reads in a snapshot; and if a standby said so, a position that all of it lies before.

        Args:
            ask: reads; it may be called twice.
            after: the position that a standby must have replayed; None where none may answer.
            suffices: whether an answer of a standby is new enough.

        Raises:
            What `ask` raises at the primary: a standby's errors count for nothing.
        """
        if after is not None and (replica := self._next(after)) is not None:
            try:
                async with asyncio.timeout(PATIENCE_S), replica.db.snapshot() as tx:
                    answer = await ask(tx)
                    # After the snapshot was taken: what it shows was replayed by now, and the position says so. Before
                    # it, more might be replayed on the way, and an older standby could then take that back.
                    place = int((await tx.execute(_REPLAYED)).scalar_one())
            except ChatError as error:
                # Else it is what it does not know, or does not allow, which may have changed.
                if isinstance(error, Unavailable):
                    self._set_aside(replica, error)
                else:
                    self._counts.replica_reads["stale"] += 1
            except Exception as error:  # it lets nobody in, is full, or has no such column yet: the primary knows
                self._set_aside(replica, error)
            else:
                replica.has_replayed(place)
                if suffices(answer):
                    self._counts.replica_reads["answered"] += 1
                    return answer, place
                self._counts.replica_reads["stale"] += 1
        elif after is not None and self._all:
            self._counts.replica_reads["none"] += 1
        async with self._primary.snapshot() as tx:
            return await ask(tx), None

    def _set_aside(self, replica: Replica, error: Exception) -> None:
        """Until it has answered its next probe."""
        log.warning("replica_failed", replica=replica.name, error=type(error).__name__)
        self._counts.replica_reads["failed"] += 1
        replica.replayed = None

    async def primary_position(self) -> int | None:
        """What everything that is committed now lies before; None where the primary does not say."""
        try:
            return await self._positions.find(None)
        except (ChatError, *_FAILED):  # as a standby, which it may be for a while, it has no such position (55000)
            return None

    async def close(self) -> None:
        """Close every connection."""
        await self._positions.close()
        for replica in self._all:
            await replica.db.close()

    def _next(self, after: int) -> Replica | None:
        """One that may answer, each in its turn."""
        oldest = time.monotonic() - self._max_lag_s
        able = [one for one in self._all if _is_fresh_enough(one.replayed, after) and one.fresh_at >= oldest]
        if not able:
            return None
        self._next_index += 1
        return able[self._next_index % len(able)]

    async def _watch_primary(self) -> None:
        while True:
            asked_at = time.monotonic()
            try:
                if (found := await self.primary_position()) is not None:
                    self._primary_positions.append((asked_at, found))
            except Exception:
                log.exception("position_not_known")  # without it no standby would be taken up again
            await asyncio.sleep(PROBE_EVERY_S)


def _is_fresh_enough(replayed: int | None, after: int) -> bool:
    return replayed is not None and replayed >= after
