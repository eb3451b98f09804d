"""Reactions: add, remove or toggle an emoji on a message."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.core.errors import Invalid, LimitReached, NotFound
from wasgo_chat.database.session import Tx
from wasgo_chat.events import log, types
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.roles import Action
from wasgo_chat.messages.errors import MessageDeletedError
from wasgo_chat.messages.models import Message, Reaction
from wasgo_chat.messages.rendering import conversation_of_message, load_reactions
from wasgo_chat.messages.schemas import ReactToMessage

# They choose between the black and white and the coloured form of a character.
_VARIATION_SELECTORS = dict.fromkeys([0xFE0E, 0xFE0F])


def canonical_emoji(text: str) -> str:
    """The fully-qualified form of an RGI emoji (UTS 51), so that `❤` and `❤️` are the same.

    Raises:
        Invalid: it is not exactly one emoji.
    """
    canonical = _fully_qualified().get(text.translate(_VARIATION_SELECTORS))
    if canonical is None:
        raise Invalid.field(["emoji"], "emoji", "must be exactly one emoji")
    return canonical


async def react(tx: Tx, actor: Actor, message_id: UUID, body: ReactToMessage) -> dict[str, Any]:
    """Toggle, add or remove a reaction; returns a `ReactionResult`. Adding it twice or removing nothing changes
    nothing.

    Raises:
        NotFound: no such message for the caller.
        Forbidden, ConversationClosed: the caller may not write there now.
        MessageDeletedError: the message was deleted.
        Invalid: not an emoji.
        LimitReached: the user has too many different reactions to the message.
    """
    emoji = canonical_emoji(body.emoji)
    conversation_id = await conversation_of_message(tx, actor, message_id)
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    membership.require(Action.WRITE)
    user_id = actor.require_user()
    statement = select(Message.deleted_at.is_not(None)).where(
        Message.conversation_id == conversation_id, Message.id == message_id
    )
    is_deleted = (await tx.execute(statement)).scalar_one_or_none()
    if is_deleted is None:
        raise NotFound  # it was purged since it was located
    if is_deleted:
        raise MessageDeletedError
    own = (
        (Reaction.conversation_id == conversation_id)
        & (Reaction.message_id == message_id)
        & (Reaction.user_id == user_id)
    )
    existing = set((await tx.execute(select(Reaction.emoji).where(own))).scalars())
    is_added = emoji not in existing if body.action is None else body.action == "add"
    action = "added" if is_added else "removed"
    if is_added != (emoji in existing):
        if is_added:
            if len(existing) >= tx.settings.max_reactions_per_user:
                limit = tx.settings.max_reactions_per_user
                raise LimitReached(f"A user can have at most {limit} different reactions to a message")
            row = {
                "conversation_id": conversation_id,
                "message_id": message_id,
                "user_id": user_id,
                "emoji": emoji,
            }
            await tx.execute(insert(Reaction).values(row))
        else:
            await tx.execute(delete(Reaction).where(own, Reaction.emoji == emoji))
        await log.emit(tx, actor, conversation_id, types.ReactionUpdated(message_id, user_id, emoji, action))
    reactions = await load_reactions(tx, conversation_id, message_id, viewer=user_id)
    return {"action": action, "reactions": reactions}


@cache
def _fully_qualified() -> dict[str, str]:
    """Every RGI emoji, by its form without variation selectors. Built on first use."""
    from emoji import EMOJI_DATA, STATUS  # noqa: PLC0415  5,000 entries that would slow down the start

    return {
        text.translate(_VARIATION_SELECTORS): text
        for text, entry in EMOJI_DATA.items()
        if entry["status"] == STATUS["fully_qualified"]
    }
