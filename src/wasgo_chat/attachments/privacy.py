"""Export and erasure of a user's uploads. The cleanup removes the released rows and files."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update

from wasgo_chat.attachments.models import Attachment
from wasgo_chat.attachments.operations import AttachmentsReleased
from wasgo_chat.database.session import Tx

MAX_UPLOAD_TIME = timedelta(hours=1)


async def release_uploads(tx: Tx, user_id: str) -> bool:
    """Release a user's uploads that no message has. True if any row of theirs is left.

    An upload that is being stored is left alone, as its objects would be written after the cleanup. If a crash
    interrupted it, it is released after `MAX_UPLOAD_TIME`.
    """
    own = Attachment.uploader_id == user_id
    is_settled = or_(Attachment.stored_at.is_not(None), Attachment.created_at < func.now() - MAX_UPLOAD_TIME)
    unclaimed = own & Attachment.message_id.is_(None) & is_settled
    await tx.execute(update(Attachment).where(unclaimed).values(expires_at=func.now()))
    is_any_left = (await tx.execute(select(Attachment.id).where(own).limit(1))).first() is not None
    if is_any_left:
        tx.after_commit(AttachmentsReleased())
    return is_any_left


async def export_uploads(tx: Tx, user_id: str, after: UUID | None, *, limit: int) -> list[dict[str, Any]]:
    """A page of a user's stored uploads, oldest first."""
    statement = select(Attachment).where(Attachment.uploader_id == user_id, Attachment.stored_at.is_not(None))
    if after is not None:
        statement = statement.where(Attachment.id > after)
    return [
        {
            "id": row.id,
            "conversation": row.conversation_id,
            "message_id": row.message_id,
            "filename": row.filename,
            "content_type": row.content_type,
            "size": row.size,
            "sha256": row.sha256.hex(),
            "created_at": row.created_at,
        }
        for row in (await tx.execute(statement.order_by(Attachment.id).limit(limit))).scalars()
    ]
