"""Tables of messages, their earlier versions, reactions and read receipts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base, one_of
from wasgo_chat.messages.types import MESSAGE_TYPES, SYSTEM


class Message(Base):
    """A message; a deleted one stays as a tombstone (see `tombstones`).

    `number` counts the messages of a conversation: ranges of read numbers stay compact, however many other events lie
    between messages. `seq` is the seq of the `new_message` event.
    """

    __tablename__ = "messages"
    __data_policy__ = (
        DataPolicy(
            "Messages",
            exported="`messages.json`",
            erased="Content is deleted; the author is replaced by a pseudonym",
            kept="Until erased, at most `RETENTION_DAYS`; the content of a deleted message is removed immediately",
        ),
        DataPolicy(
            "Mentions by others",
            exported="No: part of the messages of others",
            erased="Replaced by a pseudonym",
            kept="As long as the message",
        ),
        DataPolicy(
            'System messages about them ("dee joined")',
            exported="No: written by the service",
            erased='The text becomes "erased user joined"; the user is replaced by a pseudonym',
            kept="As long as the message",
        ),
    )
    __table_args__ = (
        CheckConstraint(one_of("message_type", MESSAGE_TYPES), name="type"),
        CheckConstraint(f"(sender_id IS NULL) = (message_type = '{SYSTEM.name}')", name="sender"),
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "number"),
        Index("ix_messages_id", "id"),
        # Not partial: it also finds the messages of a sender.
        Index("uq_messages_sender_client_id", "conversation_id", "sender_id", "client_id", unique=True),
    )

    # No foreign keys to `conversations` and `users`: a send reads both rows, and the sender's participant row, under
    # the conversation's lock, and the check of a foreign key would read and lock them once more. Conversations are
    # never deleted; `data_import.invariants` finds messages without one.
    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(BigInteger)
    sender_id: Mapped[str | None] = mapped_column(Text)
    service: Mapped[str | None] = mapped_column(Text)
    message_type: Mapped[str] = mapped_column(Text)
    content: Mapped[str | None] = mapped_column(Text)
    reply_to: Mapped[UUID | None]
    mentions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=sql("'{}'::text[]"))
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", JSONB, server_default=sql("'{}'::jsonb"))
    client_id: Mapped[str | None] = mapped_column(Text)
    request_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    revision: Mapped[int] = mapped_column(Integer, server_default="1")
    edited_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def _of_message() -> ForeignKeyConstraint:
    """A composite foreign key, so that no row can reference a message of another conversation."""
    return ForeignKeyConstraint(
        ["conversation_id", "message_id"], ["messages.conversation_id", "messages.id"], ondelete="CASCADE"
    )


class MessageRevision(Base):
    """The content of a message before an edit or deletion."""

    __tablename__ = "message_revisions"
    __data_policy__ = (
        DataPolicy(
            "Content of messages before an edit or deletion",
            exported="`messages.json`",
            erased="Deleted",
            kept="Until erased, at most as long as the message",
        ),
    )
    __table_args__ = (_of_message(),)

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[str | None] = mapped_column(Text)
    replaced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Reaction(Base):
    """One emoji of one user on one message."""

    __tablename__ = "reactions"
    __data_policy__ = (
        DataPolicy(
            "Reactions",
            exported="`reactions.json`",
            erased="Deleted",
            kept="Until removed, at most as long as the message",
        ),
    )
    __table_args__ = (Index("ix_reactions_user_id", "user_id", "conversation_id"), _of_message())

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    emoji: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class Read(Base):
    """A read receipt: a user marked these message numbers. `version` counts a conversation's receipts without a gap."""

    __tablename__ = "reads"
    __data_policy__ = (
        DataPolicy(
            "When they read which messages",
            exported="`reads.json`",
            erased="Rows are kept with a pseudonym and the time, without the messages",
            kept="Until erased, at most `RETENTION_DAYS`",
        ),
    )
    __table_args__ = (
        Index("ix_reads_user_id", "user_id", "conversation_id"),
        ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
    )

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    numbers: Mapped[Any] = mapped_column(INT8MULTIRANGE)
    up_to_seq: Mapped[int | None] = mapped_column(BigInteger)
    read_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
