"""Operations on support conversations: open one with the least busy staff user assigned, and reassign it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from wasgo_chat.conversation_types import SUPPORT
from wasgo_chat.conversations import participants
from wasgo_chat.core.encoding import RequestModel, SingleLine, Title, UserId
from wasgo_chat.core.encoding import Text as CleanText
from wasgo_chat.core.errors import Conflict, Forbidden, LimitReached
from wasgo_chat.database.session import Tx
from wasgo_chat.identity import users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.erased_users import erased_among
from wasgo_chat.membership import access, create
from wasgo_chat.membership.access import Membership
from wasgo_chat.membership.roles import Action, Role
from wasgo_chat.messages.operations import send
from wasgo_chat.messages.schemas import MessageContent

# Assignments run one at a time: two that count open conversations concurrently would choose the same user.
_OPEN_OF_USER = """
SELECT count(*) FROM participants p JOIN conversations c ON c.id = p.conversation_id
WHERE p.user_id = :user_id AND p.left_seq IS NULL AND c.conversation_type = :type AND c.status = 'open'
  AND c.created_by = p.user_id
"""

_ASSIGNMENT_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('wasgo support assignment', 0))"

_LEAST_BUSY = """
SELECT u.id FROM users u
LEFT JOIN LATERAL (
    SELECT count(*) AS open_conversations FROM participants p JOIN conversations c ON c.id = p.conversation_id
    WHERE p.user_id = u.id AND p.left_seq IS NULL AND p.role = :assigned_role
      AND c.conversation_type = :type AND c.status = 'open'
) busy ON true
WHERE u.erased_at IS NULL AND CASE WHEN cardinality(:configured) > 0 THEN u.id = ANY(:configured) ELSE u.is_staff END
  AND NOT u.id = ANY(:excluded) AND u.id = COALESCE(:only, u.id)
ORDER BY busy.open_conversations, u.id LIMIT 1
"""


class NotSupportConversation(Conflict):
    """Staff is assigned to support conversations only."""

    code, title = "not_support", "Only a support conversation has staff assigned"


class NoStaffAvailable(Conflict):
    """No other staff user can be assigned, or the requested user is not staff."""

    code, title = "nobody_free", "No other staff user can take this conversation over"


class CreateSupportConversation(RequestModel):
    """A request for help; `content` becomes the first message."""

    support_type: Annotated[SingleLine, Field(min_length=1, max_length=64)]
    title: Title = ""
    content: CleanText | None = None

    def first_message(self) -> MessageContent | None:
        """The first message, if there is one."""
        return MessageContent(content=self.content) if self.content is not None else None


class AssignStaff(RequestModel):
    """The staff user to assign; by default the least busy of the others."""

    user_id: UserId | None = None


async def open_conversation(tx: Tx, actor: Actor, body: CreateSupportConversation) -> UUID:
    """Create a support conversation with the least busy staff user as moderator, if there is any.

    Raises:
        ConversationTypeForbidden: the settings do not let users create support conversations.
        Invalid: as in `send`.
        LimitReached: the user has too many open ones.
    """
    await tx.execute(text(_ASSIGNMENT_LOCK))
    await _check_open(tx, actor.require_user())
    staff = await _least_busy(tx, excluded=[actor.require_user()])
    created = await create.create_support(
        tx, actor, title=body.title, metadata={"support_type": body.support_type}, moderator_id=staff
    )
    conversation_id = created.conversation_id
    if (first_message := body.first_message()) is not None:
        await send(tx, actor, conversation_id, first_message)
    return conversation_id


async def _check_open(tx: Tx, user_id: str) -> None:
    """Check how many support conversations of a user are open: each one is assigned to a staff user.

    Raises:
        LimitReached: there are `MAX_OPEN_SUPPORT`.
    """
    maximum = tx.settings.max_open_support
    params = {"user_id": user_id, "type": SUPPORT.name}
    if (await tx.execute(text(_OPEN_OF_USER), params)).scalar_one() >= maximum:
        raise LimitReached(f"A user can have at most {maximum} open support conversations; close one of them first")


async def upsert_staff(tx: Tx, actor: Actor, conversation_id: UUID) -> None:
    """Create rows in `users` for configured staff users. Runs in a transaction of its own, before `assign_staff`:
    rows of `users` are never locked while a conversation is locked.

    Raises:
        NotFound, Forbidden, ScopeRequired, NotSupportConversation: as in `assign_staff`.
    """
    _require_assignable(await access.authorize(tx, actor, conversation_id))
    erased = await erased_among(tx, tx.settings.support_staff)
    await users.upsert_users(tx, {user_id: {} for user_id in tx.settings.support_staff if user_id not in erased})


async def assign_staff(tx: Tx, actor: Actor, conversation_id: UUID, user_id: str | None) -> bool:
    """Replace the moderators of a support conversation by another staff user.

    Args:
        tx: the transaction.
        actor: the assigned moderator, or a service.
        conversation_id: of the conversation.
        user_id: the staff user to assign; None for the least busy of the others.

    Returns:
        Whether the caller is still in the conversation, or is a service.

    Raises:
        NotFound: no such conversation for the caller.
        Forbidden, ScopeRequired: the caller cannot reassign it.
        NotSupportConversation: it is not a support conversation.
        NoStaffAvailable: there is no other staff user, or `user_id` is not one.
    """
    await tx.execute(text(_ASSIGNMENT_LOCK))
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    _require_assignable(membership)
    moderators = await access.moderator_ids(tx, conversation_id)
    excluded = [*moderators, membership.conversation.created_by or ""]
    chosen = await _least_busy(tx, excluded=excluded, only=user_id)
    if chosen is None:
        raise NoStaffAvailable
    await participants.reassign_moderator(tx, membership, chosen, instead_of=moderators)
    return actor.user_id not in moderators or actor.user_id == chosen


async def _least_busy(tx: Tx, *, excluded: list[str], only: str | None = None) -> str | None:
    """The staff user with the fewest open support conversations; with `only`, that user if they are staff."""
    names = ARRAY(Text)
    statement = text(_LEAST_BUSY).bindparams(
        bindparam("configured", type_=names), bindparam("excluded", type_=names), bindparam("only", type_=Text)
    )
    params = {
        "configured": tx.settings.support_staff,
        "excluded": excluded,
        "only": only,
        "assigned_role": Role.MODERATOR,
        "type": SUPPORT.name,
    }
    user_id: str | None = (await tx.execute(statement, params)).scalar_one_or_none()
    return user_id


def _require_assignable(membership: Membership) -> None:
    if not membership.actor.is_service and not membership.allows(Action.ASSIGN):
        raise Forbidden("Only the assigned moderator can reassign this conversation")
    membership.require(Action.ASSIGN)
    if not membership.type.has_assigned_staff:
        raise NotSupportConversation
