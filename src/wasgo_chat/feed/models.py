"""The tables of the global feed: the feed, how far each log is in it, the offsets of the consumers, parked events."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, Integer, SmallInteger, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.database.data_policy import not_personal
from wasgo_chat.database.session import Base

SHARD = 0
"""The only shard. Positions, offsets and the sequencer's row belong to a shard, so that the feed can be split later."""


class FeedRow(Base):
    """An event in the feed. Partitioned by day; `feed.partitions` creates and drops the partitions.

    A unique constraint of a partitioned table must contain the partition key. That positions are unique is ensured by
    the only statement that inserts, in `feed.sequencer`.
    """

    __tablename__ = "feed"
    __data_policy__ = (not_personal("The feed: which events, in which order; no content", kept="`FEED_DAYS`"),)
    __table_args__ = {"postgresql_partition_by": "RANGE (sequenced_at)"}  # noqa: RUF012  as SQLAlchemy declares it

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sequenced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    conversation_id: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    type: Mapped[str] = mapped_column(Text)
    is_imported: Mapped[bool] = mapped_column(Boolean)


class FeedHead(Base):
    """The last seq of a conversation's log that is in the feed; no row is 0."""

    __tablename__ = "feed_heads"
    __data_policy__ = (not_personal("How far each log is in the feed", kept="As long as the conversation"),)

    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class FeedEnd(Base):
    """The end of the feed: the last position, and when it was assigned. One row for each shard."""

    __tablename__ = "feed_end"
    __data_policy__ = (not_personal("The end of the feed", kept="Always"),)

    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger)
    sequenced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FeedOffset(Base):
    """The last position that a consumer has handled, and when it was assigned, which selects the partitions to read.

    During a rebuild `rebuilt_conversation` and `rebuilt_seq` are the last event handled of the logs, in the order of
    their primary key; afterwards the consumer continues after `position`.
    """

    __tablename__ = "feed_offsets"
    __data_policy__ = (not_personal("Offsets of the consumers of the feed", kept="As long as the consumer exists"),)

    consumer: Mapped[str] = mapped_column(Text, primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger)
    sequenced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    rebuilt_conversation: Mapped[UUID | None]
    rebuilt_seq: Mapped[int | None] = mapped_column(BigInteger)


class ParkedEvent(Base):
    """The first event of a conversation that a consumer could not handle.

    It and the later ones of the conversation, up to `up_to`, wait for `retry_at`.
    """

    __tablename__ = "parked_events"
    __data_policy__ = (not_personal("Events that a consumer could not handle", kept="Until they are handled"),)

    consumer: Mapped[str] = mapped_column(Text, primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    up_to: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(Text)
    error: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, server_default=sql("1"))
    parked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=sql("now()"))
    retry_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
