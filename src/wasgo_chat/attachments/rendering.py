"""Renders attachments as `AttachmentOut`, with links that are valid for minutes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, func, or_, select

from wasgo_chat.attachments.links import signed_url
from wasgo_chat.attachments.models import Attachment
from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.session import Tx, values_table
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership.models import Participant
from wasgo_chat.settings.config import Settings

_COLUMNS = Attachment.__table__.columns
_STORED = Attachment.stored_at.is_not(None) & or_(
    Attachment.message_id.is_not(None), Attachment.expires_at > func.now()
)


async def render_attachments(tx: Tx, messages: Sequence[tuple[UUID, UUID]]) -> dict[UUID, list[dict[str, Any]]]:
    """The attachments of messages, by message id and in their order, as `AttachmentOut`. One query.

    Args:
        tx: the transaction.
        messages: `(conversation_id, message_id)` of messages that the caller is allowed to see.
    """
    by_message: dict[UUID, list[dict[str, Any]]] = {}
    if not messages:
        return by_message
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
        by_message.setdefault(row.message_id, []).append(render(tx.settings, row))
    return by_message


async def load_attachment(tx: Tx, actor: Actor, attachment_id: UUID) -> dict[str, Any]:
    """One attachment. Participants see those of messages; only the uploader sees an unclaimed one.

    Raises:
        NotFound: there is none, or the caller has no access. One query decides both.
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
    """The row of a file whose link was checked before.

    Raises:
        NotFound: the file was removed, or has no such variant.
    """
    statement = select(*_COLUMNS).where(Attachment.id == attachment_id, _STORED)
    row = (await tx.execute(statement)).one_or_none()
    if row is None or (variant == "thumbnail" and row.thumbnail_size is None):
        raise NotFound
    return row


def render(settings: Settings, row: Row[Any]) -> dict[str, Any]:
    """The schema `AttachmentOut` of a row."""
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
