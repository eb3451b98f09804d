"""Waiting for the global feed and its consumers."""

import asyncio

from tests.support.workers import Worker
from tests.support.world import PATIENCE_S, rows

_BEHIND = """
SELECT 1 FROM pending p LEFT JOIN feed_heads h ON h.conversation_id = p.conversation_id
WHERE p.head > COALESCE(h.seq, 0)
UNION ALL
SELECT 1 FROM feed_offsets o JOIN feed_end f ON f.shard = o.shard
WHERE o.position < f.position OR o.rebuilt_conversation IS NOT NULL
"""


async def until_consumed(worker: Worker) -> None:
    """Wait until every event is in the feed, and every consumer has handled it."""
    async with asyncio.timeout(2 * PATIENCE_S):
        while await rows(worker, _BEHIND):  # noqa: ASYNC110  rows are all there is to see
            await asyncio.sleep(0.01)
