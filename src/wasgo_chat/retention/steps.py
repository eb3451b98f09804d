"""The steps of a purge: finding due conversations, and truncating a page of a log in a short transaction.

The only record of progress is `conversations.purged_seq`, which is updated with each step, so any worker can continue
after another was killed. The seqs and numbers of what stays do not change. `pacing` runs the steps and sizes the pages.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text, update

from wasgo_chat.database.pinned import fetch
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.events import truncation
from wasgo_chat.membership.models import Conversation
from wasgo_chat.messages import retention as messages
from wasgo_chat.messages.tombstones import tombstone
from wasgo_chat.notifications import retention as notifications
from wasgo_chat.settings.config import Settings

PAGE = 500
"""Events per step."""

SCAN_PAGE = 2_000
"""Conversations per scan."""

# Paged by id, as most conversations have nothing to purge. The message of the head event is due as well, although the
# event itself stays. Read receipts are in the order of their time, so checking the oldest one is enough.
_SCAN = f"""
WITH scanned AS MATERIALIZED (
    SELECT c.id, c.last_seq, c.purged_seq, c.reads_version, now() - make_interval(days => k.days) AS before
    FROM (SELECT * FROM conversations WHERE id > $1 ORDER BY id LIMIT $2) c
    LEFT JOIN unnest($3::text[], $4::int[]) AS k(type, days) ON k.type = c.conversation_type
)
SELECT s.id, s.before, EXISTS (
    SELECT FROM events e WHERE e.conversation_id = s.id AND e.seq = s.purged_seq + 1 AND e.created_at < s.before
      AND (s.last_seq > s.purged_seq + 1 OR EXISTS (
          SELECT FROM messages m WHERE m.conversation_id = s.id AND m.id = e.message_id AND m.deleted_at IS NULL))
) OR EXISTS (
    SELECT FROM (
        SELECT * FROM reads WHERE conversation_id = s.id AND s.before IS NOT NULL ORDER BY version LIMIT 1
    ) r WHERE r.version < s.reads_version AND r.read_at < s.before AND {messages.references_no_message("s.before")}
) AS is_due
FROM scanned s ORDER BY s.id
"""  # noqa: S608  composed of constants

_EXPIRED_HEAD_MESSAGE = """
SELECT e.message_id, m.number FROM events e
JOIN messages m ON m.conversation_id = e.conversation_id AND m.id = e.message_id AND m.deleted_at IS NULL
WHERE e.conversation_id = :conversation_id AND e.seq = :head AND e.created_at < :before
"""


@dataclass(frozen=True, slots=True)
class DueConversation:
    """A conversation with events or read receipts older than `before`."""

    conversation_id: UUID
    before: datetime


@dataclass(slots=True)
class PurgeResult:
    """What was purged. `locked` are conversations that were locked, `failed` those with an error, and its code."""

    events: int = 0
    messages: int = 0
    tombstones: int = 0
    locked: list[UUID] = field(default_factory=list)
    failed: dict[UUID, str] = field(default_factory=dict)

    def add(self, other: "PurgeResult") -> None:
        """Add the counts of another result."""
        self.events += other.events
        self.messages += other.messages
        self.tombstones += other.tombstones
        self.locked += other.locked
        self.failed |= other.failed


async def scan(db: Database, settings: Settings, after: UUID) -> tuple[list[DueConversation], UUID | None]:
    """Find the due ones among the next conversations after an id.

    Returns:
        The due conversations, and the id to continue after; None at the end.

    Raises:
        Unavailable: the database does not respond.
    """
    types, days = list(settings.retention_days), list(settings.retention_days.values())
    rows = await fetch(db, _SCAN, after, SCAN_PAGE, types, days)
    due = [DueConversation(row["id"], row["before"]) for row in rows if row["is_due"]]
    return due, rows[-1]["id"] if len(rows) == SCAN_PAGE else None


async def next_number(tx: Tx, due: DueConversation, *, page: int) -> int | None:
    """The number of the last message that the next step will delete; None if there is none. Needs no lock."""
    statement = select(Conversation.purged_seq, Conversation.last_seq).where(Conversation.id == due.conversation_id)
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    # A step may delete the message of the head event together with the page before it.
    params = {"after": row.purged_seq, "head": row.last_seq + 1, "before": due.before, "page": page + 1}
    last_seq = await truncation.next_truncation_point(tx, due.conversation_id, **params)
    return None if last_seq is None else await messages.number_at(tx, due.conversation_id, last_seq)


async def step(tx: Tx, due: DueConversation, *, page: int) -> PurgeResult:
    """Purge a page of one conversation. Holds the conversation's lock, so requests that write there wait.

    Deletes at most a page of the notifications of these messages: the others have to be deleted before.
    """
    conversation_id, before = due.conversation_id, due.before
    conversation = select(Conversation).where(Conversation.id == conversation_id)
    row = (await tx.execute(conversation.with_for_update(key_share=True, skip_locked=True))).scalar_one_or_none()
    if row is None:
        return PurgeResult(locked=[conversation_id])
    after, head = row.purged_seq, row.last_seq
    cut = await truncation.next_truncation_point(tx, conversation_id, after=after, head=head, before=before, page=page)
    purged = PurgeResult()
    number: int | None = None
    if cut is not None:
        message_ids = await truncation.truncate(tx, conversation_id, after=after, upto=cut)
        referenced = await truncation.still_referenced(tx, conversation_id, sorted(message_ids))
        deleted = sorted(message_ids - referenced)
        number = await messages.greatest_number(tx, conversation_id, message_ids)
        await messages.delete_messages(tx, conversation_id, deleted)
        await tombstone(tx, conversation_id, sorted(referenced), deleted_at=func.clock_timestamp())
        await tx.execute(update(Conversation).where(Conversation.id == conversation_id).values(purged_seq=cut))
        purged = PurgeResult(cut - after, len(deleted), len(referenced))
    if (cut or after) == head - 1:
        params = {"conversation_id": conversation_id, "head": head, "before": before}
        if (last := (await tx.execute(text(_EXPIRED_HEAD_MESSAGE), params)).one_or_none()) is not None:
            # The head event stays for clients that resume; the content of its message does not.
            await tombstone(tx, conversation_id, [last.message_id], deleted_at=func.clock_timestamp())
            purged.tombstones, number = purged.tombstones + 1, last.number
    if number is not None:
        # Those that the fan-out has created in the meantime.
        await notifications.delete_for_messages(tx, conversation_id, number, page=page)
    return purged
