"""Messages from rows to `MessageOut`: `render_message` builds it, whichever statement read or stored the row."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, case, func, select
from sqlalchemy.orm import aliased

from wasgo_chat.attachments.rendering import render_attachments
from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.session import Tx, values_table
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.users import User, user_shape
from wasgo_chat.membership.models import Participant
from wasgo_chat.messages.models import Message, Reaction

PREVIEW_CHARS = 140

_Parent = aliased(Message, name="parent")
_ParentSender = aliased(User, name="parent_sender")


class Columns(Protocol):
    """A row whose columns are read by name: of SQLAlchemy, of the driver, or a dict."""

    def __getitem__(self, name: str, /) -> Any: ...


def message_select() -> Select[Any]:
    """A select of the columns that `render_messages` needs, of message, sender and replied-to message. Add conditions,
    order and limit.
    """
    return (
        select(
            Message.__table__,
            User.username,
            User.display_name,
            User.avatar_url,
            _Parent.seq.label("parent_seq"),
            _Parent.sender_id.label("parent_sender_id"),
            _Parent.message_type.label("parent_type"),
            func.left(_Parent.content, PREVIEW_CHARS).label("parent_content"),
            case((_Parent.deleted_at.is_not(None), True), else_=False).label("parent_deleted"),
            _ParentSender.username.label("parent_username"),
            _ParentSender.display_name.label("parent_display_name"),
            _ParentSender.avatar_url.label("parent_avatar_url"),
        )
        .select_from(Message)
        .outerjoin(User, User.id == Message.sender_id)
        .outerjoin(_Parent, (_Parent.conversation_id == Message.conversation_id) & (_Parent.id == Message.reply_to))
        .outerjoin(_ParentSender, _ParentSender.id == _Parent.sender_id)
    )


async def render_messages(tx: Tx, rows: Sequence[Row[Any]], *, viewer: str | None) -> list[dict[str, Any]]:
    """Render messages as `MessageOut`, with two queries for any number of them.

    Args:
        tx: the transaction.
        rows: rows of `message_select`.
        viewer: the user for `me` in reactions. None omits it: frames are the same bytes for every member.
    """
    keys = [(row.conversation_id, row.id) for row in rows]
    reactions = await _reactions(tx, keys)
    attachments = await render_attachments(tx, keys)
    return [
        render_message(row._mapping, reactions.get(row.id, {}), attachments.get(row.id, []), viewer) for row in rows
    ]


async def load_messages(
    tx: Tx, conversation_id: UUID, message_ids: Iterable[UUID], *, viewer: str | None = None
) -> dict[UUID, dict[str, Any]]:
    """Messages of a conversation by id. The caller has authorized the conversation."""
    ids = list(set(message_ids))
    if not ids:
        return {}
    statement = message_select().where(Message.conversation_id == conversation_id, Message.id.in_(ids))
    rows = (await tx.execute(statement)).all()
    return {message["id"]: message for message in await render_messages(tx, rows, viewer=viewer)}


async def load_message(tx: Tx, conversation_id: UUID, message_id: UUID, *, viewer: str | None) -> dict[str, Any]:
    """A message of a conversation. The caller has authorized the conversation.

    Raises:
        NotFound: it is not in that conversation.
    """
    messages = await load_messages(tx, conversation_id, [message_id], viewer=viewer)
    if message_id not in messages:
        raise NotFound
    return messages[message_id]


async def conversation_of_message(tx: Tx, actor: Actor, message_id: UUID) -> UUID:
    """The conversation of a message that the caller may see; authorize it next.

    Raises:
        NotFound: there is no such message, or the caller is not a member; both take one query.
    """
    statement = select(Message.conversation_id).where(Message.id == message_id)
    if not actor.is_service:
        statement = statement.join(
            Participant,
            (Participant.conversation_id == Message.conversation_id)
            & (Participant.user_id == actor.require_user())
            & Participant.left_seq.is_(None),
        )
    conversation_id: UUID | None = (await tx.execute(statement)).scalar_one_or_none()
    if conversation_id is None:
        raise NotFound
    return conversation_id


async def load_reactions(
    tx: Tx, conversation_id: UUID, message_id: UUID, *, viewer: str | None
) -> list[dict[str, Any]]:
    """The reactions to a message, as a list of `ReactionOut`."""
    by_emoji = (await _reactions(tx, [(conversation_id, message_id)])).get(message_id, {})
    return _render_reactions(by_emoji, viewer)


async def _reactions(tx: Tx, keys: Sequence[tuple[UUID, UUID]]) -> dict[UUID, dict[str, list[str]]]:
    """The users by message and emoji, in the order of their reactions."""
    by_message: dict[UUID, dict[str, list[str]]] = {}
    if not keys:
        return by_message
    requested = values_table(
        conversation_id=(Uuid(), [key[0] for key in keys]), message_id=(Uuid(), [key[1] for key in keys])
    )
    statement = (
        select(Reaction.message_id, Reaction.emoji, Reaction.user_id)
        .join(
            requested,
            (Reaction.conversation_id == requested.c.conversation_id) & (Reaction.message_id == requested.c.message_id),
        )
        .order_by(Reaction.created_at, Reaction.user_id, Reaction.emoji)
    )
    for message_id, emoji, user_id in await tx.execute(statement):
        by_message.setdefault(message_id, {}).setdefault(emoji, []).append(user_id)
    return by_message


def _render_reactions(by_emoji: dict[str, list[str]], viewer: str | None) -> list[dict[str, Any]]:
    rendered: list[dict[str, Any]] = []
    for emoji, user_ids in by_emoji.items():
        reaction: dict[str, Any] = {"emoji": emoji, "count": len(user_ids), "user_ids": user_ids}
        if viewer is not None:
            reaction["me"] = viewer in user_ids
        rendered.append(reaction)
    return rendered


def render_message(
    row: Columns,
    reactions: dict[str, list[str]],
    attachments: list[dict[str, Any]],
    viewer: str | None,
    *,
    joined: Columns | None = None,
) -> dict[str, Any]:
    """Build a `MessageOut`: the only place that does, so frames and pages of a message are the same bytes.

    Args:
        row: the columns of `message_select`.
        reactions: users by emoji.
        attachments: as `AttachmentOut`.
        viewer: as in `render_messages`.
        joined: the columns of the sender and the replied-to message, if they are not in `row`.
    """
    if joined is None:
        joined = row
    sender = None
    if (sender_id := row["sender_id"]) is not None:
        sender = user_shape(sender_id, joined["username"], joined["display_name"], joined["avatar_url"])
    edited_at, deleted_at = row["edited_at"], row["deleted_at"]
    return {
        "id": row["id"],
        "conversation": row["conversation_id"],
        "seq": row["seq"],
        "sender": sender,
        "message_type": row["message_type"],
        "content": row["content"],
        "reply_to": row["reply_to"],
        "reply_preview": None if joined["parent_seq"] is None else _preview(row["reply_to"], joined),
        "attachments": attachments,
        "reactions": _render_reactions(reactions, viewer) if reactions else [],
        "mentions": row["mentions"],
        "metadata": row["metadata"],
        "client_id": row["client_id"],
        "revision": row["revision"],
        "is_edited": edited_at is not None,
        "edited_at": edited_at,
        "is_deleted": deleted_at is not None,
        "deleted_at": deleted_at,
        "created_at": row["created_at"],
    }


def _preview(message_id: UUID, joined: Columns) -> dict[str, Any]:
    sender = None
    if joined["parent_sender_id"] is not None:
        names = joined["parent_username"], joined["parent_display_name"], joined["parent_avatar_url"]
        sender = user_shape(joined["parent_sender_id"], *names)
    return {
        "id": message_id,
        "seq": joined["parent_seq"],
        "sender": sender,
        "message_type": joined["parent_type"],
        "content": joined["parent_content"],
        "is_deleted": joined["parent_deleted"],
    }
