"""Conversations from rows to `ConversationOut`, with a fixed number of queries for any number of conversations."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Row,
    Select,
    Text,
    Uuid,
    any_,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.session import Tx, values_table
from wasgo_chat.http.pagination import PageRequest
from wasgo_chat.identity import erased_users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.users import User, stranger_shape, user_shape
from wasgo_chat.membership import access
from wasgo_chat.membership.access import Membership
from wasgo_chat.membership.acquaintance import acquaintances, is_opened_by
from wasgo_chat.membership.models import Conversation, Participant
from wasgo_chat.messages import read_receipts
from wasgo_chat.messages.models import Message
from wasgo_chat.messages.rendering import message_select, render_messages

# The SQL expressions of `read_receipts` refer to a participant as `p`.
_participant = aliased(Participant, name="p")
_ParticipantsAndCounts = tuple[dict[UUID, list[dict[str, Any]]], dict[UUID, int]]
_UNREAD_COUNT = literal_column(read_receipts.UNREAD_COUNT, BigInteger())
MAX_LISTED_PARTICIPANTS = 20
"""Participants of a conversation in a list. The detail of a conversation has all of them."""

_LAST_READ_SEQ = literal_column(read_receipts.LAST_READ_SEQ, BigInteger())


async def conversation_page(
    tx: Tx,
    actor: Actor,
    *,
    conversation_type: str | None = None,
    archived: bool = False,
    reference_type: str | None = None,
    reference_id: str | None = None,
    unread: bool | None = None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """A page of the caller's conversations, newest activity first.

    Raises:
        Invalid: a cursor of another list.
    """
    list_key = ["conversations", conversation_type, archived, reference_type, reference_id, unread]
    page = PageRequest.parse(tx.settings, list_key, limit, cursor)
    statement = (
        select(Conversation, _participant, _UNREAD_COUNT.label("unread"))
        .join(_participant, _participant.conversation_id == Conversation.id)
        .where(_participant.user_id == actor.require_user(), _participant.left_seq.is_(None))
    )
    is_archived = func.coalesce(_participant.archived_at_number >= Conversation.message_count, False)
    statement = statement.where(is_archived if archived else ~is_archived)
    for column, value in (
        (Conversation.conversation_type, conversation_type),
        (Conversation.reference_type, reference_type),
        (Conversation.reference_id, reference_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if unread is not None:
        statement = statement.where(_UNREAD_COUNT > 0 if unread else _UNREAD_COUNT == 0)
    fetched = (await tx.execute(_ordered(statement, page))).all()
    rows, cursors = page.build_page(fetched, lambda row: [row[0].updated_at.isoformat(), str(row[0].id)])
    memberships = [Membership(actor, conversation, participant) for conversation, participant, _ in rows]
    counts = {conversation.id: count for conversation, _, count in rows}
    return {"results": await render_conversations(tx, memberships, unread=counts, in_list=True), **cursors}


async def load_conversation(tx: Tx, actor: Actor, conversation_id: UUID) -> dict[str, Any]:
    """A conversation as a user or service sees it.

    Raises:
        NotFound: no such conversation for the caller.
    """
    membership = await access.authorize(tx, actor, conversation_id)
    return (await render_conversations(tx, [membership]))[0]


async def render_conversations(
    tx: Tx, memberships: Sequence[Membership], *, unread: Mapping[UUID, int] | None = None, in_list: bool = False
) -> list[dict[str, Any]]:
    """Render authorized conversations of one caller as `ConversationOut`, in the same order.

    Args:
        tx: the transaction.
        memberships: the conversations.
        unread: unread messages by conversation, if they are counted already.
        in_list: include only the caller and the first other participants, `MAX_LISTED_PARTICIPANTS` in all.
    """
    if not memberships:
        return []
    ids = [membership.conversation.id for membership in memberships]
    user_id = memberships[0].actor.user_id
    participants, counts = await (_first_participants(tx, ids, user_id) if in_list else _participants(tx, ids))
    await _hide_strangers(tx, memberships, participants)
    last_messages = await _last_messages(tx, memberships, viewer=user_id)
    if unread is None:
        unread = await read_receipts.unread_counts(tx, user_id, ids) if user_id is not None else {}
    return [
        {
            **render_core(membership.conversation),
            "participants": participants[membership.conversation.id],
            "participant_count": counts[membership.conversation.id],
            "last_message": last_messages.get(membership.conversation.id),
            "last_seq": membership.conversation.last_seq,
            "unread_count": unread.get(membership.conversation.id, 0),
            "is_archived": _is_archived(membership),
        }
        for membership in memberships
    ]


async def _hide_strangers(
    tx: Tx, memberships: Sequence[Membership], participants: Mapping[UUID, list[dict[str, Any]]]
) -> None:
    """Show the other user of a direct conversation that the caller opened by id only, like an unknown id,
    unless they are acquainted.
    """
    user_id = memberships[0].actor.user_id
    shown = [
        participant
        for membership in memberships
        if is_opened_by(membership.conversation, user_id)
        for participant in participants[membership.conversation.id]
        if participant["user"]["id"] != user_id
    ]
    if not shown or user_id is None:
        return
    known = await acquaintances(tx, user_id, {participant["user"]["id"] for participant in shown})
    for participant in shown:
        if participant["user"]["id"] not in known:
            participant["user"] = stranger_shape(participant["user"]["id"])


def render_core(conversation: Conversation) -> dict[str, Any]:
    """A conversation as `ConversationCore`, the part that is the same for every member."""
    reference = None
    if conversation.reference_type is not None:
        reference = {"type": conversation.reference_type, "id": conversation.reference_id}
    return {
        "id": conversation.id,
        "conversation_type": conversation.conversation_type,
        "title": conversation.title,
        "reference": reference,
        "status": conversation.status,
        "metadata": conversation.meta,
        "settings": conversation.settings,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
    }


async def load_core(tx: Tx, conversation_id: UUID) -> dict[str, Any]:
    """A conversation as `ConversationCore`. The caller has authorized it."""
    statement = select(Conversation).where(Conversation.id == conversation_id)
    return render_core((await tx.execute(statement)).scalar_one())


async def load_participants(tx: Tx, conversation_id: UUID, user_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Present and past participants as `ParticipantOut`, by user id."""
    participants = await _participants_by_user(tx, conversation_id, user_ids)
    if missing := [user_id for user_id in user_ids if user_id not in participants]:
        # An erasure renames a user in the log page by page, and in the participant row only after that.
        erasures = await erased_users.running_erasures(tx, missing)
        not_renamed = await _participants_by_user(tx, conversation_id, list(erasures.values()))
        for pseudonym, user_id in erasures.items():
            if (participant := not_renamed.get(user_id)) is not None:
                participants[pseudonym] = {**participant, "user": {**participant["user"], "id": pseudonym}}
    return participants


async def _participants_by_user(tx: Tx, conversation_id: UUID, user_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    if not user_ids:
        return {}
    statement = _participant_rows([conversation_id]).where(
        _participant.user_id == any_(literal(list(user_ids), ARRAY(Text)))
    )
    return {row.user_id: _render_participant(row) for row in await tx.execute(statement)}


async def load_all_participants(tx: Tx, conversation_id: UUID) -> list[dict[str, Any]]:
    """All participants as `ParticipantOut`: members in the order they joined, then those who left."""
    order = (_participant.left_seq.nulls_first(), _participant.joined_seq, _participant.user_id)
    return [_render_participant(row) for row in await tx.execute(_participant_rows([conversation_id]).order_by(*order))]


async def load_participant(tx: Tx, conversation_id: UUID, user_id: str) -> dict[str, Any]:
    """A present or past participant as `ParticipantOut`.

    Raises:
        NotFound: that user never was a member.
    """
    participants = await load_participants(tx, conversation_id, [user_id])
    if user_id not in participants:
        raise NotFound
    return participants[user_id]


async def _participants(tx: Tx, ids: Sequence[UUID]) -> _ParticipantsAndCounts:
    statement = (
        _participant_rows(ids)
        .where(_participant.left_seq.is_(None))
        .order_by(_participant.joined_seq, _participant.user_id)
    )
    by_conversation: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in await tx.execute(statement):
        by_conversation[row.conversation_id].append(_render_participant(row))
    return by_conversation, {conversation_id: len(by_conversation[conversation_id]) for conversation_id in ids}


async def _first_participants(tx: Tx, ids: Sequence[UUID], user_id: str | None) -> _ParticipantsAndCounts:
    """The user and, by id, the first other members: the primary key gives them without reading all members."""
    keys = values_table(conversation_id=(Uuid(), list(ids)))
    first = (
        select(Participant.user_id)
        .where(
            Participant.conversation_id == keys.c.conversation_id,
            Participant.left_seq.is_(None),
            Participant.user_id != (user_id or ""),
        )
        .order_by(Participant.user_id)
        .limit(MAX_LISTED_PARTICIPANTS - 1)
        .lateral("first")
    )
    totals = (
        select(Participant.conversation_id, func.count().label("total"))
        .where(Participant.conversation_id == any_(literal(list(ids), ARRAY(Uuid))), Participant.left_seq.is_(None))
        .group_by(Participant.conversation_id)
        .cte("totals")
    )
    rows = (
        _participant_rows(ids)
        .add_columns(_participant.joined_seq, totals.c.total)
        .join(totals, totals.c.conversation_id == _participant.conversation_id)
        .where(_participant.left_seq.is_(None))
    )
    is_first = _participant.user_id == first.c.user_id
    others = rows.join(keys, keys.c.conversation_id == _participant.conversation_id).join(first, is_first)
    statement = others.union_all(rows.where(_participant.user_id == user_id))
    by_conversation: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    counts: dict[UUID, int] = defaultdict(int)
    for row in sorted(await tx.execute(statement), key=lambda row: (row.joined_seq, row.user_id)):
        by_conversation[row.conversation_id].append(_render_participant(row))
        counts[row.conversation_id] = row.total
    return by_conversation, counts


def _participant_rows(ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    """A select of columns, not entities: a page has hundreds of participants, and entities take ten times as long."""
    return (
        select(
            _participant.conversation_id,
            _participant.user_id,
            _participant.role,
            _participant.joined_at,
            _participant.left_at,
            _participant.left_seq,
            User.username,
            User.display_name,
            User.avatar_url,
            _LAST_READ_SEQ.label("last_read_seq"),
        )
        .join(User, User.id == _participant.user_id)
        .where(_participant.conversation_id == any_(literal(list(ids), ARRAY(Uuid))))
    )


def _render_participant(row: Row[Any]) -> dict[str, Any]:
    return {
        "user": user_shape(row.user_id, row.username, row.display_name, row.avatar_url),
        "role": row.role,
        "joined_at": row.joined_at,
        "left_at": row.left_at,
        "last_read_seq": row.last_read_seq if row.left_seq is None else row.left_seq,
    }


async def _last_messages(
    tx: Tx, memberships: Sequence[Membership], *, viewer: str | None
) -> dict[UUID, dict[str, Any]]:
    keys = values_table(
        conversation_id=(Uuid(), [membership.conversation.id for membership in memberships]),
        number=(BigInteger(), [membership.conversation.message_count for membership in memberships]),
    )
    is_last = (Message.conversation_id == keys.c.conversation_id) & (Message.number == keys.c.number)
    statement = message_select().join(keys, is_last)
    rows = (await tx.execute(statement)).all()
    return {message["conversation"]: message for message in await render_messages(tx, rows, viewer=viewer)}


def _is_archived(membership: Membership) -> bool:
    participant = membership.participant
    if participant is None or participant.archived_at_number is None:
        return False
    return participant.archived_at_number >= membership.conversation.message_count


def _ordered(
    statement: Select[Conversation, Participant, int], page: PageRequest
) -> Select[Conversation, Participant, int]:
    key = tuple_(Conversation.updated_at, Conversation.id)
    if page.key is not None:
        bound = (datetime.fromisoformat(page.key[0]), UUID(page.key[1]))
        statement = statement.where(key > bound if page.is_backward else key < bound)
    if page.is_backward:
        statement = statement.order_by(Conversation.updated_at.asc(), Conversation.id.asc())
    else:
        statement = statement.order_by(Conversation.updated_at.desc(), Conversation.id.desc())
    return statement.limit(page.limit + 1)
