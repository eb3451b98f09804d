"""Erased users: fingerprints that recognize an erased id without storing it, and the progress of erasures.

`privacy` performs the erasure. A fingerprint is a keyed hash, so the table does not contain user ids.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Integer, LargeBinary, Text, func, or_, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.core.encoding import keyed_hash
from wasgo_chat.core.errors import UserErased
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base, Tx, any_of, one_of
from wasgo_chat.settings.config import Settings

STATES = ("words", "names", "done")


class Erasure(Base):
    """The erasure of a user. `user_id` and `names` are set only while it is running.

    In the state `words` the user's content is removed, in `names` the user's names. `conversation_id`, `number` (of the
    last processed message) and `seq` (of the last processed event) are the cursor; `number` is null once a conversation
    is finished.
    """

    __tablename__ = "erasures"
    __data_policy__ = (
        DataPolicy(
            "That a user was erased: a keyed hash of the id. While the erasure runs, also the id and the names",
            exported="No: nothing else is left",
            erased="The id and the names are cleared at the end; the hash is kept",
            kept="Permanently",
        ),
    )
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("(state = 'done') = (user_id IS NULL)", name="forgotten"),
        Index("ix_erasures_due", "due_at", postgresql_where=sql("state <> 'done'")),
    )

    user_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    pseudonym: Mapped[str] = mapped_column(Text, unique=True)
    user_id: Mapped[str | None] = mapped_column(Text)
    names: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=sql("'{}'::text[]"))
    service: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="words")
    conversation_id: Mapped[UUID | None]
    number: Mapped[int | None] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    messages: Mapped[int] = mapped_column(BigInteger, server_default="0")
    conversations: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


def user_fingerprint(settings: Settings, user_id: str) -> bytes:
    """The fingerprint of a user id, 32 bytes. Without the key of the service, ids cannot be tested against it."""
    return keyed_hash(settings.hash_key(), ["erased", user_id])


async def erased_among(tx: Tx, user_ids: Iterable[str]) -> set[str]:
    """Those of these ids that have been or are being erased, or that are pseudonyms."""
    ids = list(user_ids)
    by_fingerprint = {user_fingerprint(tx.settings, user_id): user_id for user_id in ids}
    statement = select(Erasure.user_hash, Erasure.pseudonym)
    rows = await tx.execute(
        statement.where(or_(any_of(Erasure.user_hash, by_fingerprint), any_of(Erasure.pseudonym, ids)))
    )
    return {by_fingerprint.get(row.user_hash, row.pseudonym) for row in rows}


async def pseudonyms_of(tx: Tx, user_ids: Iterable[str]) -> list[str]:
    """The pseudonyms of those of these users who have been or are being erased."""
    hashes = [user_fingerprint(tx.settings, user_id) for user_id in user_ids]
    return list((await tx.execute(select(Erasure.pseudonym).where(any_of(Erasure.user_hash, hashes)))).scalars())


async def running_erasures(tx: Tx, pseudonyms: Iterable[str]) -> dict[str, str]:
    """The user ids behind those of these pseudonyms whose erasure is still running."""
    statement = select(Erasure.pseudonym, Erasure.user_id).where(
        any_of(Erasure.pseudonym, pseudonyms), Erasure.user_id.is_not(None)
    )
    return {row.pseudonym: row.user_id for row in await tx.execute(statement)}


async def reject_erased(tx: Tx, user_ids: Iterable[str]) -> None:
    """Raises: UserErased, if one of these ids has been erased."""
    if await erased_among(tx, user_ids):
        raise UserErased
