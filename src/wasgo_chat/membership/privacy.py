"""Export and erasure of a person's data in conversations, other than messages: memberships, titles, pairs.

`messages.privacy` does the same for messages.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select, text, update

from wasgo_chat.conversation_types import CONVERSATION_TYPES
from wasgo_chat.database.session import Tx
from wasgo_chat.events import log, types
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.pseudonyms import ErasedPerson
from wasgo_chat.membership.models import Conversation, Participant

# A field belongs to the author of its last change; a field that never changed belongs to the conversation's creator.
_AUTHORS = """
SELECT DISTINCT ON (field) field, e.actor_id
FROM events e, jsonb_array_elements_text(e.data->'fields') AS field
WHERE e.conversation_id = :conversation_id AND e.type = :conversation_updated
ORDER BY field, e.seq DESC
"""


async def next_conversation(tx: Tx, user_id: str, after: UUID | None, *, again: bool) -> UUID | None:
    """The next conversation, in key order, of which a user is or was a member.

    Args:
        tx: the transaction.
        user_id: the user.
        after: where to continue; None to start.
        again: return `after` itself if the user is in it.
    """
    statement = select(Participant.conversation_id).where(Participant.user_id == user_id)
    if after is not None:
        is_next = Participant.conversation_id >= after if again else Participant.conversation_id > after
        statement = statement.where(is_next)
    result = await tx.execute(statement.order_by(Participant.conversation_id).limit(1))
    conversation_id: UUID | None = result.scalar_one_or_none()
    return conversation_id


async def export_memberships(tx: Tx, user_id: str, after: UUID | None, *, limit: int) -> list[dict[str, Any]]:
    """A user's memberships, present and past, in key order."""
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
            "conversation": participant.conversation_id,
            "conversation_type": type_name,
            "role": participant.role,
            "joined_at": participant.joined_at,
            "left_at": participant.left_at,
            "is_archived": participant.archived_at_number is not None,
        }
        for participant, type_name in await tx.execute(statement)
    ]


async def lock_conversation(tx: Tx, conversation_id: UUID) -> None:
    """Lock a conversation like every writer does."""
    statement = select(Conversation.id).where(Conversation.id == conversation_id)
    await tx.execute(statement.with_for_update(key_share=True))


async def remove_erased_member(tx: Tx, actor: Actor, conversation_id: UUID, person: ErasedPerson) -> None:
    """End a person's membership in a locked conversation, and delete the title and data that they wrote."""
    await _erase_text(tx, actor, conversation_id, person)
    is_theirs = (Participant.conversation_id == conversation_id) & (Participant.user_id == person.user_id)
    if (await tx.execute(select(Participant.user_id).where(is_theirs, Participant.left_seq.is_(None)))).first():
        removed = types.ParticipantRemoved(person.user_id, erased=True)
        event = await log.emit_many(tx, actor, conversation_id, [removed])
        await tx.execute(update(Participant).where(is_theirs).values(left_at=event.at, left_seq=event.seq))


async def pseudonymize(tx: Tx, conversation_id: UUID, person: ErasedPerson) -> None:
    """Replace a person's id in a locked conversation: in the membership, the pair and the creator."""
    is_theirs = (Participant.conversation_id == conversation_id) & (Participant.user_id == person.user_id)
    values = {"user_id": person.pseudonym, "read": text("'{}'::int8multirange"), "archived_at_number": None}
    await tx.execute(update(Participant).where(is_theirs).values(values))
    pair = func.array_replace(Conversation.direct_pair, person.user_id, person.pseudonym)
    is_creator = Conversation.created_by == person.user_id
    await tx.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(direct_pair=pair, created_by=case((is_creator, person.pseudonym), else_=Conversation.created_by))
    )


async def _erase_text(tx: Tx, actor: Actor, conversation_id: UUID, person: ErasedPerson) -> None:
    statement = select(Conversation).where(Conversation.id == conversation_id)
    conversation = (await tx.execute(statement)).scalar_one()
    params = {"conversation_id": conversation_id, "conversation_updated": types.ConversationUpdated.type}
    authors = {row.field: row.actor_id for row in await tx.execute(text(_AUTHORS), params)}
    current: dict[str, Any] = {
        "title": conversation.title,
        "metadata": conversation.meta,
        "settings": conversation.settings,
    }
    changed: dict[str, Any] = {}
    for field, value in current.items():
        is_theirs = authors.get(field, conversation.created_by) == person.user_id
        remaining = type(value)() if is_theirs else person.redact(value)
        if remaining != value:
            changed[field] = remaining
    # Users could once name an object when they asked for support. Other references name the platform's own objects.
    is_own_reference = conversation.created_by == person.user_id and not _is_about_object(conversation)
    if conversation.reference_id is not None and is_own_reference:
        changed |= {"reference_type": None, "reference_id": None}
    if changed:
        columns = {"meta" if field == "metadata" else field: value for field, value in changed.items()}
        await tx.execute(update(Conversation).where(Conversation.id == conversation_id).values(columns))
        fields = {"reference" if field.startswith("reference") else field for field in changed}
        await log.emit_many(tx, actor, conversation_id, [types.ConversationUpdated(tuple(sorted(fields)))])


def _is_about_object(conversation: Conversation) -> bool:
    return CONVERSATION_TYPES[conversation.conversation_type].is_referenced
