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

from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base

CONVERSATION_TYPES = ("direct", "job", "bid", "request", "support", "dispute")
REFERENCED_TYPES = ("bid", "job", "request", "dispute")
ROLES = ("observer", "participant", "moderator", "admin")
STATUSES = ("open", "closed")


def _one_of(name: str, values: tuple[str, ...]) -> str:
    return f"{name} IN ({', '.join(repr(value) for value in values)})"


# What the parser would take for one word together with its neighbours, as in host names, paths and numbers, parts them.
_PARTING = "-_./:@+~%&?=#"
_TITLE_WORDS = f"to_tsvector('simple'::regconfig, translate(title, '{_PARTING}', '{' ' * len(_PARTING)}'))"


class Conversation(Base):
    """A conversation and the head of its log."""

    __tablename__ = "conversations"
    __data_policy__ = (
        DataPolicy(
            "Title, metadata and settings that they gave a conversation, who created it",
            exported="No: part of the conversation",
            erased="Cleared; the creator is replaced by a pseudonym",
            kept="Until changed",
        ),
    )
    __table_args__ = (
        CheckConstraint(_one_of("conversation_type", CONVERSATION_TYPES), name="type"),
        CheckConstraint(_one_of("status", STATUSES), name="status"),
        CheckConstraint("(reference_type IS NULL) = (reference_id IS NULL)", name="reference"),
        Index(
            "uq_conversations_reference",
            "conversation_type",
            "reference_type",
            "reference_id",
            unique=True,
            postgresql_where=sql(_one_of("conversation_type", REFERENCED_TYPES)),
        ),
        Index(
            "uq_conversations_direct_pair",
            "direct_pair",
            unique=True,
            postgresql_where=sql("direct_pair IS NOT NULL"),
        ),
        # For lists over everybody's. None of these columns changes with a message, so none of these is written then.
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
    # `metadata` is a name that SQLAlchemy keeps for itself.
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB, server_default=sql("'{}'::jsonb"))
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sql("'{}'::jsonb"))
    created_by: Mapped[str | None] = mapped_column(Text)
    last_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    message_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    reads_version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # Up to here the log is gone, with the messages it told of; see `retention`.
    purged_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


TITLE_WORDS: ColumnElement[Any] = literal_column(_TITLE_WORDS)
"""The words of a conversation's title, as they are indexed; for statements with the table under its own name."""


class Participant(Base):
    """A user's place in a conversation; stays, with `left_seq` set, when they leave.

    `read` holds the numbers of exactly the messages they marked as read.
    """

    __tablename__ = "participants"
    __data_policy__ = (
        DataPolicy(
            "Conversations they are or were in, role, which messages they have read",
            exported="`conversations.json`",
            erased="They leave the conversation; an empty row of a pseudonym stays",
            kept="Until erased",
        ),
    )
    __table_args__ = (
        CheckConstraint(_one_of("role", ROLES), name="role"),
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
