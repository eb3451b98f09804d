"""What changes a conversation: add, remove, change a role, update, archive. Runs in the door's transaction.

The system message about a join or leave is written one layer up, in `conversations.participants`: messages stand
above conversations.
"""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.core.errors import LimitReached, NotFound
from wasgo_chat.database.session import Tx
from wasgo_chat.events import log, types
from wasgo_chat.http.json_limits import check_json_object
from wasgo_chat.identity import audit
from wasgo_chat.membership.access import Action, Membership, find_current_participant, find_participant
from wasgo_chat.membership.errors import LastAdmin
from wasgo_chat.membership.models import Conversation, Participant
from wasgo_chat.membership.schemas import AddParticipant, UpdateConversation

PRIVILEGED_ROLES = ("moderator", "admin")


async def add_participant(tx: Tx, seat: Membership, body: AddParticipant) -> bool:
    """Put somebody in; whether they were not in before. The mirror must know the user already.

    Raises:
        Forbidden: the caller's role may not, or the role to grant is above it.
        LimitReached: the conversation is full.
    """
    require_may_add(seat, body.role)
    conversation_id = seat.conversation.id
    if await find_current_participant(tx, conversation_id, body.user_id):
        return False
    count = select(func.count()).where(Participant.conversation_id == conversation_id, Participant.left_seq.is_(None))
    if (await tx.execute(count)).scalar_one() >= tx.settings.max_participants:
        raise LimitReached(f"A conversation has at most {tx.settings.max_participants} participants")
    await put_participant(tx, seat, body.user_id, body.role)
    return True


async def put_participant(tx: Tx, seat: Membership, user_id: str, role: str) -> None:
    """Put somebody in with a role, whether they were in or not; the caller has checked that this is allowed."""
    conversation_id = seat.conversation.id
    if await find_current_participant(tx, conversation_id, user_id):
        await log.emit(tx, seat.actor, conversation_id, types.ParticipantUpdated(user_id))
        await _update_participant(tx, seat, user_id, {"role": role})
        return
    event = await log.emit(tx, seat.actor, conversation_id, types.ParticipantAdded(user_id))
    place = {
        "role": role,
        "joined_at": event.at,
        "joined_seq": event.seq,
        "joined_number": event.number,
        "left_at": None,
        "left_seq": None,
        "archived_at_number": None,
    }
    statement = insert(Participant).values(conversation_id=conversation_id, user_id=user_id, **place)
    await tx.execute(statement.on_conflict_do_update(index_elements=["conversation_id", "user_id"], set_=place))


def require_may_add(seat: Membership, role: str) -> None:
    """Raises: Forbidden, where the caller may not add anybody with this role."""
    seat.require(Action.MANAGE_LEADERS if role in PRIVILEGED_ROLES else Action.MANAGE_MEMBERS)


async def remove_participant(tx: Tx, seat: Membership, user_id: str) -> bool:
    """Take somebody out, or leave; whether they were in. A second removal changes nothing.

    Raises:
        Forbidden: the caller's role may not.
        LastAdmin: the last admin would leave.
        NotFound: that user never was in.
    """
    is_oneself = user_id == seat.actor.user_id
    seat.require(Action.LEAVE if is_oneself else Action.MANAGE_MEMBERS)
    place = await find_participant(tx, seat.conversation.id, user_id)
    if place is None:
        raise NotFound("That user is not in the conversation")
    if place.left_seq is not None:
        return False
    if not is_oneself and place.role in PRIVILEGED_ROLES:
        seat.require(Action.MANAGE_LEADERS)
    if is_oneself and place.role == "admin":
        await _require_other_admin(tx, seat, user_id)
    await drop_participant(tx, seat, user_id)
    return True


async def drop_participant(tx: Tx, seat: Membership, user_id: str) -> None:
    """Take somebody who is in out; the caller has checked that this is allowed."""
    event = await log.emit(tx, seat.actor, seat.conversation.id, types.ParticipantRemoved(user_id))
    await _update_participant(tx, seat, user_id, {"left_at": event.at, "left_seq": event.seq})


async def change_role(tx: Tx, seat: Membership, user_id: str, role: str) -> bool:
    """Give somebody another role; whether it is another.

    Raises:
        Forbidden: the caller may not grant or take that role.
        LastAdmin: the last admin would step down.
        NotFound: that user is not in.
    """
    seat.require(Action.MANAGE_LEADERS if role in PRIVILEGED_ROLES else Action.MANAGE_MEMBERS)
    place = await find_current_participant(tx, seat.conversation.id, user_id)
    if place is None:
        raise NotFound("That user is not in the conversation")
    if place.role in PRIVILEGED_ROLES:
        seat.require(Action.MANAGE_LEADERS)
    if place.role == role:
        return False
    if place.role == "admin" and not seat.actor.is_service:
        await _require_other_admin(tx, seat, user_id)
    await log.emit(tx, seat.actor, seat.conversation.id, types.ParticipantUpdated(user_id))
    await _update_participant(tx, seat, user_id, {"role": role})
    return True


async def update_conversation(tx: Tx, seat: Membership, body: UpdateConversation) -> frozenset[str]:
    """Take title, metadata, settings and status over; the names of what really changed.

    Raises:
        Forbidden: the caller's role may not change one of them.
        Invalid: metadata or settings that cannot be stored.
    """
    given = body.model_dump(exclude_none=True)
    if given.keys() - {"status"} or (seat.actor.is_service and not given):
        seat.require(Action.CONFIGURE)  # changing nothing would still show a service the conversation
    if "status" in given:
        seat.require(Action.CLOSE)
    for field in given.keys() & {"metadata", "settings"}:
        check_json_object(tx.settings, field, given[field])
    now = seat.conversation
    present = {"title": now.title, "metadata": now.meta, "settings": now.settings, "status": now.status}
    changed = {field: value for field, value in given.items() if value != present[field]}
    if changed:
        columns = {"meta" if field == "metadata" else field: value for field, value in changed.items()}
        await tx.execute(update(Conversation).where(Conversation.id == now.id).values(columns))
        await log.emit(tx, seat.actor, now.id, types.ConversationUpdated(tuple(sorted(changed))))
    return frozenset(changed)


async def archive(tx: Tx, seat: Membership, *, archived: bool) -> None:
    """Put a conversation away for oneself until its next message, or take it back. No event of the log."""
    seat.require(Action.ARCHIVE)
    number = seat.conversation.message_count if archived else None
    await _update_participant(tx, seat, seat.actor.require_user(), {"archived_at_number": number})
    action = "conversation_archived" if archived else "conversation_unarchived"
    await audit.record_if_service(tx, seat.actor, action, conversation_id=seat.conversation.id)


async def _require_other_admin(tx: Tx, seat: Membership, user_id: str) -> None:
    others = select(Participant.user_id).where(
        Participant.conversation_id == seat.conversation.id,
        Participant.role == "admin",
        Participant.left_seq.is_(None),
        Participant.user_id != user_id,
    )
    if (await tx.execute(others.limit(1))).first() is None:
        raise LastAdmin


async def _update_participant(tx: Tx, seat: Membership, user_id: str, values: dict[str, Any]) -> None:
    statement = update(Participant).where(
        Participant.conversation_id == seat.conversation.id, Participant.user_id == user_id
    )
    await tx.execute(statement.values(values))
