"""Who may do what: the role matrix of the contract, and the one gate that loads a conversation for a caller."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wasgo_chat.core.errors import ActAsRequired, Forbidden, NotFound, ScopeRequired
from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership.errors import ConversationClosed, DirectConversation
from wasgo_chat.membership.models import ROLES, Conversation, Participant


class Action(Enum):
    """What one can do in a conversation."""

    READ = auto()
    WRITE = auto()
    DELETE_OTHERS = auto()
    MANAGE_MEMBERS = auto()
    MANAGE_LEADERS = auto()
    CONFIGURE = auto()
    CLOSE = auto()
    ARCHIVE = auto()
    LEAVE = auto()
    WRITE_SYSTEM = auto()


PERMISSIONS: dict[Action, tuple[str | None, str | None]] = {
    Action.READ: ("observer", None),
    Action.WRITE: ("participant", None),
    Action.DELETE_OTHERS: ("moderator", "chat:moderate"),
    Action.MANAGE_MEMBERS: ("moderator", "chat:provision"),
    Action.MANAGE_LEADERS: ("admin", "chat:provision"),
    Action.CONFIGURE: ("admin", "chat:provision"),
    Action.CLOSE: ("moderator", "chat:provision"),
    Action.ARCHIVE: ("observer", None),
    Action.LEAVE: ("observer", None),
    Action.WRITE_SYSTEM: (None, "chat:system_message"),
}
"""For each action the lowest role that may, and the scope by which a service may in its own name."""

_WRITES = (Action.WRITE, Action.DELETE_OTHERS, Action.WRITE_SYSTEM)
_NOT_IN_DIRECT = (Action.MANAGE_MEMBERS, Action.MANAGE_LEADERS, Action.CLOSE, Action.LEAVE)


@dataclass(frozen=True, slots=True)
class Membership:
    """A conversation, loaded and authorised for a caller. `role` is None for a service in its own name."""

    actor: Actor
    conversation: Conversation
    participant: Participant | None

    @property
    def role(self) -> str | None:
        """The caller's role."""
        return self.participant.role if self.participant else None

    @property
    def is_direct(self) -> bool:
        """Whether this is a conversation of exactly two."""
        return self.conversation.conversation_type == "direct"

    def allows(self, action: Action) -> bool:
        """Whether the matrix lets the caller do this."""
        lowest_role, scope = PERMISSIONS[action]
        if self.participant is None:
            return scope is not None and scope in self.actor.scopes
        return lowest_role is not None and at_least(self.participant.role, lowest_role)

    def require(self, action: Action) -> None:
        """Raises Forbidden, ScopeRequired, DirectConversation or ConversationClosed where the caller may not."""
        if not self.allows(action):
            if self.participant is None:
                scope = PERMISSIONS[action][1]
                raise ScopeRequired(f"A service token with the scope {scope} is needed") if scope else ActAsRequired
            raise Forbidden(f"The role {self.participant.role} does not allow this")
        if self.is_direct and action in _NOT_IN_DIRECT:
            raise DirectConversation
        if action in _WRITES and self.conversation.status == "closed":
            raise ConversationClosed


def at_least(role: str, lowest: str) -> bool:
    """Whether a role is the given one or above it."""
    return ROLES.index(role) >= ROLES.index(lowest)


async def authorize(tx: Tx, actor: Actor, conversation_id: UUID, *, lock: bool = False) -> Membership:
    """Load a conversation that the caller may see, and their place in it.

    With `lock` the conversation's row is held until the end of the transaction and everything is read after
    that, so permission is checked against what the write will be committed upon. Locks go conversation first,
    `FOR NO KEY UPDATE` (a plain `FOR UPDATE` deadlocks with foreign keys).

    Raises:
        NotFound: it does not exist or the caller is not in it; both take the same path.
        ActAsRequired: a service in its own name without any scope.
    """
    if actor.is_service and not actor.scopes:
        raise ActAsRequired
    if lock:
        held = select(Conversation.id).where(Conversation.id == conversation_id)
        if not actor.is_service:
            held = held.where(is_current_member(actor.require_user()))  # strangers take no lock
        if (await tx.execute(held.with_for_update(key_share=True))).first() is None:
            raise NotFound  # also who joins at this moment: going on would be to write without the lock
    if actor.is_service:
        found = (await tx.execute(select(Conversation).where(Conversation.id == conversation_id))).scalar_one_or_none()
        if found is None:
            raise NotFound
        return Membership(actor, found, None)
    return (await authorize_many(tx, actor, [conversation_id]))[0]


async def authorize_many(tx: Tx, actor: Actor, conversation_ids: Sequence[UUID]) -> list[Membership]:
    """The same for several of a user's conversations, all or nothing, in the order of the ids.

    Raises:
        NotFound: one of them does not exist or the caller is not in it.
    """
    seats = await memberships_in(tx, actor, conversation_ids)
    if len(seats) != len(set(conversation_ids)):
        raise NotFound
    return [seats[conversation_id] for conversation_id in conversation_ids]


async def memberships_in(tx: Tx, actor: Actor, conversation_ids: Collection[UUID]) -> dict[UUID, Membership]:
    """The user's places in those of these conversations that they are in."""
    statement = (
        select(Conversation, Participant)
        .join(Participant, Participant.conversation_id == Conversation.id)
        .where(
            any_of(Conversation.id, conversation_ids),
            Participant.user_id == actor.require_user(),
            Participant.left_seq.is_(None),
        )
    )
    return {found.id: Membership(actor, found, place) for found, place in await tx.execute(statement)}


async def authorize_and_lock_many(tx: Tx, actor: Actor, conversation_ids: Sequence[UUID]) -> list[Membership]:
    """`enter_many` with the rows held, in key order.

    Raises:
        NotFound: as in `enter_many`.
    """
    ordered = sorted(set(conversation_ids))
    held = await tx.execute(
        select(Conversation.id)
        .where(any_of(Conversation.id, ordered), is_current_member(actor.require_user()))
        .order_by(Conversation.id)
        .with_for_update(key_share=True)
    )
    if len(held.all()) != len(ordered):
        raise NotFound
    return await authorize_many(tx, actor, ordered)


async def find_current_participant(tx: Tx, conversation_id: UUID, user_id: str) -> Participant | None:
    """Somebody's present place in a conversation that was entered before."""
    participant = await find_participant(tx, conversation_id, user_id)
    return participant if participant is not None and participant.left_seq is None else None


async def find_participant(tx: Tx, conversation_id: UUID, user_id: str) -> Participant | None:
    """The same, also of those who left."""
    statement = select(Participant).where(
        Participant.conversation_id == conversation_id, Participant.user_id == user_id
    )
    return (await tx.execute(statement)).scalar_one_or_none()


async def moderators(tx: Tx, conversation_id: UUID) -> list[str]:
    """Who is moderator in a conversation now."""
    statement = select(Participant.user_id).where(
        Participant.conversation_id == conversation_id,
        Participant.role == "moderator",
        Participant.left_seq.is_(None),
    )
    return list((await tx.execute(statement.order_by(Participant.user_id))).scalars())


async def member_ids(tx: Tx, conversation_id: UUID) -> list[str]:
    """Everybody in a conversation now."""
    statement = select(Participant.user_id).where(
        Participant.conversation_id == conversation_id, Participant.left_seq.is_(None)
    )
    return list((await tx.execute(statement.order_by(Participant.user_id))).scalars())


async def memberships_of_users(
    tx: Tx, conversation_ids: Collection[UUID], user_ids: Collection[str]
) -> dict[str, set[UUID]]:
    """Which of these users are, or were, in which of these conversations."""
    statement = select(Participant.user_id, Participant.conversation_id).where(
        any_of(Participant.conversation_id, conversation_ids), any_of(Participant.user_id, user_ids)
    )
    found: dict[str, set[UUID]] = {}
    for user_id, conversation_id in await tx.execute(statement):
        found.setdefault(user_id, set()).add(conversation_id)
    return found


async def current_members_among(tx: Tx, conversation_id: UUID, user_ids: Sequence[str]) -> set[str]:
    """Which of these users are in the conversation now."""
    statement = select(Participant.user_id).where(
        Participant.conversation_id == conversation_id,
        any_of(Participant.user_id, user_ids),
        Participant.left_seq.is_(None),
    )
    return set((await tx.execute(statement)).scalars())


def is_current_member(user_id: str) -> Any:
    """The condition that a user is in a conversation of the statement now."""
    return (
        select(Participant.user_id)
        .where(
            Participant.conversation_id == Conversation.id,
            Participant.user_id == user_id,
            Participant.left_seq.is_(None),
        )
        .exists()
    )
