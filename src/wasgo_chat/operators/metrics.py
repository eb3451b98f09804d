"""Figures of now: what all workers of this machine count, and what only the database knows."""

from datetime import UTC, datetime
from typing import Any

from wasgo_chat.database.session import Database
from wasgo_chat.events.lag import lags
from wasgo_chat.operators import dead_deliveries
from wasgo_chat.telemetry.aggregation import Metrics


async def current_metrics(db: Database, metrics: Metrics) -> dict[str, Any]:
    """The `FiguresOut`.

    Raises:
        Unavailable: the database does not answer.
    """
    async with db.snapshot() as tx:
        behind, counts = await lags(tx), await dead_deliveries.counts(tx)
    counted = await metrics.summary()
    return {
        "at": datetime.now(UTC),
        "workers": counted["workers"],
        "sockets": counted["sockets"],
        "messages": sum(counted["messages"].values()),
        "delivery": counted["commit_to_write"],
        "readers": [
            {
                "reader": one.reader,
                "conversations": one.conversations,
                "events": one.events,
                "oldest_at": one.oldest_at,
            }
            for one in behind
        ],
        "deliveries": counts,
    }
