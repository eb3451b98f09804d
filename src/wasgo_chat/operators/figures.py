"""Figures of now: what the workers count and what only the database knows."""

from datetime import UTC, datetime
from typing import Any

from wasgo_chat.core.db import Database
from wasgo_chat.events.lag import lag
from wasgo_chat.gateway.hub import Hub
from wasgo_chat.operators import letters


async def now(db: Database, hub: Hub) -> dict[str, Any]:
    """The `FiguresOut`.

    Raises:
        Unavailable: the database does not answer.
    """
    async with db.snapshot() as tx:
        readers, counts = await lag(tx), await letters.counts(tx)
    return {
        "at": datetime.now(UTC),
        "workers": 1,
        "sockets": sum(map(len, hub.peers.values())),
        "messages": None,
        "delivery": None,
        "readers": readers,
        "deliveries": counts,
    }
