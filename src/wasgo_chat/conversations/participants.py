"""Joining, leaving, roles, closing: the verbs of `conversations`, and the note each leaves in the chat."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from wasgo_chat.database.session import Tx
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.users import User
from wasgo_chat.membership import access, verbs
from wasgo_chat.membership.access import Membership
from wasgo_chat.membership.schemas import AddParticipant, UpdateConversation
from wasgo_chat.messages.system_messages import system_text
from wasgo_chat.messages.verbs import post_system_message


async def add(tx: Tx, actor: Actor, conversation_id: UUID, body: AddParticipant) -> bool:
    """Put somebody in; whether they were not in before.

    Raises:
        NotFound, Forbidden, LimitReached: see `membership.verbs.add_participant`.
    """
    seat = await access.authorize(tx, actor, conversation_id, lock=True)
    return await add_to(tx, seat, body)


async def add_to(tx: Tx, seat: Membership, body: AddParticipant) -> bool:
    """The same in a conversation entered and locked before."""
    is_new = await verbs.add_participant(tx, seat, body)
    if is_new:
        await _post_system_message(tx, seat, "participant_added", user_id=body.user_id, role=body.role)
    return is_new


async def remove(tx: Tx, actor: Actor, conversation_id: UUID, user_id: str) -> bool:
    """Take somebody out, or leave; whether they were in.

    Raises:
        NotFound, Forbidden, LastAdmin: see `membership.verbs.remove_participant`.
    """
    seat = await access.authorize(tx, actor, conversation_id, lock=True)
    was_in = await verbs.remove_participant(tx, seat, user_id)
    if was_in:
        await _post_system_message(tx, seat, "participant_removed", user_id=user_id)
    return was_in


async def reassign_moderator(tx: Tx, seat: Membership, user_id: str, *, instead_of: Sequence[str]) -> None:
    """Let somebody take the place of the moderators of a conversation; one note tells of it."""
    for earlier in instead_of:
        if earlier != user_id:
            await verbs.drop_participant(tx, seat, earlier)
    await verbs.put_participant(tx, seat, user_id, "moderator")
    await _post_system_message(tx, seat, "assigned", user_id=user_id)


async def change_role(tx: Tx, actor: Actor, conversation_id: UUID, user_id: str, role: str) -> bool:
    """Give somebody another role; whether it is another.

    Raises:
        NotFound, Forbidden, LastAdmin: see `membership.verbs.change_role`.
    """
    seat = await access.authorize(tx, actor, conversation_id, lock=True)
    is_changed = await verbs.change_role(tx, seat, user_id, role)
    if is_changed:
        await _post_system_message(tx, seat, "participant_updated", user_id=user_id, role=role)
    return is_changed


async def update(tx: Tx, actor: Actor, conversation_id: UUID, body: UpdateConversation) -> Membership:
    """Change title, metadata, settings or status; closing and reopening leave a note.

    Raises:
        NotFound, Forbidden, Invalid: see `membership.verbs.update_conversation`.
    """
    seat = await access.authorize(tx, actor, conversation_id, lock=True)
    changed = await verbs.update_conversation(tx, seat, body)
    if "status" in changed and not seat.is_direct:
        happened = "closed" if body.status == "closed" else "reopened"
        await _post_system_message(tx, seat, f"conversation_{happened}")
    return seat


async def _post_system_message(
    tx: Tx, seat: Membership, action: str, *, user_id: str | None = None, **about: Any
) -> None:
    if seat.is_direct:
        return
    named = {} if user_id is None else {"user_id": user_id}
    metadata = {"action": action, **named, **about, "by": seat.actor.user_id}
    who = await _name(tx, user_id) if user_id is not None else ""
    await post_system_message(tx, seat.actor, seat.conversation.id, system_text(metadata, who), metadata)


async def _name(tx: Tx, user_id: str) -> str:
    user = await tx.get(User, user_id)
    return (user.display_name or user.username) if user is not None else user_id
