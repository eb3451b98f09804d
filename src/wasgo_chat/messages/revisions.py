"""The versions of a message: its content before each edit and deletion."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from wasgo_chat.database.session import Tx
from wasgo_chat.identity.users import User
from wasgo_chat.messages.models import Message, MessageRevision


async def revisions_of(tx: Tx, message: dict[str, Any]) -> list[dict[str, Any]]:
    """Every version of a message, oldest first; the last one is the current one.

    If the sender is being erased, only the current version is returned: the earlier ones are about to be deleted.

    Args:
        tx: the transaction.
        message: a `MessageOut`.
    """
    versions: list[dict[str, Any]] = []
    for row in await _earlier(tx, message["conversation"], message["id"]):
        follows = bool(versions) and versions[-1]["revision"] == row.revision - 1
        written = message["created_at"] if row.revision == 1 else versions[-1]["replaced_at"] if follows else None
        versions.append(
            {"revision": row.revision, "content": row.content, "written_at": written, "replaced_at": row.replaced_at}
        )
    current = {
        "revision": message["revision"],
        "content": message["content"],
        "written_at": message["deleted_at"] or message["edited_at"] or message["created_at"],
        "replaced_at": None,
    }
    return [*versions, current]


async def _earlier(tx: Tx, conversation_id: UUID, message_id: UUID) -> Sequence[Row[int, str | None, datetime]]:
    statement = (
        select(MessageRevision.revision, MessageRevision.content, MessageRevision.replaced_at)
        .join(
            Message,
            (Message.conversation_id == MessageRevision.conversation_id) & (Message.id == MessageRevision.message_id),
        )
        .outerjoin(User, User.id == Message.sender_id)
        .where(
            MessageRevision.conversation_id == conversation_id,
            MessageRevision.message_id == message_id,
            User.erased_at.is_(None),
        )
        .order_by(MessageRevision.revision)
    )
    return (await tx.execute(statement)).all()
