"""Tables of conversations and participants."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    Text,
    func,
    literal_column,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.conversation_types import CONVERSATION_TYPES, REFERENCED_TYPES
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base, one_of
from wasgo_chat.membership.roles import Role

STATUSES = ("open", "closed")


# Characters that the text search parser keeps inside a word, as in host names, paths and numbers; here they separate.
_SEPARATORS = "-_./:@+~%&?=#"
_TITLE_WORDS = f"to_tsvector('simple'::regconfig, translate(title, '{_SEPARATORS}', '{' ' * len(_SEPARATORS)}'))"


class Conversation(Base):
    """A conversation and the head of its log."""

    __tablename__ = "conversations"
    __data_policy__ = (
        DataPolicy(
            "Title, metadata, settings and reference that they gave a conversation, who created it",
            exported="No: part of the conversation",
            erased="Cleared; the creator is replaced by a pseudonym",
            kept="Until changed",
        ),
    )
    __table_args__ = (
        CheckConstraint(one_of("conversation_type", CONVERSATION_TYPES), name="type"),
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint("(reference_type IS NULL) = (reference_id IS NULL)", name="reference"),
        Index(
            "uq_conversations_reference",
            "conversation_type",
            "reference_type",
            "reference_id",
            unique=True,
            postgresql_where=sql(one_of("conversation_type", REFERENCED_TYPES)),
        ),
        Index(
            "uq_conversations_direct_pair",
            "direct_pair",
            unique=True,
            postgresql_where=sql("direct_pair IS NOT NULL"),
        ),
        # For operators' lists over all conversations. A message changes none of these columns, so a send does not write
        # these indexes.
        Index("ix_conversations_type", "conversation_type", "id"),
        Index("ix_conversations_status", "status", "id"),
        Index("ix_conversations_reference_id", "reference_id", "id", postgresql_where=sql("reference_id IS NOT NULL")),
        Index("ix_conversations_title", sql(_TITLE_WORDS), postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_type: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, server_default="")
    reference_type: Mapped[str | None] = mapped_column(Text)
    reference_id: Mapped[str | None] = mapped_column(Text)
    direct_pair: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    status: Mapped[str] = mapped_column(Text, server_default="open")
    # SQLAlchemy reserves the attribute name `metadata`.
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB, server_default=sql("'{}'::jsonb"))
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sql("'{}'::jsonb"))
    created_by: Mapped[str | None] = mapped_column(Text)
    last_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    message_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    reads_version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # The log is purged up to this seq, with the messages of its events; see `retention`.
    purged_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


TITLE_WORDS: ColumnElement[Any] = literal_column(_TITLE_WORDS)
"""The words of a conversation's title, as indexed. For statements that do not alias the table."""


class Participant(Base):
    """A user's membership in a conversation. The row stays when they leave; `left_seq` is set then.

    `read` has exactly the numbers of the messages that they marked as read.
    """

    __tablename__ = "participants"
    __data_policy__ = (
        DataPolicy(
            "Conversations they are or were in, role, which messages they have read",
            exported="`conversations.json`",
            erased="The user leaves the conversation; the row is kept with a pseudonym, role and times",
            kept="Until erased",
        ),
    )
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="role"),
        Index("ix_participants_user_id", "user_id", "conversation_id"),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    joined_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    joined_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    joined_number: Mapped[int] = mapped_column(BigInteger, server_default="0")
    left_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    left_seq: Mapped[int | None] = mapped_column(BigInteger)
    archived_at_number: Mapped[int | None] = mapped_column(BigInteger)
    read: Mapped[Any] = mapped_column(INT8MULTIRANGE, server_default=sql("'{}'::int8multirange"))
