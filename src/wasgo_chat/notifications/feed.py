"""The list of notifications: its pages, marking them, and the shape in which one is pushed to a socket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, or_, select, update

from wasgo_chat.conversations.models import Conversation, Participant
from wasgo_chat.core.auth import Actor
from wasgo_chat.core.db import Tx
from wasgo_chat.core.errors import NotFound
from wasgo_chat.core.paging import PageRequest
from wasgo_chat.core.users import User, user_shape
from wasgo_chat.messages.load import PREVIEW_CHARS
from wasgo_chat.messages.models import Message
from wasgo_chat.notifications.models import Notification

IS_READ = or_(Notification.read_at.is_not(None), Participant.read.op("@>")(Notification.number))


@dataclass(frozen=True, slots=True)
class Notified:
    """Announced when a user was told of a message; `notification` is a `NotificationOut`."""

    user_id: str
    notification: dict[str, Any]


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


async def page_of(tx: Tx, actor: Actor, *, unread: bool | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """A page of the caller's notifications, newest first.

    Raises:
        Invalid: a cursor of another list.
    """
    page = PageRequest.parse(tx.settings, ["notifications", unread], limit, cursor)
    statement = notification_rows().where(Notification.user_id == actor.user)
    if unread is not None:
        statement = statement.where(~IS_READ if unread else IS_READ)
    if page.key is not None:
        bound = UUID(page.key[0])
        statement = statement.where(Notification.id > bound if page.is_backward else Notification.id < bound)
    order = Notification.id.asc() if page.is_backward else Notification.id.desc()
    found = (await tx.execute(statement.order_by(order).limit(page.limit + 1))).all()
    rows, cursors = page.finish(found, lambda row: [str(row.id)])
    return {"results": [_shape(row) for row in rows], **cursors}


async def mark_read(tx: Tx, actor: Actor, notification_id: UUID) -> dict[str, Any]:
    """Mark one notification; a second time changes nothing. Returns it.

    Raises:
        NotFound: there is none of the caller's.
    """
    mine = (Notification.id == notification_id) & (Notification.user_id == actor.user)
    unmarked = mine & Notification.read_at.is_(None)
    await tx.execute(update(Notification).where(unmarked).values(read_at=func.clock_timestamp()))
    row = (await tx.execute(notification_rows().where(mine))).one_or_none()
    if row is None:
        raise NotFound
    return _shape(row)


async def mark_all_read(tx: Tx, actor: Actor) -> int:
    """Mark all of the caller's notifications; how many were not marked before."""
    unmarked = (Notification.user_id == actor.user) & Notification.read_at.is_(None)
    statement = update(Notification).where(unmarked).values(read_at=func.clock_timestamp())
    return len((await tx.execute(statement.returning(Notification.id))).all())


async def told_shapes(
    tx: Tx, conversation_id: UUID, told: Sequence[dict[str, Any]]
) -> list[tuple[str, dict[str, Any]]]:
    """Notifications that were just made: whose, and the shape. Two queries, however many they are."""
    title = select(Conversation.title).where(Conversation.id == conversation_id)
    of_conversation = (await tx.execute(title)).scalar_one()
    statement = (
        select(
            Message.id,
            func.left(Message.content, PREVIEW_CHARS).label("preview"),
            User.id.label("sender_id"),
            User.username,
            User.display_name,
            User.avatar_url,
        )
        .join(User, User.id == Message.sender_id)
        .where(Message.conversation_id == conversation_id, Message.id.in_({row["message_id"] for row in told}))
    )
    messages = {row.id: row for row in await tx.execute(statement)}
    return [
        (row["user_id"], _build(row, messages[row["message_id"]], of_conversation, is_read=False, read_at=None))
        for row in told
    ]


def title_of(title: str, sender: dict[str, Any]) -> str:
    """What a notification is headed with: the conversation's title, or else who wrote."""
    return title or sender["display_name"] or sender["username"]


def _shape(row: Row[Any]) -> dict[str, Any]:
    return _build(row._mapping, row, row.title, is_read=row.is_read, read_at=row.read_at)


def _build(
    notification: Any, message: Row[Any], title: str, *, is_read: bool, read_at: datetime | None
) -> dict[str, Any]:
    sender = user_shape(message.sender_id, message.username, message.display_name, message.avatar_url)
    return {
        "id": notification["id"],
        "kind": notification["kind"],
        "conversation": notification["conversation_id"],
        "message_id": notification["message_id"],
        "seq": notification["seq"],
        "title": title_of(title, sender),
        "sender": sender,
        "preview": message.preview,
        "created_at": notification["created_at"],
        "is_read": is_read,
        "read_at": read_at,
    }
