"""Everybody's conversations: the list with its filters, one of them with its members, its messages.

Whatever is read here of others leaves a row in the audit, in the same transaction. The list goes by when conversations
were made and not by their last activity: an index on that would be written with every message.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from wasgo_chat.conversations.rendering import load_all_participants, render_core
from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.session import Tx
from wasgo_chat.http.pagination import PageRequest
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.users import User, user_shape
from wasgo_chat.membership.models import TITLE_WORDS, Conversation, Participant
from wasgo_chat.messages.models import Message
from wasgo_chat.messages.read_receipts import list_receipts
from wasgo_chat.messages.rendering import message_select, render_messages
from wasgo_chat.messages.revisions import revisions_of

MAX_SHOWN_PARTICIPANTS = 4
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class ConversationFilters:
    """What the list is narrowed to; `title` are words, or their beginnings, in any order."""

    conversation_type: str | None = None
    status: str | None = None
    reference_type: str | None = None
    reference_id: str | None = None
    participant: str | None = None
    title: str | None = None

    def used(self) -> str:
        """Their names, never what they look for."""
        return ",".join(name for name, value in asdict(self).items() if value is not None)


async def list_conversations(
    tx: Tx, actor: Actor, filters: ConversationFilters, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of `InspectedConversation`, the newest first.

    Raises:
        Invalid: a cursor of another list.
    """
    page = PageRequest.parse(tx.settings, ["operators", *asdict(filters).values()], limit, cursor)
    statement = _apply_filters(select(Conversation), filters)
    if page.key is not None:
        bound = UUID(page.key[0])
        statement = statement.where(Conversation.id > bound if page.is_backward else Conversation.id < bound)
    order = Conversation.id.asc() if page.is_backward else Conversation.id.desc()
    found = (await tx.execute(statement.order_by(order).limit(page.limit + 1))).scalars().all()
    rows, cursors = page.build_page(found, lambda row: [str(row.id)])
    await audit.record_action(tx, actor, "conversations_listed", target=filters.used() or None)
    return {"results": await _shapes(tx, rows), **cursors}


async def inspect(tx: Tx, actor: Actor, conversation_id: UUID) -> dict[str, Any]:
    """The `InspectedConversationDetail` of any conversation.

    Raises:
        NotFound: there is none.
    """
    conversation = await _found(tx, conversation_id)
    await audit.record_action(tx, actor, "conversation_inspected", conversation_id=conversation_id)
    shape = (await _shapes(tx, [conversation]))[0]
    return {**shape, "participants": await load_all_participants(tx, conversation_id)}


async def list_messages(
    tx: Tx, actor: Actor, conversation_id: UUID, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of the messages of any conversation, newest first.

    Raises:
        NotFound: there is no such conversation.
        Invalid: a cursor of another list.
    """
    page = PageRequest.parse(tx.settings, ["operators", "messages", conversation_id], limit, cursor)
    await _found(tx, conversation_id)
    await audit.record_action(tx, actor, "messages_inspected", conversation_id=conversation_id)
    statement = message_select().where(Message.conversation_id == conversation_id)
    if page.key is not None:
        statement = statement.where(Message.seq > page.key[0] if page.is_backward else Message.seq < page.key[0])
    order = Message.seq.asc() if page.is_backward else Message.seq.desc()
    found = (await tx.execute(statement.order_by(order).limit(page.limit + 1))).all()
    rows, cursors = page.build_page(found, lambda row: [row.seq])
    return {"results": await render_messages(tx, rows, viewer=actor.require_user()), **cursors}


async def inspect_message(tx: Tx, actor: Actor, message_id: UUID) -> dict[str, Any]:
    """Any message with its versions and who read it when.

    Raises:
        NotFound: there is none.
    """
    rows = (await tx.execute(message_select().where(Message.id == message_id))).all()
    if not rows:
        raise NotFound
    message = (await render_messages(tx, rows, viewer=actor.require_user()))[0]
    conversation_id = message["conversation"]
    await audit.record_action(
        tx,
        actor,
        "message_inspected",
        conversation_id=conversation_id,
        user_id=message["sender"]["id"] if message["sender"] else None,
        target=message_id,
    )
    return {
        "message": message,
        "revisions": await revisions_of(tx, message),
        "receipts": await list_receipts(tx, conversation_id, message_id),
    }


async def _found(tx: Tx, conversation_id: UUID) -> Conversation:
    statement = select(Conversation).where(Conversation.id == conversation_id)
    found = (await tx.execute(statement)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def _apply_filters(statement: Select[Conversation], filters: ConversationFilters) -> Select[Conversation]:
    for name in ("conversation_type", "status", "reference_type", "reference_id"):
        if (wanted := getattr(filters, name)) is not None:
            statement = statement.where(getattr(Conversation, name) == wanted)
    if filters.participant is not None:
        # Also those who left: who asks wants to know where somebody ever was.
        theirs = select(Participant.conversation_id).where(Participant.user_id == filters.participant)
        statement = statement.where(Conversation.id.in_(theirs))
    if filters.title is not None:
        beginnings = " & ".join(f"{word}:*" for word in _WORD.findall(filters.title))
        statement = statement.where(TITLE_WORDS.op("@@")(func.to_tsquery("simple", beginnings)))
    return statement


async def _shapes(tx: Tx, conversations: Sequence[Conversation]) -> list[dict[str, Any]]:
    people, counts = await _people(tx, [one.id for one in conversations])
    return [
        {
            **render_core(one),
            "created_by": one.created_by,
            "last_seq": one.last_seq,
            "message_count": one.message_count,
            "participant_count": counts.get(one.id, 0),
            "people": people[one.id],
        }
        for one in conversations
    ]


async def _people(tx: Tx, ids: Sequence[UUID]) -> tuple[dict[UUID, list[dict[str, Any]]], dict[UUID, int]]:
    """By conversation: the first who are in it, and how many are."""
    here = Participant.conversation_id
    place = func.row_number().over(partition_by=here, order_by=(Participant.joined_seq, Participant.user_id))
    ranked = (
        select(here, Participant.user_id, place.label("place"), func.count().over(partition_by=here).label("present"))
        .where(here == any_(literal(list(ids), ARRAY(Uuid))), Participant.left_seq.is_(None))
        .subquery()
    )
    statement = (
        select(ranked, User.username, User.display_name, User.avatar_url)
        .join(User, User.id == ranked.c.user_id)
        .where(ranked.c.place <= MAX_SHOWN_PARTICIPANTS)
        .order_by(ranked.c.conversation_id, ranked.c.place)
    )
    people: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    counts: dict[UUID, int] = {}
    for row in await tx.execute(statement):
        counts[row.conversation_id] = row.present
        people[row.conversation_id].append(user_shape(row.user_id, row.username, row.display_name, row.avatar_url))
    return people, counts
