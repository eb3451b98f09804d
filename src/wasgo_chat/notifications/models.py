"""Tables of notifications, preferences, push subscriptions and deliveries."""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    Time,
    UniqueConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.database.session import Base

KINDS = ("message", "reply", "mention")
LEVELS = ("all", "mentions", "none")
CHANNELS = ("email", "push", "webhook")
STATES = ("pending", "sending", "retrying", "sent", "dead")


def _one_of(name: str, values: tuple[str, ...]) -> str:
    return f"{name} IN ({', '.join(repr(value) for value in values)})"


class Notification(Base):
    """A user was told of a message. `number` is the message's: read there is read here.

    The log's reader writes one for each member and message, from those very rows, so nothing refers to them: a foreign
    key would look both up again and lock them, for more than the rest of the row costs. Who removes a message or a user
    removes these as well. Two keys serve every question that is asked, which begins with a user.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        PrimaryKeyConstraint("user_id", "id"),
        UniqueConstraint("user_id", "conversation_id", "number"),
    )

    id: Mapped[UUID]
    user_id: Mapped[str] = mapped_column(Text)
    conversation_id: Mapped[UUID]
    message_id: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class NotificationPreferences(Base):
    """What a user wants; who never said is told everything, at any hour, by every channel."""

    __tablename__ = "notification_preferences"
    __table_args__ = (
        CheckConstraint(_one_of("level", LEVELS), name="level"),
        CheckConstraint(
            "(quiet_start IS NULL) = (quiet_end IS NULL) AND (quiet_start IS NULL) = (time_zone IS NULL)",
            name="quiet",
        ),
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[str] = mapped_column(Text)
    muted_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    quiet_start: Mapped[time | None] = mapped_column(Time)
    quiet_end: Mapped[time | None] = mapped_column(Time)
    time_zone: Mapped[str | None] = mapped_column(Text)
    email: Mapped[bool]
    push: Mapped[bool]
    webhook: Mapped[bool]


class ConversationPreferences(Base):
    """What a user wants of one conversation; null leaves it to what they want in general."""

    __tablename__ = "conversation_preferences"
    __table_args__ = (
        CheckConstraint(_one_of("level", LEVELS), name="level"),
        Index("ix_conversation_preferences_user_id", "user_id"),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[str | None] = mapped_column(Text)
    muted_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    email: Mapped[bool | None]
    push: Mapped[bool | None]
    webhook: Mapped[bool | None]


class PushSubscription(Base):
    """A browser that wants web push, as the Push API describes it. `endpoint` is a secret of that browser."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (Index("ix_push_subscriptions_user_id", "user_id"), UniqueConstraint("endpoint"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    endpoint: Mapped[str] = mapped_column(Text)
    p256dh: Mapped[str] = mapped_column(Text)
    auth: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class Delivery(Base):
    """One mail, push or webhook that is to go out, did, or never will.

    It tells a user of the messages `first_number` to `last_number` of a conversation. While `pending` it gathers:
    there is one for a user, conversation, channel and target, and further messages raise `last_number`. Once it was
    tried its range stays as it is, so that a repeat under the same id says the same. `target` is the push
    subscription, or empty.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(_one_of("channel", CHANNELS), name="channel"),
        CheckConstraint(_one_of("state", STATES), name="state"),
        Index(
            "uq_deliveries_gathering",
            "user_id",
            "conversation_id",
            "channel",
            "target",
            unique=True,
            postgresql_where=sql("state = 'pending'"),
        ),
        Index(
            "ix_deliveries_due",
            "due_at",
            postgresql_where=sql("state IN ('pending', 'retrying', 'sending')"),
        ),
        Index(
            "ix_deliveries_tried",
            "user_id",
            "conversation_id",
            "channel",
            "target",
            postgresql_where=sql("state IN ('retrying', 'sending')"),
        ),
        Index("ix_deliveries_user_id", "user_id"),
        Index("ix_deliveries_ended", "state", "id", postgresql_where=sql("state IN ('sent', 'dead')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text, server_default="")
    first_number: Mapped[int] = mapped_column(BigInteger)
    last_number: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    # When it is next to be looked at: a claim that is not settled by then has been lost in a crash.
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Set right before what cannot be taken back.
    handed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
