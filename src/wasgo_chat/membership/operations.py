"""Operations on a conversation: add, remove, change a role, update, archive. They run in the caller's transaction.

`conversations.participants` adds the system messages: messages are a layer above.
"""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.core.errors import LimitReached, NotFound
from wasgo_chat.database.session import Tx
from wasgo_chat.events import log, types
from wasgo_chat.http.json_limits import clean_json_object
from wasgo_chat.identity import audit
from wasgo_chat.membership.access import Membership, find_current_participant, find_participant
from wasgo_chat.membership.errors import AssignedStaff, LastAdmin, ParticipantLeft
from wasgo_chat.membership.models import Conversation, Participant
from wasgo_chat.membership.roles import PRIVILEGED_ROLES, Action, Role
from wasgo_chat.membership.schemas import AddParticipant, UpdateConversation


async def add_participant(tx: Tx, membership: Membership, body: AddParticipant) -> bool:
    """Add a user who has a row in `users`. Returns whether they were not a member before.

    Raises:
        Forbidden: the caller's role does not allow adding a participant with that role.
        ParticipantLeft: the user has left, and the caller is another user.
        LimitReached: the conversation is full.
    """
    require_may_add(membership, body.role)
    conversation_id = membership.conversation.id
    previous = await find_participant(tx, conversation_id, body.user_id)
    if previous is not None and previous.left_seq is None:
        return False
    if previous is not None and not membership.actor.is_service and await _left_themselves(tx, previous):
        raise ParticipantLeft
    maximum = tx.settings.max_participants
    if membership.conversation.created_by is not None and not membership.actor.is_service:
        maximum = min(maximum, tx.settings.max_user_participants)
    count = select(func.count()).where(Participant.conversation_id == conversation_id, Participant.left_seq.is_(None))
    if (await tx.execute(count)).scalar_one() >= maximum:
        raise LimitReached(f"Users can add participants up to {maximum} in this conversation")
    await put_participant(tx, membership, body.user_id, body.role)
    return True


async def put_participant(tx: Tx, membership: Membership, user_id: str, role: str) -> None:
    """Make a user a member with this role, or give a member this role. The caller has checked permissions."""
    conversation_id = membership.conversation.id
    if await find_current_participant(tx, conversation_id, user_id):
        await log.emit(tx, membership.actor, conversation_id, types.ParticipantUpdated(user_id))
        await _update_participant(tx, membership, user_id, {"role": role})
        return
    event = await log.emit(tx, membership.actor, conversation_id, types.ParticipantAdded(user_id))
    values = {
        "role": role,
        "joined_at": event.at,
        "joined_seq": event.seq,
        "joined_number": event.number,
        "left_at": None,
        "left_seq": None,
        "archived_at_number": None,
    }
    statement = insert(Participant).values(conversation_id=conversation_id, user_id=user_id, **values)
    await tx.execute(statement.on_conflict_do_update(index_elements=["conversation_id", "user_id"], set_=values))


def require_may_add(membership: Membership, role: str) -> None:
    """Raises Forbidden if the caller may not add participants with this role."""
    _require_may_manage(membership, role)


async def remove_participant(tx: Tx, membership: Membership, user_id: str) -> bool:
    """Remove a member, or leave. Returns whether they were a member; removing them again changes nothing.

    Raises:
        Forbidden: the caller's role does not allow it.
        LastAdmin: the last admin cannot leave.
        NotFound: that user never was a member.
    """
    is_self = user_id == membership.actor.user_id
    membership.require(Action.LEAVE if is_self else Action.MANAGE_MEMBERS)
    participant = await find_participant(tx, membership.conversation.id, user_id)
    if participant is None:
        raise NotFound("That user is not in the conversation")
    if participant.left_seq is not None:
        return False
    if not is_self:
        _require_may_manage(membership, participant.role)
    elif participant.role == Role.ADMIN:
        await _require_other_admin(tx, membership, user_id)
    await drop_participant(tx, membership, user_id)
    return True


async def drop_participant(tx: Tx, membership: Membership, user_id: str) -> None:
    """Remove a current member. The caller has checked permissions."""
    event = await log.emit(tx, membership.actor, membership.conversation.id, types.ParticipantRemoved(user_id))
    await _update_participant(tx, membership, user_id, {"left_at": event.at, "left_seq": event.seq})


async def change_role(tx: Tx, membership: Membership, user_id: str, role: str) -> bool:
    """Change a member's role. Returns whether it was another role before.

    Raises:
        Forbidden: the caller may not grant the new role or revoke the old one.
        LastAdmin: the last admin cannot step down.
        NotFound: that user is not a member.
    """
    _require_may_manage(membership, role)
    participant = await find_current_participant(tx, membership.conversation.id, user_id)
    if participant is None:
        raise NotFound("That user is not in the conversation")
    _require_may_manage(membership, participant.role)
    if participant.role == role:
        return False
    if participant.role == Role.ADMIN and not membership.actor.is_service:
        await _require_other_admin(tx, membership, user_id)
    await log.emit(tx, membership.actor, membership.conversation.id, types.ParticipantUpdated(user_id))
    await _update_participant(tx, membership, user_id, {"role": role})
    return True


async def update_conversation(tx: Tx, membership: Membership, body: UpdateConversation) -> frozenset[str]:
    """Set title, metadata, settings and status. Returns the names of the fields that changed.

    Raises:
        Forbidden: the caller's role does not allow changing one of them.
        Invalid: metadata or settings that cannot be stored.
    """
    requested = body.changes()
    if requested.keys() - {"status"} or (membership.actor.is_service and not requested):
        membership.require(Action.CONFIGURE)  # an empty update would still show the conversation to a service
    if "status" in requested:
        membership.require(Action.CLOSE)
    for field in requested.keys() & {"metadata", "settings"}:
        clean_json_object(tx.settings, field, requested[field])
    conversation = membership.conversation
    current = {
        "title": conversation.title,
        "metadata": conversation.meta,
        "settings": conversation.settings,
        "status": conversation.status,
    }
    changed = {field: value for field, value in requested.items() if value != current[field]}
    if changed:
        columns = {"meta" if field == "metadata" else field: value for field, value in changed.items()}
        await tx.execute(update(Conversation).where(Conversation.id == conversation.id).values(columns))
        await log.emit(tx, membership.actor, conversation.id, types.ConversationUpdated(tuple(sorted(changed))))
    return frozenset(changed)


async def archive(tx: Tx, membership: Membership, *, archived: bool) -> None:
    """Archive a conversation for the caller until its next message, or unarchive it. This is not an event."""
    membership.require(Action.ARCHIVE)
    number = membership.conversation.message_count if archived else None
    await _update_participant(tx, membership, membership.actor.require_user(), {"archived_at_number": number})
    action = "conversation_archived" if archived else "conversation_unarchived"
    await audit.record_if_service(tx, membership.actor, action, conversation_id=membership.conversation.id)


def _require_may_manage(membership: Membership, role: str) -> None:
    """Check that the caller may grant or revoke this role.

    Raises:
        Forbidden: their role does not allow it.
        AssignedStaff: the role is privileged, in a conversation with assigned staff. Otherwise users could make staff
            appear busy, or make others moderators who then reassign the conversation.
    """
    is_privileged = role in PRIVILEGED_ROLES
    membership.require(Action.MANAGE_PRIVILEGED_MEMBERS if is_privileged else Action.MANAGE_MEMBERS)
    if is_privileged and membership.type.has_assigned_staff and not membership.actor.is_service:
        raise AssignedStaff


async def _left_themselves(tx: Tx, participant: Participant) -> bool:
    """Whether a former member left, rather than being removed by another user. True if the log no longer says."""
    statement = select(log.EventRow.actor_id).where(
        log.EventRow.conversation_id == participant.conversation_id, log.EventRow.seq == participant.left_seq
    )
    event = (await tx.execute(statement)).first()
    return event is None or event.actor_id == participant.user_id


async def _require_other_admin(tx: Tx, membership: Membership, user_id: str) -> None:
    others = select(Participant.user_id).where(
        Participant.conversation_id == membership.conversation.id,
        Participant.role == Role.ADMIN,
        Participant.left_seq.is_(None),
        Participant.user_id != user_id,
    )
    if (await tx.execute(others.limit(1))).first() is None:
        raise LastAdmin


async def _update_participant(tx: Tx, membership: Membership, user_id: str, values: dict[str, Any]) -> None:
    statement = update(Participant).where(
        Participant.conversation_id == membership.conversation.id, Participant.user_id == user_id
    )
    await tx.execute(statement.values(values))
