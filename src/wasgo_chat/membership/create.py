"""How a conversation comes to be: created by a user or a service, or found where there may be only one."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import Forbidden, Invalid, NotFound
from wasgo_chat.database.session import Tx
from wasgo_chat.http.json_limits import check_json_object
from wasgo_chat.identity import audit, users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership.access import find_current_participant
from wasgo_chat.membership.models import REFERENCED_TYPES, Conversation, Participant
from wasgo_chat.membership.schemas import CreateConversation, ParticipantIn, Reference


class ConversationTypeForbidden(Forbidden):
    """Users may not create this type; a service may."""

    code, title = "conversation_type_forbidden", "Conversations of this type are created by the platform"


@dataclass(frozen=True, slots=True)
class CreateResult:
    """A conversation that was created, or that stood already."""

    conversation_id: UUID
    is_new: bool


@dataclass(frozen=True, slots=True)
class ConversationCreated:
    """Announced for a new conversation: its log is empty, so no event tells of it."""

    conversation_id: UUID


async def create(tx: Tx, actor: Actor, body: CreateConversation) -> CreateResult:
    """Create a conversation, or find the one of a direct pair or a reference.

    Raises:
        ConversationTypeForbidden: users may not create this type.
        Invalid: wrong participants, reference or metadata for the type.
        NotFound: the reference has a conversation that the caller may not see.
    """
    kind, people = body.conversation_type, _distinct(body.participants_given())
    if actor.is_service:
        actor.require_scope("chat:provision")
    elif kind not in tx.settings.user_conversation_types:
        raise ConversationTypeForbidden
    if (kind in REFERENCED_TYPES) and body.reference is None:
        raise Invalid.field(["reference"], "missing", f"a {kind} conversation is about something: give type and id")
    if kind == "direct":
        _require_pair(actor, people, body)
    if not actor.is_service:
        people = {**people, actor.require_user(): ParticipantIn(user_id=actor.require_user(), role="admin")}
    if kind == "direct":
        people = {user_id: ParticipantIn(user_id=user_id) for user_id in people}
    made = await _get_or_insert(
        tx, actor, kind, people, title=body.title, reference=body.reference, metadata=body.metadata
    )
    if (
        not made.is_new
        and not actor.is_service
        and not await find_current_participant(tx, made.conversation_id, actor.require_user())
    ):
        raise NotFound
    return made


async def provision(
    tx: Tx,
    actor: Actor,
    kind: str,
    reference: Reference,
    people: list[ParticipantIn],
    *,
    title: str,
    metadata: dict[str, Any],
) -> CreateResult:
    """Get or create the conversation of a reference, for a service; of concurrent calls one creates.

    Raises:
        ScopeRequired: the caller is no service with `chat:provision`.
        Invalid: too many participants, or metadata that cannot be stored.
    """
    actor.require_scope("chat:provision")
    return await _get_or_insert(tx, actor, kind, _distinct(people), title=title, reference=reference, metadata=metadata)


async def _get_or_insert(
    tx: Tx,
    actor: Actor,
    kind: str,
    people: dict[str, ParticipantIn],
    *,
    title: str,
    reference: Reference | None,
    metadata: dict[str, Any],
) -> CreateResult:
    check_json_object(tx.settings, "metadata", metadata)
    if len(people) > tx.settings.max_participants:
        raise Invalid.field(
            ["participants"],
            "too_long",
            f"a conversation has at most {tx.settings.max_participants} participants",
        )
    pair = sorted(people) if kind == "direct" else None
    conversation_id = new_id()
    inserted = await tx.execute(
        insert(Conversation)
        .values(
            id=conversation_id,
            conversation_type=kind,
            title=title,
            reference_type=reference.type if reference else None,
            reference_id=reference.id if reference else None,
            direct_pair=pair,
            meta=metadata,
            created_by=actor.user_id,
        )
        .on_conflict_do_nothing()
        .returning(Conversation.id)
    )
    if inserted.scalar_one_or_none() is None:
        return CreateResult(await _existing(tx, kind, pair, reference), is_new=False)
    await users.upsert_users(tx, {user_id: {} for user_id in people})
    if people:
        rows = [
            {"conversation_id": conversation_id, "user_id": person.user_id, "role": person.role}
            for person in people.values()
        ]
        await tx.execute(insert(Participant).values(rows))
    if actor.service is not None:
        await audit.record_action(tx, actor, "conversation_created", conversation_id=conversation_id)
    tx.after_commit(ConversationCreated(conversation_id))
    return CreateResult(conversation_id, is_new=True)


async def _existing(tx: Tx, kind: str, pair: list[str] | None, reference: Reference | None) -> UUID:
    statement = select(Conversation.id).where(Conversation.conversation_type == kind)
    if pair is not None:
        statement = statement.where(Conversation.direct_pair == pair)
    elif reference is not None:
        statement = statement.where(
            Conversation.reference_type == reference.type, Conversation.reference_id == reference.id
        )
    found: UUID = (await tx.execute(statement)).scalar_one()
    return found


def _distinct(people: list[ParticipantIn]) -> dict[str, ParticipantIn]:
    """By user id; of a user named twice the last entry counts."""
    return {person.user_id: person for person in people}


def _require_pair(actor: Actor, people: dict[str, ParticipantIn], body: CreateConversation) -> None:
    pair = set(people) | ({actor.require_user()} if not actor.is_service else set())
    if len(pair) != 2:
        raise Invalid.field(
            ["participant_ids"], "direct_pair", "a direct conversation has exactly two different participants"
        )
    if body.reference is not None:
        raise Invalid.field(["reference"], "direct_reference", "a direct conversation is about nothing but its pair")
