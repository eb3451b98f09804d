"""The table of attachments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base


class Attachment(Base):
    """A file of a conversation, attached to one of its messages or not claimed yet.

    The row is inserted before its objects are stored and deleted after them, so every stored object has a row.
    Therefore deleting a message or a conversation does not cascade here. `stored_at` is set once the objects are
    complete. `expires_at` is when they are removed; null while a message has the file.
    """

    __tablename__ = "attachments"
    __data_policy__ = (
        DataPolicy(
            "Files, their names and types; the files and thumbnails themselves are in the storage",
            exported="`attachments.json`, `files/`",
            erased="Deleted, with files and thumbnails",
            kept="As long as their message; unclaimed uploads `UNCLAIMED_ATTACHMENT_TTL_H`",
        ),
    )
    __table_args__ = (
        # A composite key: a message can only claim files of its own conversation.
        ForeignKeyConstraint(["conversation_id", "message_id"], ["messages.conversation_id", "messages.id"]),
        Index("uq_attachments_id", "id", unique=True),
        Index(
            "ix_attachments_message_id",
            "conversation_id",
            "message_id",
            "position",
            postgresql_where=sql("message_id IS NOT NULL"),
        ),
        Index("ix_attachments_uploader_id", "uploader_id", "id"),
        Index("ix_attachments_expires_at", "expires_at", postgresql_where=sql("expires_at IS NOT NULL")),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    uploader_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    service: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[UUID | None]
    position: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    filename: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    duration: Mapped[float | None] = mapped_column(Double)
    thumbnail_size: Mapped[int | None] = mapped_column(Integer)
    stored_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
