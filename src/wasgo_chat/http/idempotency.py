"""`Idempotency-Key`: repeating a request with the same key and body returns the first result again, for 24 hours.

Only the id of the result is stored, never a body; the response is rendered again from the row.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, SmallInteger, Text, delete, func, select
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.core.encoding import has_control_characters, keyed_hash
from wasgo_chat.core.errors import Conflict, Invalid
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base, Tx
from wasgo_chat.identity.authentication import Actor

MAX_KEY_CHARS = 200


class IdempotencyConflict(Conflict):
    """The key or client_id was used before with a different request."""

    code, title = "idempotency_conflict", "This key was used before with a different request"


class IdempotencyKey(Base):
    """A used key, by caller and operation."""

    __tablename__ = "idempotency_keys"
    __data_policy__ = (
        DataPolicy(
            "Idempotency keys",
            exported="No: technical, and short-lived",
            erased="Deleted",
            kept="`IDEMPOTENCY_TTL_H`, then until the next use of a key deletes them",
        ),
    )
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    caller: Mapped[str] = mapped_column(Text, primary_key=True)
    operation: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    result_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """One use of a key: `previous_result` looks for an earlier use, `store` records this one."""

    operation: str
    key: str | None
    actor: Actor
    request: Any

    @property
    def _caller(self) -> str:
        return f"service:{self.actor.service}" if self.actor.is_service else f"user:{self.actor.user_id}"

    async def previous_result(self, tx: Tx) -> tuple[int, UUID] | None:
        """Status and result id of the first use, or None. Concurrent first uses are serialized by an advisory lock.

        Raises:
            IdempotencyConflict: the key was used before with a different request.
            Invalid: the key is empty, too long or contains control characters.
        """
        if self.key is None:
            return None
        if not 0 < len(self.key) <= MAX_KEY_CHARS or has_control_characters(self.key, allowed=""):
            raise Invalid.field(
                ["header", "idempotency-key"], "idempotency_key", f"must have 1 to {MAX_KEY_CHARS} characters"
            )
        await tx.execute(
            sql("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"{self._caller}\n{self.operation}\n{self.key}"},
        )
        statement = select(IdempotencyKey).where(
            IdempotencyKey.caller == self._caller,
            IdempotencyKey.operation == self.operation,
            IdempotencyKey.key == self.key,
            IdempotencyKey.created_at > _cutoff(tx),
        )
        row = (await tx.execute(statement)).scalar_one_or_none()
        if row is None:
            return None
        if row.request_hash != self._hash(tx):
            raise IdempotencyConflict
        return row.status, row.result_id

    async def store(self, tx: Tx, status: int, result_id: UUID) -> None:
        """Record the result in the transaction that creates it. Also deletes a few expired keys."""
        if self.key is None:
            return
        values = {
            "request_hash": self._hash(tx),
            "status": status,
            "result_id": result_id,
            "created_at": func.now(),
        }
        statement = insert(IdempotencyKey).values(caller=self._caller, operation=self.operation, key=self.key, **values)
        await tx.execute(statement.on_conflict_do_update(index_elements=["caller", "operation", "key"], set_=values))
        old = select(IdempotencyKey.caller, IdempotencyKey.operation, IdempotencyKey.key).where(
            IdempotencyKey.created_at < _cutoff(tx)
        )
        expired = old.limit(20).with_for_update(skip_locked=True).cte("expired")
        await tx.execute(
            delete(IdempotencyKey).where(
                IdempotencyKey.caller == expired.c.caller,
                IdempotencyKey.operation == expired.c.operation,
                IdempotencyKey.key == expired.c.key,
            )
        )

    def _hash(self, tx: Tx) -> bytes:
        return keyed_hash(tx.settings.hash_key(), self.request)


async def delete_for_user(tx: Tx, user_id: str) -> None:
    """Delete all keys of a user."""
    await tx.execute(delete(IdempotencyKey).where(IdempotencyKey.caller == f"user:{user_id}"))


def _cutoff(tx: Tx) -> Any:
    return func.now() - func.make_interval(0, 0, 0, 0, tx.settings.idempotency_ttl_h)
