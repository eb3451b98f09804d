"""Current metrics for the operator page: the counters of this machine's workers, and figures from the database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from wasgo_chat.database.session import Database
from wasgo_chat.feed.lag import feed_lag
from wasgo_chat.operators import dead_deliveries
from wasgo_chat.telemetry.aggregation import Metrics


async def current_metrics(db: Database, metrics: Metrics, consumers: Sequence[str]) -> dict[str, Any]:
    """The schema `FiguresOut`.

    Raises:
        Unavailable: the database does not respond.
    """
    async with db.snapshot() as tx:
        lag, counts = await feed_lag(tx, consumers), await dead_deliveries.counts(tx)
    summary = await metrics.summary()
    return {
        "at": datetime.now(UTC),
        "workers": summary["workers"],
        "sockets": summary["sockets"],
        "messages": sum(summary["messages"].values()),
        "delivery": summary["commit_to_write"],
        "readers": [
            {
                "reader": one.consumer,
                "conversations": one.lag.conversations,
                "events": one.lag.events,
                "oldest_at": one.lag.oldest_at,
            }
            for one in lag.consumers
        ],
        "deliveries": counts,
    }
