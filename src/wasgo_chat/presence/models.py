"""The table of presence: when each user was last seen."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base


class LastSeen(Base):
    """When a user was last online; while they are, updated once a minute."""

    __tablename__ = "last_seen"
    __data_policy__ = (
        DataPolicy(
            "When they were last online",
            exported="`profile.json`",
            erased="Deleted",
            kept="Until erased",
        ),
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
