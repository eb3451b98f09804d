"""What becomes of messages that are past their time, in a conversation that the caller holds.

They are removed, with their revisions, reactions and files. One that the kept log still tells a change
of becomes a tombstone, as a frame must not name what is not there; its row goes when that event goes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update

from wasgo_chat.attachments import verbs as attachments
from wasgo_chat.core.db import Tx, among
from wasgo_chat.messages.models import Message, MessageRevision, Reaction

READS_PAGE = 2_000

# Readings are numbered without a gap, and whoever lags behind asks by number: the newest always stays.
_DROP_READS = """
DELETE FROM reads r USING conversations c
WHERE c.id = :conversation_id AND r.conversation_id = c.id AND r.version < c.reads_version
  AND r.version < (SELECT min(version) FROM reads WHERE conversation_id = :conversation_id) + :page
  AND r.read_at < :before
  AND (isempty(r.numbers) OR upper(r.numbers) <= :number + 1)
"""


async def greatest_number(tx: Tx, conversation_id: UUID, message_ids: Iterable[UUID]) -> int | None:
    """The greatest number of these messages; None where there is none."""
    those = (Message.conversation_id == conversation_id) & among(Message.id, message_ids)
    number: int | None = (await tx.execute(select(func.max(Message.number)).where(those))).scalar_one()
    return number


async def remove(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Remove messages for good."""
    if message_ids:
        await attachments.release(tx, conversation_id, message_ids)
        those = (Message.conversation_id == conversation_id) & among(Message.id, message_ids)
        await tx.execute(delete(Message).where(those))


async def bury(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Make tombstones of messages. No event tells of it: what clients have loaded, they keep."""
    if not message_ids:
        return
    those = (Message.conversation_id == conversation_id) & among(Message.id, message_ids)
    blank: dict[str, Any] = {
        "content": None,
        "mentions": [],
        "meta": {},
        "revision": Message.revision + 1,
        "deleted_at": func.clock_timestamp(),
    }
    await tx.execute(update(Message).where(those, Message.deleted_at.is_(None)).values(blank))
    for table in (MessageRevision, Reaction):
        of_them = (table.conversation_id == conversation_id) & among(table.message_id, message_ids)
        await tx.execute(delete(table).where(of_them))
    await attachments.release(tx, conversation_id, message_ids)


async def drop_reads(tx: Tx, conversation_id: UUID, *, number: int, before: datetime) -> None:
    """Forget a page of who read what when, of messages up to a number. What is unread does not depend on it."""
    given = {"conversation_id": conversation_id, "number": number, "before": before, "page": READS_PAGE}
    await tx.execute(text(_DROP_READS), given)
