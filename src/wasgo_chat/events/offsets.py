"""The tables of the log's consumers: pending markers of conversations with new events, and each consumer's offsets."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Text, bindparam
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.database.data_policy import not_personal
from wasgo_chat.database.session import Base, Tx
from wasgo_chat.events.consumer_registry import CONSUMERS


@dataclass(frozen=True, slots=True)
class SeqRange:
    """The events of a conversation after one seq, up to and including another."""

    conversation_id: UUID
    after: int
    up_to: int


class PendingConversation(Base):
    """A pending marker: a conversation's log has new events, up to `head`."""

    __tablename__ = "pending"
    __data_policy__ = (
        not_personal("Conversations with events that a consumer has not processed", kept="Until processed"),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    head: Mapped[int] = mapped_column(BigInteger)


class ConsumerOffset(Base):
    """The last seq that a consumer has handled in a conversation."""

    __tablename__ = "reader_cursors"
    __data_policy__ = (not_personal("Offsets of log consumers", kept="As long as the conversation"),)

    reader: Mapped[str] = mapped_column(Text, primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


ADVANCE = """
INSERT INTO reader_cursors (reader, conversation_id, seq)
SELECT $1, k.id, k.seq FROM unnest($2::uuid[], $3::bigint[]) AS k(id, seq)
ON CONFLICT (reader, conversation_id) DO UPDATE SET seq = excluded.seq
"""
"""Advances the offsets of a consumer. Parameters: its name, conversation ids, seqs."""

_DRAINED = """
SELECT pg_advisory_xact_lock(hashtextextended('reader' || chr(10) || k.reader || chr(10) || CAST(:id AS text), 0)),
       NOT EXISTS (
           SELECT FROM pending p
           LEFT JOIN reader_cursors c ON c.reader = k.reader AND c.conversation_id = p.conversation_id
           WHERE p.conversation_id = CAST(CAST(:id AS text) AS uuid) AND p.head > COALESCE(c.seq, 0)) AS is_drained
FROM unnest(CAST(:readers AS text[])) AS k(reader)
"""


async def lock_if_drained(tx: Tx, conversation_id: UUID) -> bool:
    """Keep all consumers away from a conversation until the end of the transaction. Returns whether they have handled
    all of its events.
    """
    statement = sql(_DRAINED).bindparams(bindparam("readers", type_=ARRAY(Text)))
    rows = await tx.execute(statement, {"id": str(conversation_id), "readers": list(CONSUMERS)})
    return all(row.is_drained for row in rows.all())


async def skip_to(tx: Tx, heads: Mapping[UUID, int]) -> None:
    """Advance every consumer's offsets to these seqs, without handling the events."""
    connection = await tx.connection()
    for consumer in CONSUMERS:
        await connection.exec_driver_sql(ADVANCE, (consumer, list(heads), list(heads.values())))
