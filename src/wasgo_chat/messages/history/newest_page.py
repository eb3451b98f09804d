"""The most requested page: the newest messages of a conversation, or those before a seq, with one statement.

It returns what `pages.fetch_page` returns (a test compares them), but straight from the driver's rows. Pages with
attachments, filters or another order are left to `pages`.
"""

from typing import Any
from uuid import UUID

import msgspec

from wasgo_chat.core.encoding import MAX_SAFE_INTEGER
from wasgo_chat.database.pinned import PinnedPool
from wasgo_chat.http.pagination import PageRequest
from wasgo_chat.messages.rendering import PREVIEW_CHARS, Columns, render_message

_SEPARATOR = "\x1f"

# Checks membership again: a user who was removed since the lookup gets nothing.
_PAGE = """
SELECT m.conversation_id, m.id, m.seq, m.sender_id, m.message_type, m.content, m.reply_to, m.mentions,
       m.metadata::text AS metadata, m.client_id, m.revision, m.edited_at, m.deleted_at, m.created_at,
       u.username, u.display_name, u.avatar_url,
       r.seq AS parent_seq, r.sender_id AS parent_sender_id, r.message_type AS parent_type,
       left(r.content, $5::int) AS parent_content, r.deleted_at IS NOT NULL AS parent_deleted,
       ru.username AS parent_username, ru.display_name AS parent_display_name, ru.avatar_url AS parent_avatar_url,
       (SELECT array_agg(x.emoji || chr(31) || x.user_id ORDER BY x.created_at, x.user_id, x.emoji)
        FROM reactions x WHERE x.conversation_id = m.conversation_id AND x.message_id = m.id) AS reactions,
       EXISTS (SELECT FROM attachments a
               WHERE a.conversation_id = m.conversation_id AND a.message_id = m.id) AS has_attachments
FROM messages m
LEFT JOIN users u ON u.id = m.sender_id
LEFT JOIN messages r ON r.conversation_id = m.conversation_id AND r.id = m.reply_to
LEFT JOIN users ru ON ru.id = r.sender_id
WHERE m.conversation_id = $1 AND m.seq < $2 AND EXISTS (
    SELECT FROM participants p WHERE p.conversation_id = $1 AND p.user_id = $3 AND p.left_seq IS NULL)
ORDER BY m.seq DESC LIMIT $4
"""


async def fetch_newest_page(
    pages: PinnedPool, conversation_id: UUID, viewer: str, *, before_seq: int | None, page: PageRequest
) -> dict[str, Any] | None:
    """A page, newest first, for a viewer who is a member; None if it has attachments."""
    bounds = [bound for bound in (before_seq, page.key[0] if page.key else None) if bound is not None]
    upper_bound = min(bounds, default=MAX_SAFE_INTEGER)
    records = await pages.fetch(_PAGE, conversation_id, upper_bound, viewer, page.limit + 1, PREVIEW_CHARS)
    if any(record["has_attachments"] for record in records):
        return None
    rows, cursors = page.build_page(records, lambda record: [record["seq"]])
    return {"results": [_render(row, viewer) for row in rows], **cursors}


def _render(row: Columns, viewer: str) -> dict[str, Any]:
    by_emoji: dict[str, list[str]] = {}
    for reaction in row["reactions"] or ():
        emoji, user_id = reaction.split(_SEPARATOR)
        by_emoji.setdefault(emoji, []).append(user_id)
    message = render_message(row, by_emoji, [], viewer)
    message["metadata"] = msgspec.Raw(row["metadata"].encode())
    return message
