"""The steps of a purge: what is due, and a short transaction that cuts a page off the old end of a conversation's log.

Nothing notes how far a purge has come beside `conversations.purged_seq`, which moves with what it removes: any worker
goes on where another was killed. The numbers of what stays do not change. In which order steps are taken, and how large
they are, is `turns`' part.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text, update

from wasgo_chat.core.config import Settings
from wasgo_chat.database.driver import fetch
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.events import truncation
from wasgo_chat.membership.models import Conversation
from wasgo_chat.messages import retention
from wasgo_chat.messages.tombstones import tombstone
from wasgo_chat.notifications import retention as notices

PAGE = 500
SCAN = 2_000

# In pages by id, as most conversations have nothing to purge. The head's own message is due as well; its event stays.
# Readings are in the order of their time, so the oldest one tells whether any was left behind.
_SCAN = """
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
    ) r WHERE r.version < s.reads_version AND r.read_at < s.before AND NAMES_NOTHING
) AS is_due
FROM scanned s ORDER BY s.id
""".replace("NAMES_NOTHING", retention.references_no_message("s.before"))

_HEAD = """
SELECT e.message_id, m.number FROM events e
JOIN messages m ON m.conversation_id = e.conversation_id AND m.id = e.message_id AND m.deleted_at IS NULL
WHERE e.conversation_id = :conversation_id AND e.seq = :head AND e.created_at < :before
"""


@dataclass(frozen=True, slots=True)
class DueConversation:
    """A conversation with something older than `before`, which is past its time."""

    conversation_id: UUID
    before: datetime


@dataclass(slots=True)
class PurgeResult:
    """What was removed, and what was not: `held`, as somebody else held the conversation then; `failed`, and why."""

    events: int = 0
    messages: int = 0
    tombstones: int = 0
    held: list[UUID] = field(default_factory=list)
    failed: dict[UUID, str] = field(default_factory=dict)

    def add(self, other: "PurgeResult") -> None:
        """Count what was done elsewhere."""
        self.events += other.events
        self.messages += other.messages
        self.tombstones += other.tombstones
        self.held += other.held
        self.failed |= other.failed


async def scan(db: Database, settings: Settings, after: UUID) -> tuple[list[DueConversation], UUID | None]:
    """Those of the next conversations after an id that are due, and the id to go on after; None at the end.

    Raises:
        Unavailable: the database does not answer.
    """
    types, days = list(settings.retention_days), list(settings.retention_days.values())
    rows = await fetch(db, _SCAN, after, SCAN, types, days)
    due = [DueConversation(row["id"], row["before"]) for row in rows if row["is_due"]]
    return due, rows[-1]["id"] if len(rows) == SCAN else None


async def next_number(tx: Tx, due: DueConversation, *, page: int) -> int | None:
    """Up to which message a step is going to remove, in a conversation that nobody need hold; None where nothing is."""
    statement = select(Conversation.purged_seq, Conversation.last_seq).where(Conversation.id == due.conversation_id)
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    # A step may take the head's message with the page before it.
    given = {"after": row.purged_seq, "head": row.last_seq + 1, "before": due.before, "page": page + 1}
    upto = await truncation.next_truncation_point(tx, due.conversation_id, **given)
    return None if upto is None else await retention.number_at(tx, due.conversation_id, upto)


async def step(tx: Tx, due: DueConversation, *, page: int) -> PurgeResult:
    """Purge a page of one conversation. Whoever sends, edits or reacts there waits for it, or it for them.

    Of the notifications of these messages it removes a page at most: they are to be gone already.
    """
    conversation_id, before = due.conversation_id, due.before
    held = select(Conversation).where(Conversation.id == conversation_id)
    row = (await tx.execute(held.with_for_update(key_share=True, skip_locked=True))).scalar_one_or_none()
    if row is None:
        return PurgeResult(held=[conversation_id])
    after, head = row.purged_seq, row.last_seq
    cut = await truncation.next_truncation_point(tx, conversation_id, after=after, head=head, before=before, page=page)
    purged = PurgeResult()
    number: int | None = None
    if cut is not None:
        told = await truncation.truncate(tx, conversation_id, after=after, upto=cut)
        kept = await truncation.still_referenced(tx, conversation_id, sorted(told))
        gone = sorted(told - kept)
        number = await retention.greatest_number(tx, conversation_id, told)
        await retention.delete_messages(tx, conversation_id, gone)
        await tombstone(tx, conversation_id, sorted(kept), deleted_at=func.clock_timestamp())
        await tx.execute(update(Conversation).where(Conversation.id == conversation_id).values(purged_seq=cut))
        purged = PurgeResult(cut - after, len(gone), len(kept))
    if (cut or after) == head - 1:
        given = {"conversation_id": conversation_id, "head": head, "before": before}
        if (last := (await tx.execute(text(_HEAD), given)).one_or_none()) is not None:
            # Its event stays for those who follow the log; what it says does not.
            await tombstone(tx, conversation_id, [last.message_id], deleted_at=func.clock_timestamp())
            purged.tombstones, number = purged.tombstones + 1, last.number
    if number is not None:
        # What the log's reader made since.
        await notices.delete_for_messages(tx, conversation_id, number, page=page)
    return purged
