"""Tables of notifications, preferences, push subscriptions and deliveries."""

from datetime import datetime, time
from typing import Any
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

from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base, one_of
from wasgo_chat.notifications.channels import CHANNELS

KINDS = ("message", "reply", "mention")
LEVELS = ("all", "mentions", "none")
STATES = ("pending", "sending", "retrying", "sent", "dead")


class Notification(Base):
    """A user's notification of a message. `number` is the message's: a message that is read is a notification read.

    The log consumer writes one row per participant and message, from those rows, so there are no foreign keys: they
    would look both up again and lock them, at more than the cost of the rest of the row. Code that deletes messages or
    users deletes their notifications as well. Every query begins with a user, so two keys are enough.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        PrimaryKeyConstraint("user_id", "id"),
        UniqueConstraint("user_id", "conversation_id", "number"),
    )
    __data_policy__ = (
        DataPolicy(
            "Notifications: of which message, when, whether marked as read",
            exported="`notifications.json`",
            erased="Deleted",
            kept="As long as the message, at most `NOTIFICATION_RETENTION_DAYS`",
        ),
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
    """A user's notification preferences. Without a row, everything is notified, at any time and by every channel."""

    __tablename__ = "notification_preferences"
    __table_args__ = (
        CheckConstraint(one_of("level", LEVELS), name="level"),
        CheckConstraint(
            "(quiet_start IS NULL) = (quiet_end IS NULL) AND (quiet_start IS NULL) = (time_zone IS NULL)",
            name="quiet",
        ),
    )
    __data_policy__ = (
        DataPolicy(
            "Notification preferences, quiet hours and their time zone",
            exported="`preferences.json`",
            erased="Deleted",
            kept="Until changed",
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

    @staticmethod
    def default_values() -> dict[str, Any]:
        """The column values that mean the same as no row."""
        return {"level": LEVELS[0], **dict.fromkeys(CHANNELS, True)}


class ConversationPreferences(Base):
    """A user's preferences for one conversation; null means that the general preference applies."""

    __tablename__ = "conversation_preferences"
    __table_args__ = (
        CheckConstraint(one_of("level", LEVELS), name="level"),
        Index("ix_conversation_preferences_user_id", "user_id"),
    )
    __data_policy__ = (
        DataPolicy(
            "Notification preferences for a conversation",
            exported="`preferences.json`",
            erased="Deleted",
            kept="Until changed",
        ),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[str | None] = mapped_column(Text)
    muted_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    email: Mapped[bool | None]
    push: Mapped[bool | None]
    webhook: Mapped[bool | None]


class PushSubscription(Base):
    """A browser's `PushSubscription` (Push API). `endpoint` is secret: knowing it is enough to address the browser."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (Index("ix_push_subscriptions_user_id", "user_id"), UniqueConstraint("endpoint"))
    __data_policy__ = (
        DataPolicy(
            "Browsers with web push: endpoint and keys",
            exported="`preferences.json`, without endpoint and keys",
            erased="Deleted immediately",
            kept="Until unsubscribed, or the push service reports it gone",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    endpoint: Mapped[str] = mapped_column(Text)
    p256dh: Mapped[str] = mapped_column(Text)
    auth: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class Delivery(Base):
    """One e-mail, push or webhook: planned, sent, or dead.

    It notifies a user of the messages `first_number` to `last_number` of a conversation. While it is `pending`, further
    messages extend the range: there is one per user, conversation, channel and target. From the first attempt on, the
    range is fixed, so that a repetition with the same id has the same content. `target` is the id of the push
    subscription, or empty.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(one_of("channel", CHANNELS), name="channel"),
        CheckConstraint(one_of("state", STATES), name="state"),
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
    __data_policy__ = (
        DataPolicy(
            "Deliveries by e-mail, push and webhook: when, of which messages, with which result; no text",
            exported="No: `notifications.json` has what they were about",
            erased="Deleted",
            kept="7 days once sent; dead ones at most `NOTIFICATION_RETENTION_DAYS`",
        ),
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
    # When it is processed next. A claim that is not settled by then was lost in a crash.
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Set right before the step that cannot be undone.
    handed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
