"""Access to a conversation: `authorize` loads a conversation for a caller and says what the caller may do there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wasgo_chat.conversation_types import CONVERSATION_TYPES, ConversationType
from wasgo_chat.core.errors import ActAsRequired, Forbidden, NotFound, ScopeRequired
from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership.errors import ConversationClosed, DirectConversation
from wasgo_chat.membership.models import Conversation, Participant
from wasgo_chat.membership.roles import NOT_IN_DIRECT, PERMISSIONS, WRITE_ACTIONS, Action, Role, role_allows


@dataclass(frozen=True, slots=True)
class Membership:
    """A conversation, loaded and authorized for a caller. `participant` is None for a service that acts as no user."""

    actor: Actor
    conversation: Conversation
    participant: Participant | None

    @property
    def type(self) -> ConversationType:
        """The conversation's type."""
        return CONVERSATION_TYPES[self.conversation.conversation_type]

    @property
    def is_direct(self) -> bool:
        """Whether the conversation belongs to a pair of users."""
        return self.type.has_pair

    def allows(self, action: Action) -> bool:
        """Whether the permission matrix allows the caller this action."""
        if self.participant is None:
            scope = PERMISSIONS[action].scope
            return scope is not None and scope in self.actor.scopes
        return role_allows(self.participant.role, action)

    def require(self, action: Action) -> None:
        """Check that the caller may do this, in this conversation, now.

        Raises:
            Forbidden: the caller's role does not allow it.
            ScopeRequired: the service token lacks the scope for it.
            ActAsRequired: only users can do it, and the service acts as no user.
            DirectConversation: no role allows it in a direct conversation.
            ConversationClosed: it writes, and the conversation is closed.
        """
        if not self.allows(action):
            if self.participant is None:
                scope = PERMISSIONS[action].scope
                raise ScopeRequired(f"A service token with the scope {scope} is required") if scope else ActAsRequired
            raise role_does_not_allow(self.participant.role)
        if self.is_direct and action in NOT_IN_DIRECT:
            raise DirectConversation
        if action in WRITE_ACTIONS and self.conversation.status == "closed":
            raise ConversationClosed


def role_does_not_allow(role: str) -> Forbidden:
    """The error for an action that needs another role."""
    return Forbidden(f"The role {role} does not allow this")


async def authorize(tx: Tx, actor: Actor, conversation_id: UUID, *, lock: bool = False) -> Membership:
    """Load a conversation that the caller may see, with the caller's membership.

    With `lock` the conversation's row is locked until the end of the transaction, and everything is read after that,
    so permissions are checked against the state that the write is based on. Lock the conversation before anything
    else, with `FOR NO KEY UPDATE`: a plain `FOR UPDATE` deadlocks with foreign keys.

    Raises:
        NotFound: it does not exist or the caller is not a member; both take the same path.
        ActAsRequired: a service that acts as no user and has no scope.
    """
    if actor.is_service and not actor.scopes:
        raise ActAsRequired
    if lock:
        statement = select(Conversation.id).where(Conversation.id == conversation_id)
        if not actor.is_service:
            statement = statement.where(is_current_member(actor.require_user()))  # others must not take the lock
        if (await tx.execute(statement.with_for_update(key_share=True))).first() is None:
            raise NotFound  # also for a user who is joining right now: they would write without the lock
    if actor.is_service:
        by_id = select(Conversation).where(Conversation.id == conversation_id)
        conversation = (await tx.execute(by_id)).scalar_one_or_none()
        if conversation is None:
            raise NotFound
        return Membership(actor, conversation, None)
    return (await authorize_many(tx, actor, [conversation_id]))[0]


async def authorize_many(tx: Tx, actor: Actor, conversation_ids: Sequence[UUID]) -> list[Membership]:
    """Load several conversations of a user, in the order of the ids.

    Raises:
        NotFound: one of them does not exist or the caller is not a member.
    """
    memberships = await memberships_in(tx, actor, conversation_ids)
    if len(memberships) != len(set(conversation_ids)):
        raise NotFound
    return [memberships[conversation_id] for conversation_id in conversation_ids]


async def memberships_in(tx: Tx, actor: Actor, conversation_ids: Collection[UUID]) -> dict[UUID, Membership]:
    """The user's memberships among these conversations, by id; those without one are left out."""
    statement = (
        select(Conversation, Participant)
        .join(Participant, Participant.conversation_id == Conversation.id)
        .where(
            any_of(Conversation.id, conversation_ids),
            Participant.user_id == actor.require_user(),
            Participant.left_seq.is_(None),
        )
    )
    rows = await tx.execute(statement)
    return {conversation.id: Membership(actor, conversation, participant) for conversation, participant in rows}


async def authorize_and_lock_many(tx: Tx, actor: Actor, conversation_ids: Sequence[UUID]) -> list[Membership]:
    """`authorize_many` with the conversations locked, in key order.

    Raises:
        NotFound: as in `authorize_many`.
    """
    ordered = sorted(set(conversation_ids))
    locked = await tx.execute(
        select(Conversation.id)
        .where(any_of(Conversation.id, ordered), is_current_member(actor.require_user()))
        .order_by(Conversation.id)
        .with_for_update(key_share=True)
    )
    if len(locked.all()) != len(ordered):
        raise NotFound
    return await authorize_many(tx, actor, ordered)


async def find_current_participant(tx: Tx, conversation_id: UUID, user_id: str) -> Participant | None:
    """A user's row in a conversation, if they are a member now. The caller has authorized the conversation."""
    participant = await find_participant(tx, conversation_id, user_id)
    return participant if participant is not None and participant.left_seq is None else None


async def find_participant(tx: Tx, conversation_id: UUID, user_id: str) -> Participant | None:
    """A user's row in a conversation, if they are or were a member."""
    statement = select(Participant).where(
        Participant.conversation_id == conversation_id, Participant.user_id == user_id
    )
    return (await tx.execute(statement)).scalar_one_or_none()


async def moderator_ids(tx: Tx, conversation_id: UUID) -> list[str]:
    """The users who are moderators of a conversation now."""
    return await _current_member_ids(tx, conversation_id, Participant.role == Role.MODERATOR)


async def member_ids(tx: Tx, conversation_id: UUID) -> list[str]:
    """The users who are members of a conversation now."""
    return await _current_member_ids(tx, conversation_id)


async def _current_member_ids(tx: Tx, conversation_id: UUID, *conditions: Any) -> list[str]:
    statement = select(Participant.user_id).where(
        Participant.conversation_id == conversation_id, Participant.left_seq.is_(None), *conditions
    )
    return list((await tx.execute(statement.order_by(Participant.user_id))).scalars())


async def memberships_of_users(
    tx: Tx, conversation_ids: Collection[UUID], user_ids: Collection[str]
) -> dict[str, set[UUID]]:
    """By user, those of these conversations of which they are or were a member."""
    statement = select(Participant.user_id, Participant.conversation_id).where(
        any_of(Participant.conversation_id, conversation_ids), any_of(Participant.user_id, user_ids)
    )
    by_user: dict[str, set[UUID]] = {}
    for user_id, conversation_id in await tx.execute(statement):
        by_user.setdefault(user_id, set()).add(conversation_id)
    return by_user


async def current_members_among(tx: Tx, conversation_id: UUID, user_ids: Sequence[str]) -> set[str]:
    """Those of these users who are members of the conversation now."""
    return set(await _current_member_ids(tx, conversation_id, any_of(Participant.user_id, user_ids)))


def is_current_member(user_id: str) -> Any:
    """The condition that a user is a member now of the conversation of the enclosing statement."""
    return (
        select(Participant.user_id)
        .where(
            Participant.conversation_id == Conversation.id,
            Participant.user_id == user_id,
            Participant.left_seq.is_(None),
        )
        .exists()
    )
