"""Creating conversations, and finding the existing one of a pair or a reference."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.conversation_types import CONVERSATION_TYPES, SUPPORT, ConversationType
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import Forbidden, Invalid, NotFound, UserErased
from wasgo_chat.database.session import Tx
from wasgo_chat.http.json_limits import clean_json_object
from wasgo_chat.identity import audit, erased_users, users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership.access import find_current_participant
from wasgo_chat.membership.models import Conversation, Participant
from wasgo_chat.membership.roles import Role
from wasgo_chat.membership.schemas import CreateConversation, ParticipantIn, Reference


class ConversationTypeForbidden(Forbidden):
    """Users cannot create this type, or not in this way."""

    code, title = "conversation_type_forbidden", "Conversations of this type are created by the platform"


@dataclass(frozen=True, slots=True)
class CreateResult:
    """The conversation, and whether it was created now."""

    conversation_id: UUID
    is_new: bool


@dataclass(frozen=True, slots=True)
class ConversationCreated:
    """Sent after the commit of a new conversation: its log is empty, so no event announces it."""

    conversation_id: UUID


async def create(tx: Tx, actor: Actor, body: CreateConversation) -> CreateResult:
    """Create a conversation, or find the one of a direct pair or a reference.

    Raises:
        ConversationTypeForbidden: users cannot create this type, or not by this route.
        Invalid: participants, reference or metadata do not fit the type; or a user names people who are not known.
        NotFound: the reference has a conversation that the caller cannot see.
        UserErased: a service names an erased user.
    """
    type_ = CONVERSATION_TYPES[body.conversation_type]
    participants = _by_user(body.participants_given())
    if actor.is_service:
        actor.require_scope("chat:provision")
    else:
        _require_creatable(tx, type_)
        if type_.has_assigned_staff:
            raise ConversationTypeForbidden("Users ask for support with create_support_conversation")
    if type_.is_referenced and body.reference is None:
        message = f"a {type_.name} conversation needs a reference: give its type and id"
        raise Invalid.field(["reference"], "missing", message)
    if type_.has_pair:
        _require_pair(actor, participants, body)
        await _reject_erased_partner(tx, actor, participants)
    elif not actor.is_service:
        _check_named_by_user(tx, actor, type_, participants, body.reference)
    if not actor.is_service:
        creator = ParticipantIn(user_id=actor.require_user(), role=Role.ADMIN)
        participants = {**participants, creator.user_id: creator}
    if type_.has_pair:
        participants = {user_id: ParticipantIn(user_id=user_id) for user_id in participants}
    result = await _get_or_insert(
        tx, actor, type_, participants, title=body.title, reference=body.reference, metadata=body.metadata
    )
    if (
        not result.is_new
        and not actor.is_service
        and not await find_current_participant(tx, result.conversation_id, actor.require_user())
    ):
        raise NotFound
    return result


async def create_support(
    tx: Tx, actor: Actor, *, title: str, metadata: dict[str, Any], moderator_id: str | None
) -> CreateResult:
    """Create a support conversation of the acting user, with the assigned staff user as moderator.

    Raises:
        ConversationTypeForbidden: the settings do not let users create support conversations.
        Invalid: metadata that cannot be stored.
    """
    _require_creatable(tx, SUPPORT)
    named = [ParticipantIn(user_id=actor.require_user(), role=Role.ADMIN)]
    if moderator_id is not None:
        named.append(ParticipantIn(user_id=moderator_id, role=Role.MODERATOR))
    return await _get_or_insert(tx, actor, SUPPORT, _by_user(named), title=title, reference=None, metadata=metadata)


async def provision(
    tx: Tx,
    actor: Actor,
    type_name: str,
    reference: Reference,
    participants: list[ParticipantIn],
    *,
    title: str,
    metadata: dict[str, Any],
) -> CreateResult:
    """Get or create the conversation of a reference, for a service. Of concurrent calls, one creates it.

    Raises:
        ScopeRequired: the caller is not a service with `chat:provision`.
        Invalid: too many participants, or metadata that cannot be stored.
    """
    actor.require_scope("chat:provision")
    return await _get_or_insert(
        tx,
        actor,
        CONVERSATION_TYPES[type_name],
        _by_user(participants),
        title=title,
        reference=reference,
        metadata=metadata,
    )


def check_participant_count(maximum: int, count: int) -> None:
    """Raises Invalid if a conversation would have too many participants."""
    if count > maximum:
        raise Invalid.field(["participants"], "too_long", f"a conversation has at most {maximum} participants")


def _require_creatable(tx: Tx, type_: ConversationType) -> None:
    if type_.name not in tx.settings.user_conversation_types:
        raise ConversationTypeForbidden


def _check_named_by_user(
    tx: Tx, actor: Actor, type_: ConversationType, participants: dict[str, ParticipantIn], reference: Reference | None
) -> None:
    """Check what a user says of a new conversation that is no pair.

    Raises:
        Invalid: too many people, or a reference of another type.
    """
    if reference is not None and reference.type != type_.name:
        raise Invalid.field(["reference", "type"], "reference_type", "must be the type of the conversation")
    others = participants.keys() - {actor.require_user()}
    check_participant_count(min(tx.settings.max_user_participants, tx.settings.max_participants), len(others) + 1)


async def _get_or_insert(
    tx: Tx,
    actor: Actor,
    type_: ConversationType,
    participants: dict[str, ParticipantIn],
    *,
    title: str,
    reference: Reference | None,
    metadata: dict[str, Any],
) -> CreateResult:
    clean_json_object(tx.settings, "metadata", metadata)
    check_participant_count(tx.settings.max_participants, len(participants))
    pair = sorted(participants) if type_.has_pair else None
    conversation_id = new_id()
    inserted = await tx.execute(
        insert(Conversation)
        .values(
            id=conversation_id,
            conversation_type=type_.name,
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
        return CreateResult(await _existing(tx, type_, pair, reference), is_new=False)
    await users.insert_named(tx, participants, by_service=actor.is_service)
    if participants:
        rows = [
            {"conversation_id": conversation_id, "user_id": participant.user_id, "role": participant.role}
            for participant in participants.values()
        ]
        await tx.execute(insert(Participant).values(rows))
    if actor.service is not None:
        await audit.record_action(tx, actor, "conversation_created", conversation_id=conversation_id)
    tx.after_commit(ConversationCreated(conversation_id))
    return CreateResult(conversation_id, is_new=True)


async def _existing(tx: Tx, type_: ConversationType, pair: list[str] | None, reference: Reference | None) -> UUID:
    statement = select(Conversation.id).where(Conversation.conversation_type == type_.name)
    if pair is not None:
        statement = statement.where(Conversation.direct_pair == pair)
    elif reference is not None:
        statement = statement.where(
            Conversation.reference_type == reference.type, Conversation.reference_id == reference.id
        )
    conversation_id: UUID = (await tx.execute(statement)).scalar_one()
    return conversation_id


async def _reject_erased_partner(tx: Tx, actor: Actor, participants: dict[str, ParticipantIn]) -> None:
    """Refuse to open the conversation with an erased user again.

    Only users who had one get this answer. For others an erased id looks like one that no user ever had.

    Raises:
        UserErased: the other user is erased.
    """
    if actor.is_service:
        return
    user_id = actor.require_user()
    pseudonyms = await erased_users.pseudonyms_of(tx, participants.keys() - {user_id})
    pairs = [sorted([user_id, pseudonym]) for pseudonym in pseudonyms]
    for pair in pairs:
        if (await tx.execute(select(Conversation.id).where(Conversation.direct_pair == pair))).first():
            raise UserErased


def _by_user(participants: list[ParticipantIn]) -> dict[str, ParticipantIn]:
    """By user id; if a user is named twice, the last entry applies."""
    return {participant.user_id: participant for participant in participants}


def _require_pair(actor: Actor, participants: dict[str, ParticipantIn], body: CreateConversation) -> None:
    pair = set(participants) | ({actor.require_user()} if not actor.is_service else set())
    if len(pair) != 2:
        raise Invalid.field(
            ["participant_ids"], "direct_pair", "a direct conversation has exactly two different participants"
        )
    if body.reference is not None:
        raise Invalid.field(["reference"], "direct_reference", "a direct conversation cannot have a reference")
