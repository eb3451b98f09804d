"""The partitions of the feed: one for each day, created ahead and dropped as a whole.

A partition is created as a table of its own and then attached, and detached concurrently before it is dropped: neither
waits for the readers and writers of the feed, nor makes them wait. There is no default partition, because attaching a
partition would lock it; the sequencer creates a partition that is missing.
"""

from datetime import UTC, date, datetime, timedelta

import structlog

from wasgo_chat.database.pinned import PinnedConnection

log = structlog.get_logger(__name__)

DAYS_AHEAD = 3
"""Partitions exist for today and this many days after it."""
_FORMAT = "feed_%Y%m%d"

# With the current day by the clock that assigns times in the feed.
_PARTITIONS = """
SELECT now() AS now, array(
    SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'feed'::regclass AND NOT i.inhdetachpending) AS attached,
array(
    SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'feed'::regclass AND i.inhdetachpending) AS detaching,
array(
    SELECT c.relname::text FROM pg_class c
    WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'feed'::regclass)
      AND c.relkind = 'r' AND c.relname ~ '^feed_[0-9]{8}$' AND NOT c.relispartition) AS detached
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('wasgo-chat feed partitions', 0))"


def partition_of(day: date) -> str:
    """The name of the partition of a day in UTC."""
    return day.strftime(_FORMAT)


def day_of(partition: str) -> date:
    """The day of a partition, by its name."""
    return datetime.strptime(partition, _FORMAT).replace(tzinfo=UTC).date()


async def create_ahead(connection: PinnedConnection) -> list[str]:
    """Create the partitions of today and of the days after it that do not exist. Returns their names.

    Raises:
        Unavailable: the database does not respond.
    """
    async with connection.transaction() as transaction:
        await transaction.execute(_LOCK)  # two workers may try it at the same time
        found = await transaction.fetchrow(_PARTITIONS)
        assert found is not None  # noqa: S101  a row without a FROM clause
        today = found["now"].astimezone(UTC).date()
        days = [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)]
        missing = [day for day in days if partition_of(day) not in found["attached"]]
        for day in missing:
            name, after = partition_of(day), day + timedelta(days=1)
            await transaction.execute(f"CREATE TABLE {name} (LIKE feed INCLUDING ALL)")
            await transaction.execute(
                f"ALTER TABLE feed ATTACH PARTITION {name} "
                f"FOR VALUES FROM ('{day} 00:00:00+00') TO ('{after} 00:00:00+00')"
            )
    names = [partition_of(day) for day in missing]
    if names:
        log.info("feed_partitions_created", partitions=names)
    return names


async def drop_expired(connection: PinnedConnection, *, keep_days: int) -> list[str]:
    """Drop the partitions of which every event is older than `keep_days`. Returns their names.

    It waits for the transactions that may read them. After a time-out or a crash the next call continues.

    Raises:
        Unavailable: the database does not respond, or a transaction reads the partition for too long.
    """
    (found,) = await connection.run(_PARTITIONS)
    oldest_kept = found["now"].astimezone(UTC).date() - timedelta(days=keep_days)
    expired = [name for name in found["attached"] if day_of(name) < oldest_kept]
    for name in expired:
        await connection.run(f"ALTER TABLE feed DETACH PARTITION {name} CONCURRENTLY")
    for name in found["detaching"]:
        await connection.run(f"ALTER TABLE feed DETACH PARTITION {name} FINALIZE")
    dropped = sorted([*expired, *found["detaching"], *found["detached"]])
    for name in dropped:
        await connection.run(f"DROP TABLE IF EXISTS {name}")
    if dropped:
        log.info("feed_partitions_dropped", partitions=dropped)
    return dropped
