"""Current metrics for the operator page: the counters of this machine's workers, and figures from the database."""

from datetime import UTC, datetime
from typing import Any

from wasgo_chat.database.session import Database
from wasgo_chat.events.lag import lags
from wasgo_chat.operators import dead_deliveries
from wasgo_chat.telemetry.aggregation import Metrics


async def current_metrics(db: Database, metrics: Metrics) -> dict[str, Any]:
    """The schema `FiguresOut`.

    Raises:
        Unavailable: the database does not respond.
    """
    async with db.snapshot() as tx:
        consumer_lags, counts = await lags(tx), await dead_deliveries.counts(tx)
    summary = await metrics.summary()
    return {
        "at": datetime.now(UTC),
        "workers": summary["workers"],
        "sockets": summary["sockets"],
        "messages": sum(summary["messages"].values()),
        "delivery": summary["commit_to_write"],
        "readers": [
            {
                "reader": lag.reader,
                "conversations": lag.conversations,
                "events": lag.events,
                "oldest_at": lag.oldest_at,
            }
            for lag in consumer_lags
        ],
        "deliveries": counts,
    }
