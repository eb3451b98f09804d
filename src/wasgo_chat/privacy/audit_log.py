"""The audit log as a paged list, for supervising services and moderators."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from wasgo_chat.database.session import Tx
from wasgo_chat.http.pagination import PageRequest
from wasgo_chat.identity.audit import AuditRow


async def list_audit(
    tx: Tx, *, actor: str | None, conversation: UUID | None, since: datetime | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of the audit log, newest first. `actor` is a user id or the name of a service.

    Raises:
        Invalid: the cursor belongs to another list.
    """
    page = PageRequest.parse(tx.settings, ["audit", actor, conversation, since], limit, cursor)
    statement = select(AuditRow)
    if actor is not None:
        statement = statement.where(or_(AuditRow.actor_id == actor, AuditRow.service == actor))
    if conversation is not None:
        statement = statement.where(AuditRow.conversation_id == conversation)
    if since is not None:
        statement = statement.where(AuditRow.at >= since)
    if page.key is not None:
        bound = UUID(page.key[0])
        statement = statement.where(AuditRow.id > bound if page.is_backward else AuditRow.id < bound)
    order = AuditRow.id.asc() if page.is_backward else AuditRow.id.desc()
    candidates = (await tx.execute(statement.order_by(order).limit(page.limit + 1))).scalars().all()
    rows, cursors = page.build_page(candidates, lambda row: [str(row.id)])
    return {"results": [_render(row) for row in rows], **cursors}


def _render(row: AuditRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at,
        "actor_id": row.actor_id,
        "service": row.service,
        "action": row.action,
        "conversation": row.conversation_id,
        "user_id": row.user_id,
        "target": row.target,
        "request_id": row.request_id,
    }
