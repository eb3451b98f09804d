"""What changes attachments: register, mark as stored, claim for a message, release. Runs in the door's transaction.

Who only wants bytes taken in calls `attachments.store`, which runs these around the store.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.attachments.models import Attachment
from wasgo_chat.attachments.upload.content_types import is_allowed
from wasgo_chat.attachments.upload.pipeline import PreparedFile
from wasgo_chat.core.errors import Invalid
from wasgo_chat.database.session import Tx
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.roles import Action


class AttachmentsReleased:
    """Announced when attachments lost their message: their stored objects can go now."""


async def require_upload(tx: Tx, actor: Actor, conversation_id: UUID) -> None:
    """Whether the caller may upload into a conversation now.

    Raises:
        NotFound: no such conversation for the caller.
        Forbidden, ConversationClosed: the caller may not write there now.
    """
    seat = await access.authorize(tx, actor, conversation_id)
    seat.require(Action.WRITE)


async def register(tx: Tx, actor: Actor, conversation_id: UUID, files: Sequence[PreparedFile]) -> None:
    """Note files that are about to be stored; they go again after a day unless a message claims them.

    Raises:
        NotFound, Forbidden, ConversationClosed: as in `require_upload`.
    """
    await require_upload(tx, actor, conversation_id)
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
    """Their objects are complete: from here on they can be claimed and fetched."""
    await _update(tx, conversation_id, ids, {"stored_at": func.now()})


async def give_up(tx: Tx, conversation_id: UUID, ids: Sequence[UUID]) -> None:
    """Let go of files that no message will claim."""
    unclaimed = Attachment.message_id.is_(None)
    await _update(tx, conversation_id, ids, {"expires_at": func.now()}, unclaimed)
    tx.after_commit(AttachmentsReleased())


async def check_claimable(tx: Tx, actor: Actor, conversation_id: UUID, ids: Sequence[UUID], message_type: str) -> None:
    """Hold the caller's own unclaimed attachments of this conversation until the end of the transaction.

    Raises:
        Invalid: one does not exist, is not the caller's, of another conversation, or claimed already (all the
            same answer), or has content that such a message does not take.
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
    found = {row.id: row.content_type for row in await tx.execute(statement)}
    if len(ids) != len(set(ids)):
        raise Invalid.field(["attachment_ids"], "repeated", "names an attachment twice")
    if len(found) != len(ids):
        raise Invalid.field(["attachment_ids"], "unknown_attachment", "there is no such attachment of yours")
    if not all(is_allowed(content_type, message_type) for content_type in found.values()):
        raise Invalid.field(
            ["attachment_ids"], "wrong_type", f"has content that a message of type {message_type} does not take"
        )


async def claim(tx: Tx, conversation_id: UUID, message_id: UUID, ids: Sequence[UUID]) -> None:
    """Give attachments that were held by `check_claimable` to a message, in the order of the ids."""
    if ids:
        position = func.array_position(list(ids), Attachment.id)
        values = {"message_id": message_id, "position": position, "expires_at": None}
        await _update(tx, conversation_id, ids, values)


async def release(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> None:
    """Take the attachments of messages away; their stored objects are removed after the commit."""
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
