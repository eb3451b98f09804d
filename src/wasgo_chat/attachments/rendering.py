"""Attachments from rows to the shape `AttachmentOut`, with links that live for minutes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, func, or_, select

from wasgo_chat.attachments.links import signed_url
from wasgo_chat.attachments.models import Attachment
from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.session import Tx, values_table
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership.models import Participant

_COLUMNS = Attachment.__table__.columns
_STORED = Attachment.stored_at.is_not(None) & or_(
    Attachment.message_id.is_not(None), Attachment.expires_at > func.now()
)


async def render_attachments(tx: Tx, messages: Sequence[tuple[UUID, UUID]]) -> dict[UUID, list[dict[str, Any]]]:
    """By message id, `AttachmentOut` in the order they were sent; one query for all.

    Args:
        tx: the transaction.
        messages: `(conversation_id, message_id)` of messages that the caller may see.
    """
    found: dict[UUID, list[dict[str, Any]]] = {}
    if not messages:
        return found
    keys = values_table(
        conversation_id=(Uuid(), [key[0] for key in messages]), message_id=(Uuid(), [key[1] for key in messages])
    )
    statement = (
        select(*_COLUMNS)
        .join(
            keys,
            (Attachment.conversation_id == keys.c.conversation_id) & (Attachment.message_id == keys.c.message_id),
        )
        .order_by(Attachment.conversation_id, Attachment.message_id, Attachment.position)
    )
    for row in await tx.execute(statement):
        found.setdefault(row.message_id, []).append(render(tx.settings, row))
    return found


async def load_attachment(tx: Tx, actor: Actor, attachment_id: UUID) -> dict[str, Any]:
    """One attachment: of a message for whoever is in its conversation, an unclaimed one for who uploaded it.

    Raises:
        NotFound: there is none, or not for the caller; one query for both.
    """
    statement = (
        select(*_COLUMNS)
        .join(
            Participant,
            (Participant.conversation_id == Attachment.conversation_id)
            & (Participant.user_id == actor.require_user())
            & Participant.left_seq.is_(None),
        )
        .where(
            Attachment.id == attachment_id,
            _STORED,
            or_(Attachment.message_id.is_not(None), Attachment.uploader_id == actor.require_user()),
        )
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise NotFound
    return render(tx.settings, row)


async def get_stored(tx: Tx, attachment_id: UUID, variant: str) -> Row[Any]:
    """The row behind a link that was checked before.

    Raises:
        NotFound: it is gone, or has no such variant.
    """
    statement = select(*_COLUMNS).where(Attachment.id == attachment_id, _STORED)
    row = (await tx.execute(statement)).one_or_none()
    if row is None or (variant == "thumbnail" and row.thumbnail_size is None):
        raise NotFound
    return row


def render(settings: Settings, row: Row[Any]) -> dict[str, Any]:
    """The `AttachmentOut` of a row."""
    return {
        "id": row.id,
        "url": signed_url(settings, row.id, "original"),
        "thumbnail_url": signed_url(settings, row.id, "thumbnail") if row.thumbnail_size is not None else None,
        "filename": row.filename,
        "content_type": row.content_type,
        "size": row.size,
        "sha256": row.sha256.hex(),
        "width": row.width,
        "height": row.height,
        "duration": row.duration,
    }
