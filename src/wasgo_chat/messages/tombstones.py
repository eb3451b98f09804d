"""Tombstones: deleted messages keep their row, number and seq, and lose everything that was said.

The only definition of what a tombstone does not have. It serves deletion by users and services, retention and erasure.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, update

from wasgo_chat.attachments import operations as attachments
from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.messages.models import Message, MessageRevision, Reaction


async def tombstone(
    tx: Tx,
    conversation_id: UUID,
    message_ids: Sequence[UUID],
    *,
    deleted_at: Any,
    keep_revisions: bool = False,
    pseudonym: str | None = None,
) -> None:
    """Turn messages of a locked conversation into tombstones, with the next revision.

    Without `pseudonym`, messages that are tombstones already do not change.

    Args:
        tx: the transaction.
        conversation_id: their conversation.
        message_ids: the messages.
        deleted_at: a datetime or SQL expression; tombstones keep their time.
        keep_revisions: keep the earlier versions, which operators can read.
        pseudonym: replaces the sender, and `client_id` and request hash are deleted as well: the sender was erased.
    """
    if not message_ids:
        return
    is_chosen = (Message.conversation_id == conversation_id) & any_of(Message.id, message_ids)
    values: dict[str, Any] = {
        "content": None,
        "mentions": [],
        "meta": {},
        "revision": Message.revision + 1,
        "deleted_at": func.coalesce(Message.deleted_at, deleted_at),
    }
    if pseudonym is None:
        is_chosen &= Message.deleted_at.is_(None)
    else:
        values |= {"sender_id": pseudonym, "client_id": None, "request_hash": None}
    statement = update(Message).where(is_chosen).values(values)
    await tx.execute(statement, execution_options={"synchronize_session": False})
    for table in (Reaction,) if keep_revisions else (Reaction, MessageRevision):
        is_theirs = (table.conversation_id == conversation_id) & any_of(table.message_id, message_ids)
        await tx.execute(delete(table).where(is_theirs))
    await attachments.release(tx, conversation_id, message_ids)
