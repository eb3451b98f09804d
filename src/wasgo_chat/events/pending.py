"""Pending markers: which logs have events that are not in the global feed yet, and up to which head.

`log.emit`, the group commit and imports write them in the transaction that appends; `feed.sequencer` deletes them.
"""

from collections.abc import Mapping
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.database.data_policy import not_personal
from wasgo_chat.database.session import Base


class PendingConversation(Base):
    """A pending marker: a conversation's log has new events, up to `head`."""

    __tablename__ = "pending"
    __data_policy__ = (
        not_personal("Conversations with events that are not in the feed yet", kept="Less than a second"),
    )

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    head: Mapped[int] = mapped_column(BigInteger)


_MARK = """
INSERT INTO pending AS p (conversation_id, head)
SELECT k.id, k.head FROM unnest($1::uuid[], $2::bigint[]) AS k(id, head) ORDER BY k.id
ON CONFLICT (conversation_id) DO UPDATE SET head = greatest(p.head, excluded.head)
"""


async def mark_pending(connection: "asyncpg.Connection[asyncpg.Record]", heads: Mapping[UUID, int]) -> None:
    """Mark several logs as pending up to these heads, in the transaction that appended to them."""
    await connection.execute(_MARK, list(heads), list(heads.values()))


class ObsoleteOffset(Base):
    """Offsets in single logs, as the release before the feed kept them. A later migration drops the table."""

    __tablename__ = "reader_cursors"
    __data_policy__ = (not_personal("Offsets of an earlier release; not used", kept="Until a later migration"),)

    reader: Mapped[str] = mapped_column(Text, primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
