"""From the log to the list: each message becomes notifications of those who want it, and deliveries to be decided.

Runs as a reader of the log, in the transaction that moves its cursor, so an event is told of once.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from wasgo_chat.core.config import Settings
from wasgo_chat.core.db import Tx
from wasgo_chat.core.wire import new_id
from wasgo_chat.events.log import EventRow, MessageSent
from wasgo_chat.messages.models import Message
from wasgo_chat.notifications import rules, wishes
from wasgo_chat.notifications.feed import Notified, told_shapes
from wasgo_chat.notifications.models import Delivery, Notification, PushSubscription
from wasgo_chat.notifications.wishes import Member

_Parent = aliased(Message, name="parent")


def channels_of(settings: Settings) -> list[str]:
    """The channels that are set up."""
    set_up = {
        "email": settings.smtp_url is not None,
        "push": settings.vapid_private_key is not None,
        "webhook": settings.notify_webhook_url is not None,
    }
    return [channel for channel, is_set_up in set_up.items() if is_set_up]


async def tell(tx: Tx, conversation_id: UUID, events: Sequence[EventRow]) -> None:
    """Handle events of one conversation; see `events.readers.Handle`."""
    sent = [event.message_id for event in events if event.type == MessageSent.type]
    messages = await _messages(tx, conversation_id, [message_id for message_id in sent if message_id])
    if not messages:
        return
    members = await wishes.members(tx, conversation_id)
    rows: list[dict[str, Any]] = []
    for message in messages:
        rows += _notifications(message, members)
    if not rows:
        return
    statement = insert(Notification.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]  # typed FromClause; it is a Table
    made = await tx.execute(statement.returning(Notification.id), rows)
    fresh = set(made.scalars())
    told = [row for row in rows if row["id"] in fresh]
    await _plan(tx, conversation_id, told, members)
    for user_id, shape in await told_shapes(tx, conversation_id, told):
        tx.announce(Notified(user_id, shape))


async def _messages(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> Sequence[Any]:
    """What people said and has not been deleted since, in order, with the sender of what it replies to."""
    statement = (
        select(
            Message.conversation_id,
            Message.id,
            Message.seq,
            Message.number,
            Message.sender_id,
            Message.mentions,
            Message.created_at,
            _Parent.sender_id.label("replied_to"),
        )
        .outerjoin(_Parent, (_Parent.conversation_id == Message.conversation_id) & (_Parent.id == Message.reply_to))
        .where(
            Message.conversation_id == conversation_id,
            Message.id.in_(message_ids),
            Message.message_type != "system",
            Message.deleted_at.is_(None),
        )
        .order_by(Message.seq)
    )
    return (await tx.execute(statement)).all() if message_ids else []


def _notifications(message: Any, members: Iterable[Member]) -> list[dict[str, Any]]:
    rows = []
    for member in members:
        if member.user_id == message.sender_id or message.number <= member.joined_number:
            continue
        kind = rules.kind_of(member.user_id, mentions=message.mentions, replied_to=message.replied_to)
        if not rules.wants(member.wishes, member.here, kind):
            continue
        if rules.is_muted(member.wishes, member.here, message.created_at):
            continue
        rows.append(
            {
                "id": new_id(),
                "user_id": member.user_id,
                "conversation_id": message.conversation_id,
                "message_id": message.id,
                "seq": message.seq,
                "number": message.number,
                "kind": kind,
                "created_at": message.created_at,
            }
        )
    return rows


async def _plan(tx: Tx, conversation_id: UUID, told: Sequence[dict[str, Any]], members: Iterable[Member]) -> None:
    """Open a delivery for each channel of a user, or let the one that gathers reach further."""
    channels = channels_of(tx.settings)
    ranges: dict[str, tuple[int, int]] = {}
    for row in told:
        first, _ = ranges.get(row["user_id"], (row["number"], 0))
        ranges[row["user_id"]] = (first, row["number"])
    if not channels or not ranges:
        return
    browsers = await _browsers(tx, list(ranges)) if "push" in channels else {}
    rows = []
    for member in members:
        if member.user_id not in ranges:
            continue
        targets = {"email": [""] if member.email else [], "push": browsers.get(member.user_id, []), "webhook": [""]}
        first, last = ranges[member.user_id]
        rows += [
            {
                "id": new_id(),
                "user_id": member.user_id,
                "conversation_id": conversation_id,
                "channel": channel,
                "target": target,
                "first_number": first,
                "last_number": last,
            }
            for channel in channels
            if rules.allows(member.wishes, member.here, channel)
            for target in targets[channel]
        ]
    if rows:
        due_at = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, tx.settings.notify_delay_s)
        statement = insert(Delivery.__table__).values(due_at=due_at)  # type: ignore[arg-type]  # typed FromClause; it is a Table
        # The lock that this takes keeps the dispatcher from deciding before the notifications are there to see.
        statement = statement.on_conflict_do_update(
            index_elements=["user_id", "conversation_id", "channel", "target"],
            index_where=text("state = 'pending'"),
            set_={"last_number": func.greatest(Delivery.last_number, statement.excluded.last_number)},
        )
        await tx.execute(statement, rows)


async def _browsers(tx: Tx, user_ids: Sequence[str]) -> dict[str, list[str]]:
    statement = select(PushSubscription.user_id, PushSubscription.id).where(PushSubscription.user_id.in_(user_ids))
    found: dict[str, list[str]] = {}
    for user_id, subscription_id in await tx.execute(statement):
        found.setdefault(user_id, []).append(str(subscription_id))
    return found
