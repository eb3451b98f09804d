"""The epoch of the installation: an opaque string that changes when logs lost events, as in a restore or a failover.

A log that lost its end and grew again has other events at the same seqs, so a seq says nothing without its epoch.
Clients send the epoch back with `after_seq`, and load the conversation again if it is another one. Epochs are random: a
new epoch of a restored database was never used before, not even after the backup was taken.
"""

from datetime import datetime
from typing import Annotated
from uuid import uuid4

from pydantic import Field
from sqlalchemy import Boolean, CheckConstraint, DateTime, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.core.encoding import SingleLine
from wasgo_chat.database.data_policy import not_personal
from wasgo_chat.database.session import Base, Tx

EpochOut = Annotated[
    str,
    Field(description="The epoch of the log. Send it back with `after_seq`; a `seq` of another epoch means nothing."),
]
EpochIn = Annotated[SingleLine, Field(max_length=64)]
EPOCH_SQL = "COALESCE((SELECT epoch FROM installation), '')"
"""The current epoch, as an expression for a statement that reads a log: it belongs to what the statement returns."""

_BEGIN = """
INSERT INTO installation AS i (epoch, changed_at) VALUES (:epoch, now())
ON CONFLICT (is_only) DO UPDATE SET epoch = excluded.epoch, changed_at = excluded.changed_at
WHERE CAST(:seen AS text) IS NULL OR i.epoch = :seen
"""


class Installation(Base):
    """The only row: facts about the database as a whole."""

    __tablename__ = "installation"
    __data_policy__ = (not_personal("The epoch of the logs", kept="Until the next one"),)
    __table_args__ = (CheckConstraint("is_only", name="is_only"),)

    is_only: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    epoch: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


async def current_epoch(tx: Tx) -> str:
    """The epoch. Read it before the log: a page with too early an epoch is loaded again, one with too late is not."""
    epoch: str = (await tx.execute(text(f"SELECT {EPOCH_SQL}"))).scalar_one()
    return epoch


async def begin_epoch(tx: Tx, *, seen: str | None = None) -> None:
    """Begin a new epoch. With `seen`, only if that is still the epoch: several workers then agree on one."""
    await tx.execute(text(_BEGIN), {"epoch": uuid4().hex, "seen": seen})
