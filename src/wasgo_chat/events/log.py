"""The log of a conversation: its rows, `emit` to append an event, `read_after` to read it.

An event has the actor, the type and the ids of rows, but no content: replay joins the current rows, and erasing a
person's messages never rewrites the log. `conversations.event_frames` renders events for clients.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    DateTime,
    Index,
    Integer,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    select,
    table,
    update,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base, Tx
from wasgo_chat.events.types import ConversationUpdated, Event, MessageSent
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor


class EventRow(Base):
    """A row of the log."""

    __tablename__ = "events"
    __data_policy__ = (
        DataPolicy(
            "The log: who did what, on which row; no content",
            exported="No: the rows it refers to are exported",
            erased="Replaced by a pseudonym",
            kept="As long as the conversation, at most `RETENTION_DAYS`",
        ),
    )
    __table_args__ = (
        # For finding messages that later events refer to. A send does not write this index.
        Index(
            "ix_events_changed",
            "conversation_id",
            "message_id",
            postgresql_where=sql("type <> 'new_message' AND message_id IS NOT NULL"),
        ),
    )

    # No foreign key to `conversations`: appending updates that row. Conversations are never deleted.
    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Text)
    service: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[UUID | None]
    revision: Mapped[int | None] = mapped_column(Integer)
    user_id: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sql("'{}'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class AppendedEvent:
    """The seq and time of an event, and the conversation's number of messages. The time is the database's."""

    seq: int
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class LogAdvanced:
    """Sent after a commit that appended events to a conversation's log, from this seq on."""

    conversation_id: UUID
    seq: int


# The head columns of `conversations`. The log owns them; `membership`, a layer above, owns the rest of the table.
_head = table(
    "conversations",
    column("id", Uuid()),
    column("last_seq", BigInteger()),
    column("message_count", BigInteger()),
    column("updated_at", DateTime(timezone=True)),
)

# The pending markers for consumers; `offsets` has the table.
_pending = table("pending", column("conversation_id", Uuid()), column("head", BigInteger()))


async def emit(tx: Tx, actor: Actor, conversation_id: UUID, event: Event) -> AppendedEvent:
    """Append an event. It takes the next seq under the conversation's row lock, so seq order is commit order.

    The pending marker for consumers is written in the same round trip. Times come from the database's clock and never
    decrease within a conversation.
    """
    now = func.greatest(_head.c.updated_at, func.clock_timestamp())
    values: dict[Any, Any] = {_head.c.last_seq: _head.c.last_seq + 1}
    if isinstance(event, MessageSent):
        values[_head.c.message_count] = _head.c.message_count + 1
    if event.is_activity:
        values[_head.c.updated_at] = now
    advance = (
        update(_head)
        .where(_head.c.id == bindparam("cid", conversation_id, type_=Uuid()))
        .values(values)
        .returning(_head.c.last_seq, _head.c.message_count, now.label("at"))
    )
    seq, number, at = (await tx.execute(advance)).one()
    statement = (
        insert(EventRow)
        .values(_row(actor, conversation_id, event, seq, at))
        .add_cte(_mark_pending(conversation_id, seq).cte("pending_marked"))
    )
    if actor.service is not None or _needs_audit(actor, event):
        statement = statement.add_cte(_audited(actor, conversation_id, event))
    await tx.execute(statement)
    tx.after_commit(LogAdvanced(conversation_id, seq))
    return AppendedEvent(seq, number, at)


async def emit_many(tx: Tx, actor: Actor, conversation_id: UUID, events: Sequence[Event]) -> AppendedEvent:
    """Append several events, none of them a new message, with a fixed number of round trips. Returns the last one.

    Bulk operations record the whole operation in the audit log, so this records nothing there.
    """
    head = _head.c.last_seq + len(events)
    now = func.greatest(_head.c.updated_at, func.clock_timestamp())
    advance = update(_head).where(_head.c.id == conversation_id).values({_head.c.last_seq: head})
    seq, number, at = (
        await tx.execute(advance.returning(_head.c.last_seq, _head.c.message_count, now.label("at")))
    ).one()
    first = seq - len(events) + 1
    rows = [_row(actor, conversation_id, event, first + index, at) for index, event in enumerate(events)]
    columns: dict[str, Any] = {"message_id": None, "revision": None, "user_id": None, "data": {}}
    await tx.execute(insert(EventRow.__table__), [{**columns, **row} for row in rows])  # type: ignore[arg-type]  # typed FromClause; it is a Table
    await tx.execute(_mark_pending(conversation_id, seq))
    tx.after_commit(LogAdvanced(conversation_id, first))
    return AppendedEvent(seq, number, at)


def _row(actor: Actor, conversation_id: UUID, event: Event, seq: int, at: datetime) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "seq": seq,
        "type": event.type,
        "actor_id": actor.user_id,
        "service": actor.service,
        "created_at": at,
        **event.columns(),
    }


def _mark_pending(conversation_id: UUID, seq: int) -> Insert:
    marker = insert(_pending).values(conversation_id=conversation_id, head=seq)
    head = func.greatest(_pending.c.head, marker.excluded.head)
    return marker.on_conflict_do_update(index_elements=[_pending.c.conversation_id], set_={"head": head})


def _needs_audit(actor: Actor, event: Event) -> bool:
    """Whether the event is administrative and does not only affect the actor."""
    return event.is_administrative and event.columns().get("user_id") != actor.user_id


def _audited(actor: Actor, conversation_id: UUID, event: Event) -> CTE:
    columns = event.columns()
    target = ",".join(event.fields) if isinstance(event, ConversationUpdated) else columns.get("message_id")
    record = audit.audit_insert(
        actor, event.type, conversation_id=conversation_id, user_id=columns.get("user_id"), target=target
    )
    return record.cte("audited")


async def read_after(tx: Tx, conversation_id: UUID, after_seq: int, *, limit: int) -> Sequence[EventRow]:
    """The next events after a seq, oldest first."""
    statement = (
        select(EventRow)
        .where(EventRow.conversation_id == conversation_id, EventRow.seq > after_seq)
        .order_by(EventRow.seq)
        .limit(limit)
    )
    return (await tx.execute(statement)).scalars().all()


async def pseudonymize(
    tx: Tx, conversation_id: UUID, user_id: str, pseudonym: str, *, after_seq: int, page: int
) -> int | None:
    """Replace a user by a pseudonym in the next events of a log. Returns the seq to continue after; None at the end."""
    head = select(_head.c.last_seq).where(_head.c.id == conversation_id)
    last: int = (await tx.execute(head)).scalar_one()
    in_page = (EventRow.conversation_id == conversation_id) & EventRow.seq.between(after_seq + 1, after_seq + page)
    for column_ in (EventRow.actor_id, EventRow.user_id):
        await tx.execute(update(EventRow).where(in_page, column_ == user_id).values({column_: pseudonym}))
    return after_seq + page if after_seq + page < last else None
