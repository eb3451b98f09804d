"""The audit log: one row per action of a service, moderator or admin, written in the transaction of the action.

Rows contain ids and fixed action names only, never user content. `privacy.audit_log` reads them.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import DateTime, Index, Text, func
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Mapped, mapped_column

from wasgo_chat.core.encoding import new_id
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base, Tx
from wasgo_chat.identity.authentication import Actor


class AuditRow(Base):
    """An action. `user_id` is the affected user, `target` the affected object (a message, file or delivery)."""

    __tablename__ = "audit"
    __data_policy__ = (
        DataPolicy(
            "The audit log: what they did to others, and what services did in their name",
            exported="No: a record of the platform",
            erased="Replaced by a pseudonym",
            kept="`AUDIT_RETENTION_DAYS`",
        ),
    )
    __table_args__ = (
        Index("ix_audit_actor_id", "actor_id", "id"),
        Index("ix_audit_service", "service", "id"),
        Index("ix_audit_conversation_id", "conversation_id", "id"),
        Index("ix_audit_user_id", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    actor_id: Mapped[str | None] = mapped_column(Text)
    service: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    conversation_id: Mapped[UUID | None]
    user_id: Mapped[str | None] = mapped_column(Text)
    target: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)


def request_id() -> str | None:
    """The id of the current request, as in its log line."""
    current: str | None = structlog.contextvars.get_contextvars().get("request")
    return current


def audit_insert(
    actor: Actor,
    action: str,
    *,
    conversation_id: UUID | None = None,
    user_id: str | None = None,
    target: object = None,
) -> Insert:
    """The statement that records an action, for callers that combine it with their own."""
    values: dict[str, Any] = {
        "id": new_id(),
        "actor_id": actor.user_id,
        "service": actor.service,
        "action": action,
        "conversation_id": conversation_id,
        "user_id": user_id,
        "target": None if target is None else str(target),
        "request_id": request_id(),
    }
    return insert(AuditRow).values(values)


async def record_action(tx: Tx, actor: Actor, action: str, **about: Any) -> None:
    """Record an action in its transaction; for `about` see `audit_insert`."""
    await tx.execute(audit_insert(actor, action, **about))


async def record_if_service(tx: Tx, actor: Actor, action: str, **about: Any) -> None:
    """Record an action that users perform for themselves, but only if a service performs it on their behalf."""
    if actor.service is not None:
        await record_action(tx, actor, action, **about)
