"""Export and erasure of a person's data in messages: messages, revisions, mentions, system messages about them,
reactions, read receipts.

An erased person's messages stay as tombstones of a pseudonym. Each change is an event, so clients that follow a
conversation end up with the same state as clients that load it again.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, cast, delete, exists, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text

from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.events import log, types
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.pseudonyms import ERASED_NAME, ErasedPerson
from wasgo_chat.membership.models import Conversation, Participant
from wasgo_chat.messages.models import Message, MessageRevision, Reaction, Read
from wasgo_chat.messages.system_messages import is_generated_text, system_text
from wasgo_chat.messages.tombstones import tombstone

PAGE = 100
"""Messages that one step changes: as many events as the hub reads at once."""

SPAN = 20_000
"""Message numbers that one step scans."""

READS_PAGE = 2_000

# Names are searched in system messages only, which are few; what other users wrote about the person stays.
_MENTIONING = """
SELECT id, number, sender_id, content, metadata, mentions, revision FROM messages
WHERE conversation_id = :conversation_id AND number > :after AND number <= :upto
  AND (sender_id = :user_id OR mentions @> ARRAY[CAST(:user_id AS text)]
       OR (sender_id IS NULL AND (
           metadata->>'user_id' = :user_id OR metadata->>'by' = :user_id
           OR EXISTS (SELECT FROM unnest(:terms) AS t WHERE strpos(lower(content), t) > 0)
           OR EXISTS (SELECT FROM unnest(:json_terms) AS t WHERE strpos(lower(metadata::text), t) > 0))))
ORDER BY number LIMIT :limit
"""


async def erase_page(
    tx: Tx, actor: Actor, conversation_id: UUID, person: ErasedPerson, after: int
) -> tuple[int | None, int]:
    """Erase a person from the next messages of a locked conversation.

    Returns:
        The number to continue after, or None at the end; and how many of their messages became tombstones.
    """
    count = select(Conversation.message_count).where(Conversation.id == conversation_id)
    head: int = (await tx.execute(count)).scalar_one()
    rows = await _mentioning(tx, conversation_id, person, after)
    own = [row.id for row in rows if row.sender_id == person.user_id]
    system = [row.id for row in rows if row.sender_id is None]
    changes = {row.id: change for row in rows if row.sender_id != person.user_id and (change := _redacted(row, person))}
    events: list[types.Event] = [
        types.MessageEdited(row.id, row.revision + 1)
        if row.id in changes
        else types.MessageDeleted(row.id, row.revision + 1)
        for row in rows
        if row.id in changes or row.sender_id == person.user_id
    ]
    if events:
        last = await log.emit_many(tx, actor, conversation_id, events)
        await tombstone(tx, conversation_id, own, deleted_at=last.at, pseudonym=person.pseudonym)
        for message_id, change in changes.items():
            is_changed = (Message.conversation_id == conversation_id) & (Message.id == message_id)
            await tx.execute(update(Message).where(is_changed).values(revision=Message.revision + 1, **change))
        await _delete_revisions(tx, conversation_id, system)
    reached = rows[-1].number if len(rows) == PAGE else after + SPAN
    return (None if reached >= head else reached), len(own)


async def has_messages(tx: Tx, person: ErasedPerson) -> bool:
    """Whether there is a message of a person in the conversations in which the pseudonym has replaced them.

    Senders are participants, so there are none elsewhere.
    """
    statement = exists().where(
        Participant.user_id == person.pseudonym,
        Message.conversation_id == Participant.conversation_id,
        Message.sender_id == person.user_id,
    )
    return bool((await tx.execute(select(statement))).scalar_one())


async def erase_reactions(tx: Tx, actor: Actor, conversation_id: UUID, person: ErasedPerson) -> bool:
    """Delete a page of a person's reactions in a locked conversation. Returns whether there may be more."""
    is_theirs = (Reaction.conversation_id == conversation_id) & (Reaction.user_id == person.user_id)
    page = select(Reaction.message_id, Reaction.emoji).where(is_theirs).order_by(Reaction.message_id, Reaction.emoji)
    rows = (await tx.execute(page.limit(PAGE))).all()
    for row in rows:
        is_row = is_theirs & (Reaction.message_id == row.message_id) & (Reaction.emoji == row.emoji)
        await tx.execute(delete(Reaction).where(is_row))
    if rows:
        removed = [types.ReactionUpdated(row.message_id, person.user_id, row.emoji, "removed") for row in rows]
        await log.emit_many(tx, actor, conversation_id, removed)
    return len(rows) == PAGE


async def erase_system_message_revisions(tx: Tx, conversation_id: UUID) -> None:
    """Delete the earlier versions of system messages: they may contain a former name of the person."""
    system = select(Message.id).where(Message.conversation_id == conversation_id, Message.sender_id.is_(None))
    in_conversation = MessageRevision.conversation_id == conversation_id
    await tx.execute(delete(MessageRevision).where(in_conversation, MessageRevision.message_id.in_(system)))


async def pseudonymize_reads(tx: Tx, conversation_id: UUID, person: ErasedPerson) -> bool:
    """Empty and rename a page of a person's read receipts. Returns whether there may be more. The rows stay, so
    versions have no gap.
    """
    is_theirs = (Read.conversation_id == conversation_id) & (Read.user_id == person.user_id)
    page = select(Read.version).where(is_theirs).order_by(Read.version).limit(READS_PAGE)
    versions = list((await tx.execute(page)).scalars())
    values = {"user_id": person.pseudonym, "numbers": text("'{}'::int8multirange"), "up_to_seq": None}
    is_chosen = (Read.conversation_id == conversation_id) & any_of(Read.version, versions)
    await tx.execute(update(Read).where(is_chosen).values(values))
    return len(versions) == READS_PAGE


async def export_messages(
    tx: Tx, conversation_id: UUID, user_id: str, after: int, *, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """A user's messages in a conversation with their earlier versions, by number."""
    statement = (
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.sender_id == user_id, Message.number > after)
        .order_by(Message.number)
        .limit(limit)
    )
    messages = (await tx.execute(statement)).scalars().all()
    earlier: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    is_theirs = any_of(MessageRevision.message_id, [message.id for message in messages])
    revisions = select(MessageRevision).where(MessageRevision.conversation_id == conversation_id, is_theirs)
    for row in (await tx.execute(revisions.order_by(MessageRevision.revision))).scalars():
        revision = {"revision": row.revision, "content": row.content, "replaced_at": row.replaced_at}
        earlier[row.message_id].append(revision)
    return [(message.number, _exported(message, earlier[message.id])) for message in messages]


async def export_reactions(tx: Tx, conversation_id: UUID, user_id: str) -> list[dict[str, Any]]:
    """A user's reactions in a conversation."""
    is_theirs = (Reaction.conversation_id == conversation_id) & (Reaction.user_id == user_id)
    rows = (await tx.execute(select(Reaction).where(is_theirs).order_by(Reaction.created_at))).scalars()
    return [
        {
            "conversation": conversation_id,
            "message_id": row.message_id,
            "emoji": row.emoji,
            "created_at": row.created_at,
        }
        for row in rows
    ]


async def export_reads(
    tx: Tx, conversation_id: UUID, user_id: str, after: int, *, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """A user's read receipts in a conversation, by version."""
    is_next = (Read.conversation_id == conversation_id) & (Read.user_id == user_id) & (Read.version > after)
    statement = (
        select(Read.version, cast(Read.numbers, Text).label("numbers"), Read.read_at)
        .where(is_next)
        .order_by(Read.version)
        .limit(limit)
    )
    return [
        (row.version, {"conversation": conversation_id, "message_numbers": row.numbers, "read_at": row.read_at})
        for row in await tx.execute(statement)
    ]


async def _mentioning(tx: Tx, conversation_id: UUID, person: ErasedPerson, after: int) -> Sequence[Row[Any]]:
    """The next messages that the person sent, that mention them, or that are system messages about them."""
    names = ARRAY(Text)
    statement = text(_MENTIONING).bindparams(
        bindparam("terms", type_=names), bindparam("json_terms", type_=names), bindparam("user_id", type_=Text)
    )
    params = {
        "conversation_id": conversation_id,
        "after": after,
        "upto": after + SPAN,
        "user_id": person.user_id,
        "terms": person.search_terms,
        "json_terms": person.json_search_terms,
        "limit": PAGE,
    }
    return (await tx.execute(statement.columns(metadata=JSONB(), mentions=names), params)).all()


def _redacted(row: Row[Any], person: ErasedPerson) -> dict[str, Any]:
    """The columns of another user's message, or of a system message, that change; none if only a part of a word
    matched.
    """
    mentions = [person.pseudonym if user_id == person.user_id else user_id for user_id in row.mentions]
    change: dict[str, Any] = {} if mentions == row.mentions else {"mentions": mentions}
    if row.sender_id is not None:
        return change
    metadata, content = person.redact(row.metadata), row.content
    if (
        content is not None
        and row.metadata.get("user_id") == person.user_id
        and is_generated_text(row.metadata, content)
    ):
        content = system_text(row.metadata, ERASED_NAME)
    elif content is not None:
        content = person.redact(content)
    if metadata != row.metadata:
        change["meta"] = metadata
    return change if content == row.content else {**change, "content": content}


async def _delete_revisions(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> None:
    is_theirs = (MessageRevision.conversation_id == conversation_id) & any_of(MessageRevision.message_id, message_ids)
    await tx.execute(delete(MessageRevision).where(is_theirs))


def _exported(message: Message, earlier: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": message.id,
        "conversation": message.conversation_id,
        "seq": message.seq,
        "number": message.number,
        "message_type": message.message_type,
        "content": message.content,
        "reply_to": message.reply_to,
        "mentions": message.mentions,
        "metadata": message.meta,
        "client_id": message.client_id,
        "sent_for_by": message.service,
        "created_at": message.created_at,
        "edited_at": message.edited_at,
        "deleted_at": message.deleted_at,
        "earlier": earlier,
    }
