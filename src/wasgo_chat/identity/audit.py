"""Who did what to whom: a row for each act of a service, moderator or admin, in the transaction of the act.

Ids and words of ours only, never what anybody said. What reads these rows is `privacy.routes`.
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
    """One act. `user_id` is whom it was done to, `target` which thing (a message, a file, a delivery)."""

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
    """The request that is being answered, by which its log line is found too."""
    found: str | None = structlog.contextvars.get_contextvars().get("request")
    return found


def audit_insert(
    actor: Actor,
    action: str,
    *,
    conversation_id: UUID | None = None,
    user_id: str | None = None,
    target: object = None,
) -> Insert:
    """The statement that keeps one act, for callers that join it to one of theirs."""
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
    """Keep one act, in the transaction that does it; `about` as in `row`."""
    await tx.execute(audit_insert(actor, action, **about))


async def record_if_service(tx: Tx, actor: Actor, action: str, **about: Any) -> None:
    """Keep what is a user's own business, where a service does it in their name: users themselves leave no row."""
    if actor.service is not None:
        await record_action(tx, actor, action, **about)
