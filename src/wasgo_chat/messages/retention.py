"""What becomes of messages that are past their time, in a conversation that the caller holds, and of who read them.

They are removed, with their revisions, reactions and files. One that the kept log still tells a change
of becomes a tombstone, as a frame must not name what is not there; its row goes when that event goes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update

from wasgo_chat.attachments import verbs as attachments
from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.messages.models import Message, MessageRevision, Reaction

REFERENCES_NO_MESSAGE = """NOT EXISTS (
    SELECT FROM messages m
    WHERE m.conversation_id = r.conversation_id AND m.number < upper(r.numbers)
      AND m.seq > (SELECT purged_seq FROM conversations WHERE id = r.conversation_id)
      AND NOT (m.deleted_at IS NOT NULL AND m.created_at < BEFORE))"""
"""Of a reading `r`: every message that it is about is purged. `BEFORE` is when messages began to be young enough."""

# Readings are numbered without a gap, and whoever lags behind asks by number: the newest always stays.
_DROP_READS = """
WITH page AS (
    SELECT version FROM reads WHERE conversation_id = :conversation_id AND version > :after
    ORDER BY version LIMIT :page
), gone AS (
    DELETE FROM reads r USING page p, conversations c
    WHERE r.conversation_id = :conversation_id AND r.version = p.version
      AND c.id = r.conversation_id AND r.version < c.reads_version
      AND r.read_at < :before AND NAMES_NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM page) AS seen, (SELECT max(version) FROM page) AS last,
       (SELECT count(*) FROM gone) AS gone
""".replace("NAMES_NOTHING", REFERENCES_NO_MESSAGE.replace("BEFORE", ":before"))


async def number_at(tx: Tx, conversation_id: UUID, seq: int) -> int | None:
    """The greatest number of a message up to a seq; None where there is none."""
    those = (Message.conversation_id == conversation_id) & (Message.seq <= seq)
    number: int | None = (await tx.execute(select(func.max(Message.number)).where(those))).scalar_one()
    return number


async def greatest_number(tx: Tx, conversation_id: UUID, message_ids: Iterable[UUID]) -> int | None:
    """The greatest number of these messages; None where there is none."""
    those = (Message.conversation_id == conversation_id) & any_of(Message.id, message_ids)
    number: int | None = (await tx.execute(select(func.max(Message.number)).where(those))).scalar_one()
    return number


async def delete_messages(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Remove messages for good."""
    if message_ids:
        await attachments.release(tx, conversation_id, message_ids)
        those = (Message.conversation_id == conversation_id) & any_of(Message.id, message_ids)
        await tx.execute(delete(Message).where(those))


async def tombstone(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Make tombstones of messages. No event tells of it: what clients have loaded, they keep."""
    if not message_ids:
        return
    those = (Message.conversation_id == conversation_id) & any_of(Message.id, message_ids)
    blank: dict[str, Any] = {
        "content": None,
        "mentions": [],
        "meta": {},
        "revision": Message.revision + 1,
        "deleted_at": func.clock_timestamp(),
    }
    await tx.execute(update(Message).where(those, Message.deleted_at.is_(None)).values(blank))
    for table in (MessageRevision, Reaction):
        of_them = (table.conversation_id == conversation_id) & any_of(table.message_id, message_ids)
        await tx.execute(delete(table).where(of_them))
    await attachments.release(tx, conversation_id, message_ids)


async def delete_read_receipts(tx: Tx, conversation_id: UUID, *, after: int, before: datetime, page: int) -> int | None:
    """Forget who read what when, of messages that are purged: a page of the readings after a version.

    What is unread does not depend on it, so nobody need hold the conversation.

    Returns:
        The version to go on after; None at the end. They are in the order of their time, so a page of which none went
        is the end too.
    """
    given = {"conversation_id": conversation_id, "after": after, "before": before, "page": page}
    row = (await tx.execute(text(_DROP_READS), given)).one()
    last: int | None = row.last if row.seen == page and row.gone else None
    return last
