"""Joining, leaving, roles, closing: the operations of `membership`, each with its system message."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from wasgo_chat.database.session import Tx
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.users import User
from wasgo_chat.membership import access, operations
from wasgo_chat.membership.access import Membership
from wasgo_chat.membership.roles import Role
from wasgo_chat.membership.schemas import AddParticipant, UpdateConversation
from wasgo_chat.messages.operations import post_system_message
from wasgo_chat.messages.system_messages import system_text


async def add(tx: Tx, actor: Actor, conversation_id: UUID, body: AddParticipant) -> bool:
    """Add a participant. Returns whether they were not a member before.

    Raises:
        NotFound: no such conversation for the caller.
        Forbidden, LimitReached: as in `membership.operations.add_participant`.
    """
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    return await add_to(tx, membership, body)


async def add_to(tx: Tx, membership: Membership, body: AddParticipant) -> bool:
    """`add` in a conversation that is already authorized and locked."""
    is_new = await operations.add_participant(tx, membership, body)
    if is_new:
        await _post_system_message(tx, membership, "participant_added", user_id=body.user_id, role=body.role)
    return is_new


async def remove(tx: Tx, actor: Actor, conversation_id: UUID, user_id: str) -> bool:
    """Remove a member, or leave. Returns whether they were a member.

    Raises:
        NotFound: no such conversation for the caller, or no such participant.
        Forbidden, LastAdmin: as in `membership.operations.remove_participant`.
    """
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    was_member = await operations.remove_participant(tx, membership, user_id)
    if was_member:
        await _post_system_message(tx, membership, "participant_removed", user_id=user_id)
    return was_member


async def reassign_moderator(tx: Tx, membership: Membership, user_id: str, *, instead_of: Sequence[str]) -> None:
    """Replace the moderators of a locked conversation by one user; a single system message announces it."""
    for previous in instead_of:
        if previous != user_id:
            await operations.drop_participant(tx, membership, previous)
    await operations.put_participant(tx, membership, user_id, Role.MODERATOR)
    await _post_system_message(tx, membership, "assigned", user_id=user_id)


async def change_role(tx: Tx, actor: Actor, conversation_id: UUID, user_id: str, role: str) -> bool:
    """Change a member's role. Returns whether it was another role before.

    Raises:
        NotFound: no such conversation for the caller, or no such member.
        Forbidden, LastAdmin: as in `membership.operations.change_role`.
    """
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    is_changed = await operations.change_role(tx, membership, user_id, role)
    if is_changed:
        await _post_system_message(tx, membership, "participant_updated", user_id=user_id, role=role)
    return is_changed


async def update(tx: Tx, actor: Actor, conversation_id: UUID, body: UpdateConversation) -> Membership:
    """Set title, metadata, settings or status. Closing and reopening post a system message.

    Raises:
        NotFound: no such conversation for the caller.
        Forbidden, Invalid: as in `membership.operations.update_conversation`.
    """
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    changed = await operations.update_conversation(tx, membership, body)
    if "status" in changed:
        action = "conversation_closed" if body.status == "closed" else "conversation_reopened"
        await _post_system_message(tx, membership, action)
    return membership


async def _post_system_message(
    tx: Tx, membership: Membership, action: str, *, user_id: str | None = None, **details: Any
) -> None:
    if membership.is_direct:
        return
    subject = {} if user_id is None else {"user_id": user_id}
    metadata = {"action": action, **subject, **details, "by": membership.actor.user_id}
    name = await _display_name(tx, user_id) if user_id is not None else ""
    text = system_text(metadata, name)
    await post_system_message(tx, membership.actor, membership.conversation.id, text, metadata)


async def _display_name(tx: Tx, user_id: str) -> str:
    user = await tx.get(User, user_id)
    return (user.display_name or user.username) if user is not None else user_id
