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
from wasgo_chat.membership.access import Action
from wasgo_chat.messages.errors import MessageDeletedError
from wasgo_chat.messages.models import Message, Reaction
from wasgo_chat.messages.rendering import conversation_of_message, load_reactions
from wasgo_chat.messages.schemas import ReactToMessage

_VARIATION_SELECTOR = "\ufe0f"


def canonical_emoji(text: str) -> str:
    """The fully-qualified form of one RGI emoji (Unicode Technical Standard 51): `❤` and `❤️` are the same.

    Raises:
        Invalid: it is not exactly one emoji.
    """
    found = _fully_qualified().get(text.replace(_VARIATION_SELECTOR, ""))
    if found is None:
        raise Invalid.field(["emoji"], "emoji", "must be exactly one emoji")
    return found


async def react(tx: Tx, actor: Actor, message_id: UUID, body: ReactToMessage) -> dict[str, Any]:
    """Toggle, add or remove; returns the `ReactionResult`. Adding twice or removing nothing changes nothing.

    Raises:
        NotFound: no such message for the caller.
        Forbidden, ConversationClosed, MessageDeleted: not by this caller, or not any more.
        Invalid: not an emoji.
        LimitReached: too many different emoji of one user on one message.
    """
    emoji = canonical_emoji(body.emoji)
    conversation_id = await conversation_of_message(tx, actor, message_id)
    seat = await access.authorize(tx, actor, conversation_id, lock=True)
    seat.require(Action.WRITE)
    user_id = actor.require_user()
    is_deleted = select(Message.deleted_at.is_not(None)).where(
        Message.conversation_id == conversation_id, Message.id == message_id
    )
    found = (await tx.execute(is_deleted)).scalar_one_or_none()
    if found is None:
        raise NotFound  # it was purged since it was located
    if found:
        raise MessageDeletedError
    own = (
        (Reaction.conversation_id == conversation_id)
        & (Reaction.message_id == message_id)
        & (Reaction.user_id == user_id)
    )
    present = set((await tx.execute(select(Reaction.emoji).where(own))).scalars())
    wanted = emoji not in present if body.action is None else body.action == "add"
    action = "added" if wanted else "removed"
    if wanted != (emoji in present):
        if wanted:
            if len(present) >= tx.settings.max_reactions_per_user:
                raise LimitReached(f"At most {tx.settings.max_reactions_per_user} different reactions to one message")
            key = {
                "conversation_id": conversation_id,
                "message_id": message_id,
                "user_id": user_id,
                "emoji": emoji,
            }
            await tx.execute(insert(Reaction).values(key))
        else:
            await tx.execute(delete(Reaction).where(own, Reaction.emoji == emoji))
        await log.emit(tx, actor, conversation_id, types.ReactionUpdated(message_id, user_id, emoji, action))
    reactions = await load_reactions(tx, conversation_id, message_id, viewer=user_id)
    return {"action": action, "reactions": reactions}


@cache
def _fully_qualified() -> dict[str, str]:
    """Every RGI emoji by its form without variation selectors. Built at first use: the data is large."""
    from emoji import EMOJI_DATA, STATUS  # noqa: PLC0415  5,000 entries that start-up should not wait for

    return {
        text.replace(_VARIATION_SELECTOR, ""): text
        for text, entry in EMOJI_DATA.items()
        if entry["status"] == STATUS["fully_qualified"]
    }
