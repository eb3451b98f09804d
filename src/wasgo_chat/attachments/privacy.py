"""What a person uploaded: told for an export, and let go for an erasure (the sweep removes rows and files)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update

from wasgo_chat.attachments.models import Attachment
from wasgo_chat.attachments.verbs import AttachmentsReleased
from wasgo_chat.database.session import Tx

LONGEST_UPLOAD = timedelta(hours=1)


async def release_uploads(tx: Tx, user_id: str) -> bool:
    """Let go of a person's uploads that no message holds; whether anything of theirs is still there.

    One that is being stored at this moment is waited for: its bytes would come after the sweep. A crash may have left
    it so, and then an hour is enough.
    """
    mine = Attachment.uploader_id == user_id
    is_settled = or_(Attachment.stored_at.is_not(None), Attachment.created_at < func.now() - LONGEST_UPLOAD)
    free = mine & Attachment.message_id.is_(None) & is_settled
    await tx.execute(update(Attachment).where(free).values(expires_at=func.now()))
    is_there = (await tx.execute(select(Attachment.id).where(mine).limit(1))).first() is not None
    if is_there:
        tx.after_commit(AttachmentsReleased())
    return is_there


async def export_uploads(tx: Tx, user_id: str, after: UUID | None, *, limit: int) -> list[dict[str, Any]]:
    """What a person uploaded and is stored, oldest first."""
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
