"""From a parsed frame to the verb it calls, and from its result to the `ack`. The socket's side of the two doors."""

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

from wasgo_chat.core.errors import Forbidden, Invalid, NotFound, Overloaded, Unauthenticated
from wasgo_chat.gateway.client_frames import (
    DeleteMessageFrame,
    EditMessageFrame,
    MarkReadFrame,
    ReactFrame,
    RefreshTokenFrame,
    SendMessageFrame,
    SequentialFrame,
    SubscribeFrame,
    TypingFrame,
    UnsubscribeFrame,
)
from wasgo_chat.messages import reactions, read_receipts, verbs
from wasgo_chat.messages.rendering import conversation_of_message, load_message
from wasgo_chat.messages.schemas import ReactToMessage
from wasgo_chat.messages.verbs import SendResult

if TYPE_CHECKING:
    from wasgo_chat.database.session import Tx
    from wasgo_chat.gateway.connection import Connection


async def execute(socket: "Connection", frame: SequentialFrame) -> dict[str, Any]:
    """Do what a frame asks, of those that are done at once; the result goes into its `ack`.

    Raises:
        ChatError: it was refused; the socket answers with an `error` frame.
    """
    match frame:
        case TypingFrame():
            return _type(socket, frame)
        case MarkReadFrame():
            return await _mark_read(socket, frame)
        case EditMessageFrame():
            return await _edit(socket, frame)
        case DeleteMessageFrame():
            return await _delete(socket, frame)
        case ReactFrame():
            return await _react(socket, frame)
        case RefreshTokenFrame():
            return await _refresh_token(socket, frame)
        case SubscribeFrame():
            return await _subscribe(socket, frame)
        case UnsubscribeFrame():
            return _unsubscribe(socket, frame)


async def send(socket: "Connection", frame: SendMessageFrame) -> "asyncio.Future[SendResult]":
    """Put a message into the next batch; the future is done once it was stored or refused.

    Raises:
        ChatError: it was refused at once.
    """
    conversation_id = socket.conversation_of(frame)
    verbs.check_message(socket.settings, frame)
    await socket.rates.count_message(socket.user_id, conversation_id)
    while True:
        try:
            return socket.group.send(socket.actor, conversation_id, frame, socket.inflight.stream)
        except Overloaded:
            if not await socket.inflight.wait_for_one():  # who has messages on their way makes room by waiting for them
                raise


def send_ack(outcome: SendResult) -> dict[str, Any]:
    """What the `ack` of a message says."""
    return {"message_id": outcome.message_id, "seq": outcome.seq, "created_at": outcome.created_at}


def _type(socket: "Connection", frame: TypingFrame) -> dict[str, Any]:
    conversation_id = socket.conversation_of(frame)
    subscription = socket.subscriptions[conversation_id]
    if subscription.role == "observer":
        raise Forbidden("The role observer does not allow this")
    socket.typing.signal(conversation_id, is_typing=frame.is_typing)
    return {}


async def _mark_read(socket: "Connection", frame: MarkReadFrame) -> dict[str, Any]:
    conversation_id = socket.conversation_of(frame)
    async with socket.db.transaction() as tx:
        return await read_receipts.mark_messages(tx, socket.actor, frame.message_ids, only_in=conversation_id)


async def _edit(socket: "Connection", frame: EditMessageFrame) -> dict[str, Any]:
    conversation_id = socket.conversation_of(frame)
    async with socket.db.transaction() as tx:
        await _require_in_conversation(tx, socket, frame.message_id, conversation_id)
        await verbs.edit(tx, socket.actor, frame.message_id, frame.content)
        message = await load_message(tx, conversation_id, frame.message_id, viewer=None)
    return {"message_id": frame.message_id, "revision": message["revision"]}


async def _delete(socket: "Connection", frame: DeleteMessageFrame) -> dict[str, Any]:
    conversation_id = socket.conversation_of(frame)
    async with socket.db.transaction() as tx:
        await _require_in_conversation(tx, socket, frame.message_id, conversation_id)
        await verbs.delete(tx, socket.actor, frame.message_id)
    return {"message_id": frame.message_id}


async def _react(socket: "Connection", frame: ReactFrame) -> dict[str, Any]:
    conversation_id = socket.conversation_of(frame)
    async with socket.db.transaction() as tx:
        await _require_in_conversation(tx, socket, frame.message_id, conversation_id)
        body = ReactToMessage(emoji=frame.emoji, action=frame.action)
        return {
            "message_id": frame.message_id,
            **await reactions.react(tx, socket.actor, frame.message_id, body),
        }


async def _refresh_token(socket: "Connection", frame: RefreshTokenFrame) -> dict[str, Any]:
    acts_as = socket.user_id if socket.actor.service is not None else None
    actor = await socket.authenticator.from_bearer(frame.token, act_as=acts_as)
    if actor.user_id != socket.user_id or actor.service != socket.actor.service:
        raise Unauthenticated("The token is of another subject")
    socket.refresh_token(actor)
    return {"expires_at": actor.expires_at}


async def _subscribe(socket: "Connection", frame: SubscribeFrame) -> dict[str, Any]:
    conversation_id = _require_conversation_id(socket, frame.conversation_id)
    await socket.subscribe(conversation_id, frame.after_seq, greeting="subscribed")
    return {"conversation_id": conversation_id}


def _unsubscribe(socket: "Connection", frame: UnsubscribeFrame) -> dict[str, Any]:
    conversation_id = _require_conversation_id(socket, frame.conversation_id)
    socket.unsubscribe(conversation_id)
    return {"conversation_id": conversation_id}


def _require_conversation_id(socket: "Connection", conversation_id: UUID | None) -> UUID:
    if socket.fixed_conversation is not None:
        raise Invalid.field(["type"], "one_conversation", "this socket is of one conversation; use ws/chat/ for many")
    if conversation_id is None:
        raise Invalid.field(["conversation_id"], "missing", "name the conversation")
    return conversation_id


async def _require_in_conversation(tx: "Tx", socket: "Connection", message_id: UUID, conversation_id: UUID) -> None:
    """A frame names a message of the conversation it is about; any other is not there, as far as it goes."""
    if await conversation_of_message(tx, socket.actor, message_id) != conversation_id:
        raise NotFound
