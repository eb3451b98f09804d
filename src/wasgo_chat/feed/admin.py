"""What `wasgo-chat consumers` does: each function opens the database, works in one transaction, and closes it."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from wasgo_chat.database.copy import driver_connection
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.feed import offsets, parking
from wasgo_chat.feed.lag import feed_lag
from wasgo_chat.settings.config import CannotStart, Settings


async def list_consumers(settings: Settings, names: Collection[str]) -> list[dict[str, Any]]:
    """The consumers with their lags, as rows of a table.

    Raises:
        Unavailable: the database does not respond.
    """
    async with _transaction(settings) as tx:
        lag = await feed_lag(tx, names)
    return [
        {
            "consumer": one.consumer,
            "state": "rebuilding" if one.is_rebuilding else "running",
            "events behind": one.lag.events,
            "seconds behind": round(one.lag.age_s, 1),
            "parked events": one.parked_events,
            "parked conversations": one.parked_conversations,
        }
        for one in lag.consumers
    ]


async def list_parked(settings: Settings, name: str) -> list[dict[str, Any]]:
    """The parked events of a consumer, as rows of a table.

    Raises:
        Unavailable: the database does not respond.
    """
    async with _transaction(settings) as tx:
        parked = await parking.list_parked(await driver_connection(tx), name, limit=parking.MAX_PARKED)
    return [
        {
            "conversation": str(one["conversation_id"]),
            "seq": one["seq"],
            "events": one["events"],
            "type": one["type"],
            "error": one["error"],
            "attempts": one["attempts"],
            "parked": one["parked_at"].isoformat(timespec="seconds"),
            "next attempt": one["retry_at"].isoformat(timespec="seconds"),
        }
        for one in parked
    ]


async def retry(settings: Settings, name: str) -> int:
    """Make the parked events of a consumer due. Returns in how many conversations.

    Raises:
        Unavailable: the database does not respond.
    """
    async with _transaction(settings) as tx:
        return await parking.retry_now(await driver_connection(tx), name)


async def rebuild(settings: Settings, name: str) -> None:
    """Make a consumer handle all logs again.

    Raises:
        CannotStart: the consumer has never run.
        Unavailable: the database does not respond.
    """
    async with _transaction(settings) as tx:
        if not await offsets.begin_rebuild(await driver_connection(tx), name):
            raise CannotStart(f"{name} has not run yet: start the service. It then begins on its own.")


def as_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as aligned columns, with a heading."""
    if not rows:
        return "None."
    columns = list(rows[0])
    cells = [columns, *([str(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


@asynccontextmanager
async def _transaction(settings: Settings) -> AsyncIterator[Tx]:
    db = Database(settings, pool_size=1)
    try:
        async with db.transaction() as tx:
            yield tx
    finally:
        await db.close()
