"""Operations on attachments: register, mark as stored, claim for a message, release.

They run in the caller's transaction.

To ingest files, call `AttachmentStore.ingest`, which runs these around storing the objects.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.attachments.models import Attachment
from wasgo_chat.attachments.quotas import check_quota
from wasgo_chat.attachments.upload.content_types import is_allowed
from wasgo_chat.attachments.upload.pipeline import PreparedFile
from wasgo_chat.core.encoding import distinct_ids
from wasgo_chat.core.errors import Invalid
from wasgo_chat.database.session import Tx
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.roles import Action


class AttachmentsReleased:
    """Published after a commit that released attachments: their stored objects can be removed."""


async def require_upload(tx: Tx, actor: Actor, conversation_id: UUID, sizes: Sequence[int]) -> None:
    """Check that the caller may upload files of these sizes to a conversation, before they are processed.

    `register` checks it again, for the decision that counts.

    Raises:
        NotFound: the caller is not a participant of such a conversation.
        Forbidden, ConversationClosed: the caller may not write there now.
        UploadQuotaReached: the caller has stored too much.
    """
    membership = await access.authorize(tx, actor, conversation_id)
    membership.require(Action.WRITE)
    await check_quota(tx, actor, sizes)


async def register(tx: Tx, actor: Actor, conversation_id: UUID, files: Sequence[PreparedFile]) -> None:
    """Insert the rows of files that are about to be stored. They expire after a day unless a message claims them.

    The conversation is locked, so a user who is removed before this transaction commits cannot upload.

    Raises:
        NotFound, Forbidden, ConversationClosed, UploadQuotaReached: as in `require_upload`.
    """
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    membership.require(Action.WRITE)
    await check_quota(tx, actor, [file.size for file in files], lock=True)
    rows = [
        {
            "conversation_id": conversation_id,
            "id": file.id,
            "uploader_id": actor.require_user(),
            "service": actor.service,
            "filename": file.filename,
            "content_type": file.content_type,
            "size": file.size,
            "sha256": file.sha256,
            "width": file.width,
            "height": file.height,
            "duration": file.duration,
            "thumbnail_size": file.thumbnail_size,
            "expires_at": func.now() + timedelta(hours=tx.settings.unclaimed_attachment_ttl_h),
        }
        for file in files
    ]
    await tx.execute(insert(Attachment).values(rows))


async def mark_stored(tx: Tx, conversation_id: UUID, ids: Sequence[UUID]) -> None:
    """Record that the objects are complete: the files can be claimed and downloaded."""
    await _update(tx, conversation_id, ids, {"stored_at": func.now()})


async def abandon(tx: Tx, conversation_id: UUID, ids: Sequence[UUID]) -> None:
    """Expire files that no message will claim."""
    unclaimed = Attachment.message_id.is_(None)
    await _update(tx, conversation_id, ids, {"expires_at": func.now()}, unclaimed)
    tx.after_commit(AttachmentsReleased())


async def check_claimable(tx: Tx, actor: Actor, conversation_id: UUID, ids: Sequence[UUID], message_type: str) -> None:
    """Lock the caller's unclaimed attachments of this conversation until the end of the transaction.

    Raises:
        Invalid: one does not exist, belongs to another user or conversation, or is claimed already (the same error for
            all), or its content does not suit the type of the message.
    """
    statement = (
        select(Attachment.id, Attachment.content_type)
        .where(
            Attachment.conversation_id == conversation_id,
            Attachment.id.in_(ids),
            Attachment.uploader_id == actor.require_user(),
            Attachment.message_id.is_(None),
            Attachment.stored_at.is_not(None),
            Attachment.expires_at > func.now(),
        )
        .order_by(Attachment.id)
        .with_for_update()
    )
    content_types = {row.id: row.content_type for row in await tx.execute(statement)}
    if len(ids) != len(distinct_ids(ids)):
        raise Invalid.field(["attachment_ids"], "repeated", "contains an id twice")
    if len(content_types) != len(ids):
        raise Invalid.field(
            ["attachment_ids"],
            "unknown_attachment",
            "contains an attachment that you cannot use here",
        )
    if not all(is_allowed(content_type, message_type) for content_type in content_types.values()):
        raise Invalid.field(
            ["attachment_ids"],
            "wrong_type",
            f"contains an attachment that a message of type {message_type} cannot have",
        )


async def claim(tx: Tx, conversation_id: UUID, message_id: UUID, ids: Sequence[UUID]) -> None:
    """Attach files that `check_claimable` locked to a message, in the order of the ids."""
    if ids:
        position = func.array_position(list(ids), Attachment.id)
        values = {"message_id": message_id, "position": position, "expires_at": None}
        await _update(tx, conversation_id, ids, values)


async def release(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Detach the attachments of messages. Their stored objects are removed after the commit."""
    statement = (
        update(Attachment)
        .where(Attachment.conversation_id == conversation_id, Attachment.message_id.in_(message_ids))
        .values(message_id=None, expires_at=func.now())
        .returning(Attachment.id)
    )
    if (await tx.execute(statement)).first() is not None:
        tx.after_commit(AttachmentsReleased())


async def _update(tx: Tx, conversation_id: UUID, ids: Sequence[UUID], values: dict[str, Any], *conditions: Any) -> None:
    statement = update(Attachment).where(
        Attachment.conversation_id == conversation_id, Attachment.id.in_(ids), *conditions
    )
    await tx.execute(statement.values(values))
