"""A user's notifications: pages of the list, marking them as read, and those to push to sockets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Row, Select, Uuid, func, or_, select, update

from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.session import Tx, any_of, values_table
from wasgo_chat.events.ranges import SeqRange
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
    """Published after a commit that created notifications of messages in these ranges."""

    ranges: Sequence[SeqRange]


def notification_rows() -> Select[Any]:
    """Select notifications with the columns that `_render` needs.

    Leaves out deleted messages and conversations that the user has left.
    """
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
        Invalid: the cursor belongs to another list.
    """
    page = PageRequest.parse(tx.settings, ["notifications", unread], limit, cursor)
    statement = notification_rows().where(Notification.user_id == actor.require_user())
    if unread is not None:
        statement = statement.where(~IS_READ if unread else IS_READ)
    if page.key is not None:
        bound = UUID(page.key[0])
        statement = statement.where(Notification.id > bound if page.is_backward else Notification.id < bound)
    order = Notification.id.asc() if page.is_backward else Notification.id.desc()
    candidates = (await tx.execute(statement.order_by(order).limit(page.limit + 1))).all()
    rows, cursors = page.build_page(candidates, lambda row: [str(row.id)])
    return {"results": [_render(row) for row in rows], **cursors}


async def mark_read(tx: Tx, actor: Actor, notification_id: UUID) -> dict[str, Any]:
    """Mark one notification as read and return it. Idempotent.

    Raises:
        NotFound: the caller has no such notification.
    """
    own = (Notification.id == notification_id) & (Notification.user_id == actor.require_user())
    unmarked = own & Notification.read_at.is_(None)
    statement = update(Notification).where(unmarked).values(read_at=func.clock_timestamp())
    if (await tx.execute(statement.returning(Notification.id))).all():
        await audit.record_if_service(tx, actor, "notifications_read", target=notification_id)
    row = (await tx.execute(notification_rows().where(own))).one_or_none()
    if row is None:
        raise NotFound
    return _render(row)


async def mark_all_read(tx: Tx, actor: Actor) -> int:
    """Mark all of the caller's notifications as read. Returns how many were unmarked."""
    unmarked = (Notification.user_id == actor.require_user()) & Notification.read_at.is_(None)
    statement = update(Notification).where(unmarked).values(read_at=func.clock_timestamp())
    marked = len((await tx.execute(statement.returning(Notification.id))).all())
    if marked:
        await audit.record_if_service(tx, actor, "notifications_read")
    return marked


async def notifications_in_ranges(
    tx: Tx, ranges: Sequence[SeqRange], user_ids: Sequence[str]
) -> list[tuple[str, dict[str, Any]]]:
    """The notifications of these users of messages in these ranges, oldest first, as `(user_id, NotificationOut)`.

    One query.
    """
    keys = values_table(
        conversation_id=(Uuid(), [seqs.conversation_id for seqs in ranges]),
        after=(BigInteger(), [seqs.after for seqs in ranges]),
        up_to=(BigInteger(), [seqs.up_to for seqs in ranges]),
    )
    # The key of notifications has the message's number, not its seq: join by the messages of the range.
    in_range = (
        (Notification.conversation_id == keys.c.conversation_id)
        & (Message.seq > keys.c.after)
        & (Message.seq <= keys.c.up_to)
        & (Notification.number == Message.number)
    )
    statement = notification_rows().join(keys, in_range).where(any_of(Notification.user_id, user_ids))
    return [(row.user_id, _render(row)) for row in await tx.execute(statement.order_by(Notification.id))]


def heading_for(title: str, sender: dict[str, Any]) -> str:
    """The heading of a notification: the conversation's title, or the sender's name if it has none."""
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
