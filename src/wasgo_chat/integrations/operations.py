"""Operations for the platform's services: the conversation of an object, system messages, the user mirror."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from wasgo_chat.conversations import participants
from wasgo_chat.core.errors import NotFound, UserErased
from wasgo_chat.database.session import Tx
from wasgo_chat.identity import audit, erased_users, users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.users import PutUser, user_shape
from wasgo_chat.membership import access, create, operations
from wasgo_chat.membership.models import Conversation
from wasgo_chat.membership.schemas import AddParticipant, ProvisionConversation, Reference, UpdateConversation


async def object_conversation(tx: Tx, user_id: str, type_name: str, reference_id: str) -> UUID:
    """The id of the conversation about an object of the platform, for a member.

    Raises:
        NotFound: there is none, or the user is not a member. Both take one query, so the response time does not reveal
            whether there is one.
    """
    statement = select(Conversation.id).where(
        Conversation.conversation_type == type_name,
        Conversation.reference_type == type_name,
        Conversation.reference_id == reference_id,
        access.is_current_member(user_id),
    )
    conversation_id: UUID | None = (await tx.execute(statement)).scalar_one_or_none()
    if conversation_id is None:
        raise NotFound
    return conversation_id


async def upsert_participants(tx: Tx, actor: Actor, body: ProvisionConversation) -> None:
    """Create or update the users that `provision` makes participants. Runs in a transaction of its own, before it: rows
    of `users` are never locked while a conversation is locked.

    Raises:
        ScopeRequired: the caller is not a service with `chat:provision`.
        UserErased: one of the users was erased.
    """
    actor.require_scope("chat:provision")
    fields = {"username", "display_name"}
    profiles = {
        participant.user_id: participant.model_dump(include=fields, exclude_unset=True)
        for participant in body.participants
    }
    try:
        await users.upsert_users(tx, profiles)
    except UserErased:
        erased = await erased_users.erased_among(tx, profiles)
        raise UserErased(
            ["participants", index, "user_id"]
            for index, participant in enumerate(body.participants)
            if participant.user_id in erased
        ) from None


async def provision(
    tx: Tx, actor: Actor, type_name: str, reference_id: str, body: ProvisionConversation
) -> create.CreateResult:
    """Get or create the conversation about an object. An existing one gets the missing participants, the title and the
    metadata of `body`.

    Raises:
        ScopeRequired: the caller is not a service with `chat:provision`.
        LimitReached: the conversation is full.
        Invalid: too many participants, or metadata that cannot be stored.
    """
    result = await create.provision(
        tx,
        actor,
        type_name,
        Reference(type=type_name, id=reference_id),
        list(body.participants),
        title=body.title or "",
        metadata=body.metadata or {},
    )
    if not result.is_new:
        await _update(tx, actor, result.conversation_id, body)
    return result


async def put_user(tx: Tx, actor: Actor, user_id: str, body: PutUser) -> dict[str, Any]:
    """Create or update a row of the user mirror. Omitted fields keep their value, null removes it. Returns a `UserOut`.

    Raises:
        ScopeRequired: the caller is not a service with `chat:provision`.
        UserErased: the user with this id was erased.
    """
    actor.require_scope("chat:provision")
    fields = body.model_dump(exclude_unset=True)
    await users.upsert_users(tx, {user_id: fields})
    await audit.record_action(tx, actor, "user_put", user_id=user_id, target=",".join(sorted(fields)))
    user = await users.find(tx, user_id)
    if user is None:
        raise NotFound
    return user_shape(user.id, user.username, user.display_name, user.avatar_url)


async def _update(tx: Tx, actor: Actor, conversation_id: UUID, body: ProvisionConversation) -> None:
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    for participant in body.participants:
        added = AddParticipant(user_id=participant.user_id, role=participant.role)
        await participants.add_to(tx, membership, added)
    await operations.update_conversation(
        tx, membership, UpdateConversation(**body.model_dump(include={"title", "metadata"}, exclude_unset=True))
    )
