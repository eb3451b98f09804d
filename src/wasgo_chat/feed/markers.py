"""Finds logs that are ahead of the feed without a pending marker, and marks them.

Appending writes the marker in the same transaction, so there are none, except after an earlier release, which deletes
markers without knowing the feed, has served on this schema. A worker looks once when it becomes the sequencer.
"""

from uuid import UUID

import structlog

from wasgo_chat.database.pinned import PinnedConnection

log = structlog.get_logger(__name__)

PAGE = 10_000

_MARK_MISSED = """
WITH page AS MATERIALIZED (
    SELECT id, last_seq FROM conversations WHERE id > $1 ORDER BY id LIMIT $2
), marked AS (
    INSERT INTO pending (conversation_id, head)
    SELECT page.id, page.last_seq FROM page LEFT JOIN feed_heads h ON h.conversation_id = page.id
    WHERE page.last_seq > COALESCE(h.seq, 0) ORDER BY page.id
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT max(id::text)::uuid FROM page) AS last, (SELECT count(*) FROM marked) AS marked
"""


async def mark_missed(connection: PinnedConnection, after: UUID) -> UUID | None:
    """Mark the logs of the next page of conversations. Returns the conversation to continue after; None at the end.

    Raises:
        Unavailable: the database does not respond.
    """
    (found,) = await connection.run(_MARK_MISSED, after, PAGE)
    if found["marked"]:
        log.warning("feed_markers_restored", conversations=found["marked"])
    last: UUID | None = found["last"]
    return last
