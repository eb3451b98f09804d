"""The list of notifications: its pages, marking them, and the shape in which one is pushed to a socket."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Row, Select, Uuid, func, or_, select, update

from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.session import Tx, any_of, values_table
from wasgo_chat.events.offsets import SeqRange
from wasgo_chat.http.pagination import PageRequest
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.users import User, user_shape
from wasgo_chat.membership.models import Conversation, Participant
from wasgo_chat.messages.models import Message
from wasgo_chat.messages.rendering import PREVIEW_CHARS
from wasgo_chat.notifications.models import Notification

IS_READ = or_(Notification.read_at.is_not(None), Participant.read.op("@>")(Notification.number))


@dataclass(frozen=True, slots=True)
class NotificationsCreated:
    """Announced when users were told of messages in these spans."""

    ranges: Sequence[SeqRange]


def notification_rows() -> Select[Any]:
    """Notifications with what their shape needs; those of conversations one left and of deleted messages are gone."""
    return (
        select(
            Notification.__table__,
            Conversation.title,
            User.id.label("sender_id"),
            User.username,
            User.display_name,
            User.avatar_url,
            func.left(Message.content, PREVIEW_CHARS).label("preview"),
            IS_READ.label("is_read"),
        )
        .select_from(Notification)
        .join(
            Participant,
            (Participant.conversation_id == Notification.conversation_id)
            & (Participant.user_id == Notification.user_id)
            & Participant.left_seq.is_(None),
        )
        .join(Conversation, Conversation.id == Notification.conversation_id)
        .join(
            Message,
            (Message.conversation_id == Notification.conversation_id)
            & (Message.id == Notification.message_id)
            & Message.deleted_at.is_(None),
        )
        .join(User, User.id == Message.sender_id)
    )


async def list_notifications(
    tx: Tx, actor: Actor, *, unread: bool | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of the caller's notifications, newest first.

    Raises:
        Invalid: a cursor of another list.
    """
    page = PageRequest.parse(tx.settings, ["notifications", unread], limit, cursor)
    statement = notification_rows().where(Notification.user_id == actor.require_user())
    if unread is not None:
        statement = statement.where(~IS_READ if unread else IS_READ)
    if page.key is not None:
        bound = UUID(page.key[0])
        statement = statement.where(Notification.id > bound if page.is_backward else Notification.id < bound)
    order = Notification.id.asc() if page.is_backward else Notification.id.desc()
    found = (await tx.execute(statement.order_by(order).limit(page.limit + 1))).all()
    rows, cursors = page.build_page(found, lambda row: [str(row.id)])
    return {"results": [_render(row) for row in rows], **cursors}


async def mark_read(tx: Tx, actor: Actor, notification_id: UUID) -> dict[str, Any]:
    """Mark one notification; a second time changes nothing. Returns it.

    Raises:
        NotFound: there is none of the caller's.
    """
    mine = (Notification.id == notification_id) & (Notification.user_id == actor.require_user())
    unmarked = mine & Notification.read_at.is_(None)
    statement = update(Notification).where(unmarked).values(read_at=func.clock_timestamp())
    if (await tx.execute(statement.returning(Notification.id))).all():
        await audit.record_if_service(tx, actor, "notifications_read", target=notification_id)
    row = (await tx.execute(notification_rows().where(mine))).one_or_none()
    if row is None:
        raise NotFound
    return _render(row)


async def mark_all_read(tx: Tx, actor: Actor) -> int:
    """Mark all of the caller's notifications; how many were not marked before."""
    unmarked = (Notification.user_id == actor.require_user()) & Notification.read_at.is_(None)
    statement = update(Notification).where(unmarked).values(read_at=func.clock_timestamp())
    marked = len((await tx.execute(statement.returning(Notification.id))).all())
    if marked:
        await audit.record_if_service(tx, actor, "notifications_read")
    return marked


async def notifications_in_ranges(
    tx: Tx, spans: Sequence[SeqRange], user_ids: Sequence[str]
) -> list[tuple[str, dict[str, Any]]]:
    """What these users were told of in these spans, oldest first: whose, and the shape. One query."""
    keys = values_table(
        conversation_id=(Uuid(), [span.conversation_id for span in spans]),
        after=(BigInteger(), [span.after for span in spans]),
        up_to=(BigInteger(), [span.up_to for span in spans]),
    )
    # By the span's messages and their numbers, which the key has; it does not know their seqs.
    in_span = (
        (Notification.conversation_id == keys.c.conversation_id)
        & (Message.seq > keys.c.after)
        & (Message.seq <= keys.c.up_to)
        & (Notification.number == Message.number)
    )
    statement = notification_rows().join(keys, in_span).where(any_of(Notification.user_id, user_ids))
    return [(row.user_id, _render(row)) for row in await tx.execute(statement.order_by(Notification.id))]


def heading_for(title: str, sender: dict[str, Any]) -> str:
    """What a notification is headed with: the conversation's title, or else who wrote."""
    return title or sender["display_name"] or sender["username"]


def _render(row: Row[Any]) -> dict[str, Any]:
    sender = user_shape(row.sender_id, row.username, row.display_name, row.avatar_url)
    return {
        "id": row.id,
        "kind": row.kind,
        "conversation": row.conversation_id,
        "message_id": row.message_id,
        "seq": row.seq,
        "title": heading_for(row.title, sender),
        "sender": sender,
        "preview": row.preview,
        "created_at": row.created_at,
        "is_read": row.is_read,
        "read_at": row.read_at,
    }
