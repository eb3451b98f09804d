"""Figures of now: what the workers count and what only the database knows."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from wasgo_chat.core.db import Database
from wasgo_chat.events.lag import lag
from wasgo_chat.gateway.hub import Hub
from wasgo_chat.operators import letters


class Counted(Protocol):
    """Whoever counts for all workers of this machine."""

    async def figures(self) -> Mapping[str, Any]:
        """`workers` and `sockets` of now; `messages` by kind and `commit_to_write`, a histogram, since the start."""
        ...


async def now(db: Database, hub: Hub, counted: Counted | None) -> dict[str, Any]:
    """The `FiguresOut`; where nobody counts for all workers, of this one.

    Raises:
        Unavailable: the database does not answer.
    """
    async with db.snapshot() as tx:
        readers, counts = await lag(tx), await letters.counts(tx)
    mine = {"workers": 1, "sockets": sum(map(len, hub.peers.values())), "messages": None, "delivery": None}
    return {
        "at": datetime.now(UTC),
        **(mine if counted is None else await _of_all(counted)),
        "readers": readers,
        "deliveries": counts,
    }


async def _of_all(counted: Counted) -> dict[str, Any]:
    found = await counted.figures()
    return {
        "workers": found["workers"],
        "sockets": found["sockets"],
        "messages": sum(found["messages"].values()),
        "delivery": found["commit_to_write"],
    }
