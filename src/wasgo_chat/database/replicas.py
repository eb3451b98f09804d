"""Reads from replicas (hot standbys) that are as recent as what the client has already seen.

A position in the primary's write-ahead log represents what a client has seen. A replica serves a read only if it has
replayed that position and its lag is below a limit. The response carries the position that the replica had replayed, so
that the next replica cannot return older data. If recency can be verified differently, such as by the head of a
conversation, that is used instead. On any problem with a replica, the primary serves the read.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import structlog
from sqlalchemy import text

from wasgo_chat.core.errors import ChatError, Unavailable
from wasgo_chat.core.tasks import forever
from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.circuit_breaker import DatabaseCircuitBreaker
from wasgo_chat.database.errors import DRIVER_ERRORS
from wasgo_chat.database.failover import HostFailover
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.database.pooling import unprepared
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

PROBE_EVERY_S = 0.1
TIMEOUT_S = 1.0
"""How long a replica may take before the primary is queried."""

_PROBE = {"application_name": "wasgo-chat probe"}
# The flush position covers every completed commit, and replicas never receive more than that.
_PRIMARY = "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint"
_STANDBY = "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint WHERE pg_is_in_recovery()"
_REPLAYED = text(r"SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')\:\:bigint")
_FAILED = (TimeoutError, *DRIVER_ERRORS)

Answer = TypeVar("Answer")


async def wal_position(direct: PinnedConnection, keys: Sequence[None]) -> Mapping[None, int]:
    """The flush position of the primary's write-ahead log in bytes, as a `fetch` function of `BatchLoader`."""
    (record,) = await direct.fetch(_PRIMARY)
    return dict.fromkeys(keys, record[0])


class Replica:
    """A replica with its replay position and connection pool."""

    def __init__(self, settings: Settings, url: str) -> None:
        replica_settings = settings.model_copy(update={"database_url": url})
        self._hosts = HostFailover(url, **unprepared(settings))
        self.db = Database(replica_settings, breaker=DatabaseCircuitBreaker(self._hosts, takes_writes=False))
        self.name = self._hosts.name
        self.replayed: int | None = None
        self.fresh_at = 0.0
        self.made_at = time.monotonic()

    async def watch(self, primary_positions: "deque[tuple[float, int]]") -> None:
        """Poll the replay position until cancelled.

        Args:
            primary_positions: times and positions of the primary, newest last.
        """
        while True:
            try:
                connection = await self._hosts.connect(timeout=TIMEOUT_S, server_settings=_PROBE)
                try:
                    while True:
                        async with asyncio.timeout(TIMEOUT_S):
                            self._record(await connection.fetchval(_STANDBY), primary_positions)
                        await asyncio.sleep(PROBE_EVERY_S)
                finally:
                    connection.terminate()
            except _FAILED as error:
                if self.replayed is not None:
                    log.warning("replica_down", replica=self.name, error=type(error).__name__)
                self.replayed = None
            except Exception:
                log.exception("replica_watch_failed", replica=self.name)  # retried below
                self.replayed = None
            await asyncio.sleep(PROBE_EVERY_S)

    def note_replayed(self, position: int) -> None:
        """Record a replay position seen in a query, ahead of the next poll, so that the client can read here again."""
        if self.replayed is not None:
            self.replayed = max(self.replayed, position)

    def _record(self, replayed: int | None, primary_positions: "deque[tuple[float, int]]") -> None:
        if self.replayed is None and replayed is not None:
            log.info("replica_up", replica=self.name)
        self.replayed = replayed
        if replayed is not None:
            self.fresh_at = next(
                (at for at, position in reversed(primary_positions) if position <= replayed), self.fresh_at
            )


class Replicas:
    """The replicas of a deployment. Without any, all reads go to the primary at no extra cost.

    Args:
        settings: URLs and maximum lag of the replicas.
        primary: the pool of the primary.
        line: pool for the connection that queries the primary's position.
        counts: counters of the worker.
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
        """Whether replicas are configured."""
        return bool(self._all)

    def lags(self) -> dict[str, float]:
        """The age of each replica's data in seconds, by the position of the replica in the settings (from 1).

        It also grows while a replica is down or beyond the maximum lag.
        """
        now = time.monotonic()
        return {
            str(number): now - max(replica.fresh_at, replica.made_at) for number, replica in enumerate(self._all, 1)
        }

    async def run(self) -> None:
        """Watch the primary and the replicas until cancelled."""
        if self._all:
            await asyncio.gather(
                self._watch_primary(), *(replica.watch(self._primary_positions) for replica in self._all)
            )

    async def read(
        self,
        query: Callable[[Tx], Awaitable[Answer]],
        *,
        after: int | None = 0,
        suffices: Callable[[Answer], bool] = lambda answer: True,
    ) -> tuple[Answer, int | None]:
        """Run `query` in a snapshot, on a replica if possible.

        Args:
            query: the reads. It may be called twice.
            after: position that a replica must have replayed; None to use the primary.
            suffices: whether the result of a replica is recent enough.

        Returns:
            The result, and the position that it includes if a replica returned it.

        Raises:
            Exception: an error of `query` at the primary. Errors at a replica fall back to the primary.
        """
        if after is not None and (replica := self._next(after)) is not None:
            try:
                async with asyncio.timeout(TIMEOUT_S), replica.db.snapshot() as tx:
                    answer = await query(tx)
                    # Queried after the snapshot was taken, so the position covers everything that the snapshot shows. A
                    # position taken before it could be too low, and the next replica could return older data.
                    position = int((await tx.execute(_REPLAYED)).scalar_one())
            except ChatError as error:
                # Other errors, such as NotFound, may result from outdated data.
                if isinstance(error, Unavailable):
                    self._set_aside(replica, error)
                else:
                    self._counts.replica_reads["stale"] += 1
            except Exception as error:  # login failed, too many connections, migration not replayed yet, …
                self._set_aside(replica, error)
            else:
                replica.note_replayed(position)
                if suffices(answer):
                    self._counts.replica_reads["answered"] += 1
                    return answer, position
                self._counts.replica_reads["stale"] += 1
        elif after is not None and self._all:
            self._counts.replica_reads["none"] += 1
        async with self._primary.snapshot() as tx:
            return await query(tx), None

    def _set_aside(self, replica: Replica, error: Exception) -> None:
        """Exclude a replica until its next successful poll."""
        log.warning("replica_failed", replica=replica.name, error=type(error).__name__)
        self._counts.replica_reads["failed"] += 1
        replica.replayed = None

    async def primary_position(self) -> int | None:
        """A position that covers all commits so far; None if the primary does not return one."""
        try:
            return await self._positions.find(None)
        except (ChatError, *_FAILED):  # a server that is not promoted yet has no such position (55000)
            return None

    async def close(self) -> None:
        """Close all connections."""
        await self._positions.close()
        for replica in self._all:
            await replica.db.close()

    def _next(self, after: int) -> Replica | None:
        """The next eligible replica, round robin."""
        oldest = time.monotonic() - self._max_lag_s
        eligible = [
            replica for replica in self._all if _is_fresh_enough(replica.replayed, after) and replica.fresh_at >= oldest
        ]
        if not eligible:
            return None
        self._next_index += 1
        return eligible[self._next_index % len(eligible)]

    async def _watch_primary(self) -> None:
        """Poll the position of the primary. Without new positions no replica would be used again."""
        await forever(self._record_primary_position, failure="primary_position_failed", every_s=PROBE_EVERY_S)

    async def _record_primary_position(self) -> None:
        queried_at = time.monotonic()
        if (position := await self.primary_position()) is not None:
            self._primary_positions.append((queried_at, position))


def _is_fresh_enough(replayed: int | None, after: int) -> bool:
    return replayed is not None and replayed >= after
