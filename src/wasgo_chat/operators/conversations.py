"""Inspection of any conversation: the filtered list, a conversation with its participants, and its messages.

Every read is recorded in the audit log, in the same transaction. The list is ordered by the creation of the
conversations, not by their last activity: an index on that would be updated with every message.
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
    """Filters of the list. `title` has words of the title or their prefixes, in any order."""

    conversation_type: str | None = None
    status: str | None = None
    reference_type: str | None = None
    reference_id: str | None = None
    participant: str | None = None
    title: str | None = None

    def names(self) -> str:
        """The names of the filters that are set, without their values."""
        return ",".join(name for name, value in asdict(self).items() if value is not None)


async def list_conversations(
    tx: Tx, actor: Actor, filters: ConversationFilters, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of `InspectedConversation`, newest first.

    Raises:
        Invalid: the cursor belongs to another list.
    """
    page = PageRequest.parse(tx.settings, ["operators", *asdict(filters).values()], limit, cursor)
    statement = _apply_filters(select(Conversation), filters)
    if page.key is not None:
        bound = UUID(page.key[0])
        statement = statement.where(Conversation.id > bound if page.is_backward else Conversation.id < bound)
    order = Conversation.id.asc() if page.is_backward else Conversation.id.desc()
    candidates = (await tx.execute(statement.order_by(order).limit(page.limit + 1))).scalars().all()
    rows, cursors = page.build_page(candidates, lambda row: [str(row.id)])
    await audit.record_action(tx, actor, "conversations_listed", target=filters.names() or None)
    return {"results": await _render(tx, rows), **cursors}


async def inspect(tx: Tx, actor: Actor, conversation_id: UUID) -> dict[str, Any]:
    """The `InspectedConversationDetail` of any conversation.

    Raises:
        NotFound: it does not exist.
    """
    conversation = await _get_conversation(tx, conversation_id)
    await audit.record_action(tx, actor, "conversation_inspected", conversation_id=conversation_id)
    rendered = (await _render(tx, [conversation]))[0]
    return {**rendered, "participants": await load_all_participants(tx, conversation_id)}


async def list_messages(
    tx: Tx, actor: Actor, conversation_id: UUID, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of the messages of any conversation, newest first.

    Raises:
        NotFound: the conversation does not exist.
        Invalid: the cursor belongs to another list.
    """
    page = PageRequest.parse(tx.settings, ["operators", "messages", conversation_id], limit, cursor)
    await _get_conversation(tx, conversation_id)
    await audit.record_action(tx, actor, "messages_inspected", conversation_id=conversation_id)
    statement = message_select().where(Message.conversation_id == conversation_id)
    if page.key is not None:
        statement = statement.where(Message.seq > page.key[0] if page.is_backward else Message.seq < page.key[0])
    order = Message.seq.asc() if page.is_backward else Message.seq.desc()
    candidates = (await tx.execute(statement.order_by(order).limit(page.limit + 1))).all()
    rows, cursors = page.build_page(candidates, lambda row: [row.seq])
    return {"results": await render_messages(tx, rows, viewer=actor.require_user()), **cursors}


async def inspect_message(tx: Tx, actor: Actor, message_id: UUID) -> dict[str, Any]:
    """Any message with its revisions and read receipts.

    Raises:
        NotFound: it does not exist.
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


async def _get_conversation(tx: Tx, conversation_id: UUID) -> Conversation:
    statement = select(Conversation).where(Conversation.id == conversation_id)
    conversation = (await tx.execute(statement)).scalar_one_or_none()
    if conversation is None:
        raise NotFound
    return conversation


def _apply_filters(statement: Select[Conversation], filters: ConversationFilters) -> Select[Conversation]:
    for name in ("conversation_type", "status", "reference_type", "reference_id"):
        if (value := getattr(filters, name)) is not None:
            statement = statement.where(getattr(Conversation, name) == value)
    if filters.participant is not None:
        # Former participants as well: operators look for all conversations of a user.
        joined = select(Participant.conversation_id).where(Participant.user_id == filters.participant)
        statement = statement.where(Conversation.id.in_(joined))
    if filters.title is not None:
        prefixes = " & ".join(f"{word}:*" for word in _WORD.findall(filters.title))
        statement = statement.where(TITLE_WORDS.op("@@")(func.to_tsquery("simple", prefixes)))
    return statement


async def _render(tx: Tx, conversations: Sequence[Conversation]) -> list[dict[str, Any]]:
    participants, counts = await _first_participants(tx, [conversation.id for conversation in conversations])
    return [
        {
            **render_core(conversation),
            "created_by": conversation.created_by,
            "last_seq": conversation.last_seq,
            "message_count": conversation.message_count,
            "participant_count": counts.get(conversation.id, 0),
            "people": participants[conversation.id],
        }
        for conversation in conversations
    ]


async def _first_participants(tx: Tx, ids: Sequence[UUID]) -> tuple[dict[UUID, list[dict[str, Any]]], dict[UUID, int]]:
    """The first current participants of each conversation, and the number of current participants."""
    conversation_id = Participant.conversation_id
    position = func.row_number().over(
        partition_by=conversation_id, order_by=(Participant.joined_seq, Participant.user_id)
    )
    ranked = (
        select(
            conversation_id,
            Participant.user_id,
            position.label("position"),
            func.count().over(partition_by=conversation_id).label("total"),
        )
        .where(conversation_id == any_(literal(list(ids), ARRAY(Uuid))), Participant.left_seq.is_(None))
        .subquery()
    )
    statement = (
        select(ranked, User.username, User.display_name, User.avatar_url)
        .join(User, User.id == ranked.c.user_id)
        .where(ranked.c.position <= MAX_SHOWN_PARTICIPANTS)
        .order_by(ranked.c.conversation_id, ranked.c.position)
    )
    participants: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    counts: dict[UUID, int] = {}
    for row in await tx.execute(statement):
        counts[row.conversation_id] = row.total
        participants[row.conversation_id].append(
            user_shape(row.user_id, row.username, row.display_name, row.avatar_url)
        )
    return participants, counts
