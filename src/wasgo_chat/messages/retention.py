"""Deletion of messages and read receipts whose retention period has ended, in a conversation that the caller has
locked.

Messages are deleted with their revisions, reactions and files. A message of which a later event remains in the log
becomes a tombstone instead: every frame must be able to show its message. Its row is deleted with that event.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text

from wasgo_chat.attachments import operations as attachments
from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.messages.models import Message


def references_no_message(before: str) -> str:
    """SQL condition on a read receipt `r`: all its messages are purged.

    Args:
        before: SQL expression of the moment before which messages are deleted.
    """
    return f"""NOT EXISTS (
        SELECT FROM messages m
        WHERE m.conversation_id = r.conversation_id AND m.number < upper(r.numbers)
          AND m.seq > (SELECT purged_seq FROM conversations WHERE id = r.conversation_id)
          AND NOT (m.deleted_at IS NOT NULL AND m.created_at < {before}))"""


# The newest receipt always stays: versions have no gap, and workers that lag behind read on by version.
_DELETE_READ_RECEIPTS = f"""
WITH page AS (
    SELECT version FROM reads WHERE conversation_id = :conversation_id AND version > :after
    ORDER BY version LIMIT :page
), deleted AS (
    DELETE FROM reads r USING page p, conversations c
    WHERE r.conversation_id = :conversation_id AND r.version = p.version
      AND c.id = r.conversation_id AND r.version < c.reads_version
      AND r.read_at < :before AND {references_no_message(":before")}
    RETURNING 1
)
SELECT (SELECT count(*) FROM page) AS seen, (SELECT max(version) FROM page) AS last,
       (SELECT count(*) FROM deleted) AS deleted
"""


async def number_at(tx: Tx, conversation_id: UUID, seq: int) -> int | None:
    """The greatest number of a message up to a seq, or None."""
    is_before = (Message.conversation_id == conversation_id) & (Message.seq <= seq)
    number: int | None = (await tx.execute(select(func.max(Message.number)).where(is_before))).scalar_one()
    return number


async def greatest_number(tx: Tx, conversation_id: UUID, message_ids: Iterable[UUID]) -> int | None:
    """The greatest number of these messages, or None."""
    is_chosen = (Message.conversation_id == conversation_id) & any_of(Message.id, message_ids)
    number: int | None = (await tx.execute(select(func.max(Message.number)).where(is_chosen))).scalar_one()
    return number


async def delete_messages(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Delete messages with everything that belongs to them."""
    if message_ids:
        await attachments.release(tx, conversation_id, message_ids)
        is_chosen = (Message.conversation_id == conversation_id) & any_of(Message.id, message_ids)
        await tx.execute(delete(Message).where(is_chosen))


async def delete_read_receipts(tx: Tx, conversation_id: UUID, *, after: int, before: datetime, page: int) -> int | None:
    """Delete the receipts of purged messages, of a page of the receipts after a version.

    Unread counts do not depend on receipts, so the conversation need not be locked.

    Returns:
        The version to continue after, or None at the end. Receipts are ordered by time, so a page of which none was
        deleted is the end too.
    """
    params = {"conversation_id": conversation_id, "after": after, "before": before, "page": page}
    row = (await tx.execute(text(_DELETE_READ_RECEIPTS), params)).one()
    last: int | None = row.last if row.seen == page and row.deleted else None
    return last
