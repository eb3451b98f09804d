"""What conversations hold of a person, beside what they said: their places, titles they gave, pairs they are half of.

Read for an export, taken away for an erasure. Messages have a room of their own for it.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select, text, update

from wasgo_chat.database.session import Tx
from wasgo_chat.events import log, types
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.pseudonyms import ErasedPerson
from wasgo_chat.membership.models import Conversation, Participant

# The newest change of each field says whose it is; what was never changed is of who created the conversation.
_AUTHORS = """
SELECT DISTINCT ON (field) field, e.actor_id
FROM events e, jsonb_array_elements_text(e.data->'fields') AS field
WHERE e.conversation_id = :conversation_id AND e.type = 'conversation_updated'
ORDER BY field, e.seq DESC
"""


async def next_conversation(tx: Tx, user_id: str, after: UUID | None, *, again: bool) -> UUID | None:
    """The first conversation, in key order, that somebody is or was in: after one, or (`again`) from it on."""
    statement = select(Participant.conversation_id).where(Participant.user_id == user_id)
    if after is not None:
        is_next = Participant.conversation_id >= after if again else Participant.conversation_id > after
        statement = statement.where(is_next)
    found: UUID | None = (
        await tx.execute(statement.order_by(Participant.conversation_id).limit(1))
    ).scalar_one_or_none()
    return found


async def export_memberships(tx: Tx, user_id: str, after: UUID | None, *, limit: int) -> list[dict[str, Any]]:
    """Somebody's places, also those they left, in key order."""
    statement = (
        select(Participant, Conversation.conversation_type)
        .join(Conversation, Conversation.id == Participant.conversation_id)
        .where(Participant.user_id == user_id)
        .order_by(Participant.conversation_id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(Participant.conversation_id > after)
    return [
        {
            "conversation": place.conversation_id,
            "conversation_type": kind,
            "role": place.role,
            "joined_at": place.joined_at,
            "left_at": place.left_at,
            "is_archived": place.archived_at_number is not None,
        }
        for place, kind in await tx.execute(statement)
    ]


async def lock_conversation(tx: Tx, conversation_id: UUID) -> None:
    """Lock a conversation, as every writer does."""
    held = select(Conversation.id).where(Conversation.id == conversation_id)
    await tx.execute(held.with_for_update(key_share=True))


async def remove_erased_member(tx: Tx, actor: Actor, conversation_id: UUID, person: ErasedPerson) -> None:
    """End somebody's membership in a held conversation, and take away the title and data they gave it."""
    await _forget_text(tx, actor, conversation_id, person)
    here = (Participant.conversation_id == conversation_id) & (Participant.user_id == person.user_id)
    if (await tx.execute(select(Participant.user_id).where(here, Participant.left_seq.is_(None)))).first():
        removed = types.ParticipantRemoved(person.user_id, erased=True)
        event = await log.emit_many(tx, actor, conversation_id, [removed])
        await tx.execute(update(Participant).where(here).values(left_at=event.at, left_seq=event.seq))


async def pseudonymize(tx: Tx, conversation_id: UUID, person: ErasedPerson) -> None:
    """Put the pseudonym where the id was, in a held conversation: its place, its pair, who created it."""
    here = (Participant.conversation_id == conversation_id) & (Participant.user_id == person.user_id)
    blank = {"user_id": person.pseudonym, "read": text("'{}'::int8multirange"), "archived_at_number": None}
    await tx.execute(update(Participant).where(here).values(blank))
    swapped = func.array_replace(Conversation.direct_pair, person.user_id, person.pseudonym)
    is_theirs = Conversation.created_by == person.user_id
    await tx.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(direct_pair=swapped, created_by=case((is_theirs, person.pseudonym), else_=Conversation.created_by))
    )


async def _forget_text(tx: Tx, actor: Actor, conversation_id: UUID, person: ErasedPerson) -> None:
    found = (await tx.execute(select(Conversation).where(Conversation.id == conversation_id))).scalar_one()
    rows = await tx.execute(text(_AUTHORS), {"conversation_id": conversation_id})
    authors = {row.field: row.actor_id for row in rows}
    present: dict[str, Any] = {"title": found.title, "metadata": found.meta, "settings": found.settings}
    changed: dict[str, Any] = {}
    for field, value in present.items():
        is_theirs = authors.get(field, found.created_by) == person.user_id
        left = type(value)() if is_theirs else person.redact(value)
        if left != value:
            changed[field] = left
    if changed:
        columns = {"meta" if field == "metadata" else field: value for field, value in changed.items()}
        await tx.execute(update(Conversation).where(Conversation.id == conversation_id).values(columns))
        await log.emit_many(tx, actor, conversation_id, [types.ConversationUpdated(tuple(sorted(changed)))])
