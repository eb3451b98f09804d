"""What the chat holds of a person's words: messages, earlier versions, mentions, notes about them, reactions, reads.

Read for an export, taken away for an erasure. A message stays in its place as a tombstone of the pseudonym, and each
change is an event, so that whoever follows a conversation arrives where a fresh load does.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, cast, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text

from wasgo_chat.attachments import verbs as attachments
from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.events import log, types
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.pseudonyms import ERASED_NAME, ErasedPerson
from wasgo_chat.membership.models import Conversation
from wasgo_chat.messages.models import Message, MessageRevision, Reaction, Read
from wasgo_chat.messages.system_messages import is_generated_text, system_text

PAGE = 100
"""Messages that one step changes: as many events as the teller reads at once."""

SPAN = 20_000
"""Numbers that one step looks through."""

READS_PAGE = 2_000

# Notes are few: only they are searched for names, so that words of others stay theirs.
_MENTIONING = """
SELECT id, number, sender_id, message_type, content, metadata, mentions, revision FROM messages
WHERE conversation_id = :conversation_id AND number > :after AND number <= :upto
  AND (sender_id = :user_id OR mentions @> ARRAY[CAST(:user_id AS text)]
       OR (message_type = 'system' AND (
           metadata->>'user_id' = :user_id OR metadata->>'by' = :user_id
           OR EXISTS (SELECT FROM unnest(:needles) AS n WHERE strpos(lower(content), n) > 0)
           OR EXISTS (SELECT FROM unnest(:json_needles) AS n WHERE strpos(lower(metadata::text), n) > 0))))
ORDER BY number LIMIT :limit
"""


async def erase_page(
    tx: Tx, actor: Actor, conversation_id: UUID, person: ErasedPerson, after: int
) -> tuple[int | None, int]:
    """Forget a person in the next messages of a held conversation.

    Returns:
        The number to go on after, None at the end; and how many of their messages became tombstones.
    """
    count = select(Conversation.message_count).where(Conversation.id == conversation_id)
    head: int = (await tx.execute(count)).scalar_one()
    names = ARRAY(Text)
    statement = text(_MENTIONING).bindparams(
        bindparam("needles", type_=names), bindparam("json_needles", type_=names), bindparam("user_id", type_=Text)
    )
    given = {
        "conversation_id": conversation_id,
        "after": after,
        "upto": after + SPAN,
        "user_id": person.user_id,
        "needles": person.search_terms,
        "json_needles": person.json_search_terms,
        "limit": PAGE,
    }
    typed = statement.columns(metadata=JSONB(), mentions=names)
    rows = (await tx.execute(typed, given)).all()
    own = [row.id for row in rows if row.sender_id == person.user_id]
    notes = [row.id for row in rows if row.message_type == "system"]
    changes = {row.id: change for row in rows if row.sender_id != person.user_id and (change := _redacted(row, person))}
    events: list[types.Event] = [
        types.MessageEdited(row.id, row.revision + 1)
        if row.id in changes
        else types.MessageDeleted(row.id, row.revision + 1)
        for row in rows
        if row.id in changes or row.sender_id == person.user_id
    ]
    if events:
        emitted = await log.emit_many(tx, actor, conversation_id, events)
        await _tombstone_as_pseudonym(tx, conversation_id, own, person, emitted)
        for message_id, change in changes.items():
            await _update(tx, conversation_id, [message_id], change)
        await _drop_revisions(tx, conversation_id, [*own, *notes])
    reached = rows[-1].number if len(rows) == PAGE else after + SPAN
    return (None if reached >= head else reached), len(own)


async def has_messages(tx: Tx, user_id: str) -> bool:
    """Whether any message is somebody's."""
    return bool((await tx.execute(select(exists().where(Message.sender_id == user_id)))).scalar_one())


async def erase_reactions(tx: Tx, actor: Actor, conversation_id: UUID, person: ErasedPerson) -> bool:
    """Take a page of somebody's reactions away, in a held conversation; whether there may be more."""
    mine = (Reaction.conversation_id == conversation_id) & (Reaction.user_id == person.user_id)
    statement = select(Reaction.message_id, Reaction.emoji).where(mine).order_by(Reaction.message_id, Reaction.emoji)
    rows = (await tx.execute(statement.limit(PAGE))).all()
    for row in rows:
        one = mine & (Reaction.message_id == row.message_id) & (Reaction.emoji == row.emoji)
        await tx.execute(delete(Reaction).where(one))
    if rows:
        gone = [types.ReactionUpdated(row.message_id, person.user_id, row.emoji, "removed") for row in rows]
        await log.emit_many(tx, actor, conversation_id, gone)
    return len(rows) == PAGE


async def erase_system_message_revisions(tx: Tx, conversation_id: UUID) -> None:
    """Drop what deleted notes said: a name in it may be one that nobody knows any more."""
    notes = select(Message.id).where(Message.conversation_id == conversation_id, Message.message_type == "system")
    here = MessageRevision.conversation_id == conversation_id
    await tx.execute(delete(MessageRevision).where(here, MessageRevision.message_id.in_(notes)))


async def pseudonymize_reads(tx: Tx, conversation_id: UUID, person: ErasedPerson) -> bool:
    """Empty and rename a page of somebody's readings; whether there may be more. Their versions stay without a gap."""
    mine = (Read.conversation_id == conversation_id) & (Read.user_id == person.user_id)
    page = select(Read.version).where(mine).order_by(Read.version).limit(READS_PAGE)
    versions = list((await tx.execute(page)).scalars())
    blank = {"user_id": person.pseudonym, "numbers": text("'{}'::int8multirange"), "up_to_seq": None}
    here = Read.conversation_id == conversation_id
    await tx.execute(update(Read).where(here, any_of(Read.version, versions)).values(blank))
    return len(versions) == READS_PAGE


async def export_messages(
    tx: Tx, conversation_id: UUID, user_id: str, after: int, *, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Somebody's own messages in a conversation, by number, with what they said before an edit."""
    statement = (
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.sender_id == user_id, Message.number > after)
        .order_by(Message.number)
        .limit(limit)
    )
    messages = (await tx.execute(statement)).scalars().all()
    earlier: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    wanted = any_of(MessageRevision.message_id, [message.id for message in messages])
    revisions = select(MessageRevision).where(MessageRevision.conversation_id == conversation_id, wanted)
    for row in (await tx.execute(revisions.order_by(MessageRevision.revision))).scalars():
        one = {"revision": row.revision, "content": row.content, "replaced_at": row.replaced_at}
        earlier[row.message_id].append(one)
    return [(message.number, _exported(message, earlier[message.id])) for message in messages]


async def export_reactions(tx: Tx, conversation_id: UUID, user_id: str) -> list[dict[str, Any]]:
    """Somebody's reactions in a conversation."""
    mine = (Reaction.conversation_id == conversation_id) & (Reaction.user_id == user_id)
    rows = (await tx.execute(select(Reaction).where(mine).order_by(Reaction.created_at))).scalars()
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
    """When somebody marked what as read in a conversation, by version."""
    mine = (Read.conversation_id == conversation_id) & (Read.user_id == user_id) & (Read.version > after)
    statement = (
        select(Read.version, cast(Read.numbers, Text).label("numbers"), Read.read_at)
        .where(mine)
        .order_by(Read.version)
        .limit(limit)
    )
    return [
        (row.version, {"conversation": conversation_id, "message_numbers": row.numbers, "read_at": row.read_at})
        for row in await tx.execute(statement)
    ]


def _redacted(row: Row[Any], person: ErasedPerson) -> dict[str, Any]:
    """What of somebody else's message, or of a note, becomes different; nothing where only a part of a word matched."""
    mentions = [person.pseudonym if one == person.user_id else one for one in row.mentions]
    change: dict[str, Any] = {} if mentions == row.mentions else {"mentions": mentions}
    if row.message_type != "system":
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


async def _tombstone_as_pseudonym(
    tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID], person: ErasedPerson, emitted: log.AppendedEvent
) -> None:
    blank: dict[str, Any] = {
        "sender_id": person.pseudonym,
        "content": None,
        "mentions": [],
        "meta": {},
        "client_id": None,
        "request_hash": None,
        "deleted_at": func.coalesce(Message.deleted_at, emitted.at),
    }
    await _update(tx, conversation_id, message_ids, blank)
    of_them = (Reaction.conversation_id == conversation_id) & any_of(Reaction.message_id, message_ids)
    await tx.execute(delete(Reaction).where(of_them))
    await attachments.release(tx, conversation_id, message_ids)


async def _update(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID], values: dict[str, Any]) -> None:
    those = (Message.conversation_id == conversation_id) & any_of(Message.id, message_ids)
    await tx.execute(update(Message).where(those).values(revision=Message.revision + 1, **values))


async def _drop_revisions(tx: Tx, conversation_id: UUID, message_ids: Sequence[UUID]) -> None:
    those = (MessageRevision.conversation_id == conversation_id) & any_of(MessageRevision.message_id, message_ids)
    await tx.execute(delete(MessageRevision).where(those))


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
