"""The socket commands: what each client frame does. They call the same operations as the HTTP routes."""

import asyncio
from typing import Any
from uuid import UUID

from wasgo_chat.core.errors import Invalid, NotFound, Overloaded, Unauthenticated
from wasgo_chat.database.session import Tx
from wasgo_chat.gateway.command_registry import AckBody, Command, CommandRegistry, PipelinedCommand
from wasgo_chat.gateway.delivery.subscription import ResumePoint
from wasgo_chat.gateway.frames import acks
from wasgo_chat.gateway.frames.client_frames import (
    DeleteMessageFrame,
    EditMessageFrame,
    MarkReadFrame,
    ReactFrame,
    RefreshTokenFrame,
    SendMessageFrame,
    SubscribeFrame,
    TypingFrame,
    UnsubscribeFrame,
)
from wasgo_chat.gateway.inflight import InflightSends
from wasgo_chat.gateway.session import Session
from wasgo_chat.membership.access import role_does_not_allow
from wasgo_chat.membership.roles import Action, role_allows
from wasgo_chat.messages import operations, reactions, read_receipts
from wasgo_chat.messages.operations import SendResult
from wasgo_chat.messages.rendering import conversation_of_message, load_message
from wasgo_chat.messages.schemas import ReactToMessage
from wasgo_chat.messages.sending.gate import admit

# The ids of the examples in the OpenAPI document. The tests replace them by existing ones and send the examples.
_CONVERSATION_ID = "01a20497-3968-7249-a01c-b179616f7735"
_MESSAGE_ID = "01a20498-27c3-74c5-bec7-9c013e486d4c"


def send_ack(result: SendResult) -> AckBody:
    """The fields of the `ack` of a stored message."""
    return {"message_id": result.message_id, "seq": result.seq, "created_at": result.created_at}


async def _send(session: Session, frame: SendMessageFrame, inflight: InflightSends) -> "asyncio.Future[SendResult]":
    conversation_id = session.conversation_of(frame)
    context = session.context
    await admit(context.settings, context.rate_limits, session.actor, conversation_id, frame)
    while True:
        try:
            return context.group_commit.send(session.actor, conversation_id, frame, inflight.stream)
        except Overloaded:
            # The sends of this session are part of the load: waiting for one of them may make room.
            if not await inflight.wait_for_one():
                raise


async def _signal_typing(session: Session, frame: TypingFrame) -> AckBody:
    conversation_id = session.conversation_of(frame)
    role = session.subscriptions[conversation_id].role
    if not role_allows(role, Action.TYPE):
        raise role_does_not_allow(role)
    if frame.is_typing and not await session.is_known_in(conversation_id):
        return {}
    session.typing.signal(conversation_id, is_typing=frame.is_typing)
    return {}


async def _mark_read(session: Session, frame: MarkReadFrame) -> AckBody:
    conversation_id = session.conversation_of(frame)
    async with session.context.db.transaction() as tx:
        return await read_receipts.mark_messages(tx, session.actor, frame.message_ids, within=conversation_id)


async def _edit(session: Session, frame: EditMessageFrame) -> AckBody:
    conversation_id = session.conversation_of(frame)
    await session.context.rate_limits.count_message(session.actor, conversation_id)
    async with session.context.db.transaction() as tx:
        await _require_in_conversation(tx, session, frame.message_id, conversation_id)
        await operations.edit(tx, session.actor, frame.message_id, frame.content)
        message = await load_message(tx, conversation_id, frame.message_id, viewer=None)
    return {"message_id": frame.message_id, "revision": message["revision"]}


async def _delete(session: Session, frame: DeleteMessageFrame) -> AckBody:
    conversation_id = session.conversation_of(frame)
    await session.context.rate_limits.count_message(session.actor, conversation_id)
    async with session.context.db.transaction() as tx:
        await _require_in_conversation(tx, session, frame.message_id, conversation_id)
        await operations.delete(tx, session.actor, frame.message_id)
    return {"message_id": frame.message_id}


async def _react(session: Session, frame: ReactFrame) -> AckBody:
    conversation_id = session.conversation_of(frame)
    await session.context.rate_limits.count_message(session.actor, conversation_id)
    async with session.context.db.transaction() as tx:
        await _require_in_conversation(tx, session, frame.message_id, conversation_id)
        body = ReactToMessage(emoji=frame.emoji, action=frame.action)
        result: dict[str, Any] = await reactions.react(tx, session.actor, frame.message_id, body)
    return {"message_id": frame.message_id, **result}


async def _refresh_token(session: Session, frame: RefreshTokenFrame) -> AckBody:
    act_as = session.user_id if session.actor.service is not None else None
    actor = await session.context.authenticator.from_bearer(frame.token, act_as=act_as)
    if actor.user_id != session.user_id or actor.service != session.actor.service:
        raise Unauthenticated("The token belongs to another subject")
    session.refresh_token(actor)
    return {"expires_at": actor.expires_at}


async def _subscribe(session: Session, frame: SubscribeFrame) -> AckBody:
    conversation_id = _require_conversation_id(session, frame.conversation_id)
    await session.subscribe(conversation_id, ResumePoint.parse(frame.after_seq, frame.epoch))
    return {"conversation_id": conversation_id}


async def _unsubscribe(session: Session, frame: UnsubscribeFrame) -> AckBody:
    conversation_id = _require_conversation_id(session, frame.conversation_id)
    session.unsubscribe(conversation_id)
    return {"conversation_id": conversation_id}


def _require_conversation_id(session: Session, conversation_id: UUID | None) -> UUID:
    if session.fixed_conversation is not None:
        message = "this connection is for one conversation; use ws/chat/ for many"
        raise Invalid.field(["type"], "one_conversation", message)
    if conversation_id is None:
        raise Invalid.field(["conversation_id"], "missing", "is required")
    return conversation_id


async def _require_in_conversation(tx: Tx, session: Session, message_id: UUID, conversation_id: UUID) -> None:
    """Require that a message is in the conversation of the frame. Any other counts as not found."""
    if await conversation_of_message(tx, session.actor, message_id) != conversation_id:
        raise NotFound


COMMANDS = CommandRegistry(
    [
        PipelinedCommand(
            frame=SendMessageFrame,
            start=_send,
            ack=acks.SendMessageAck,
            examples=[
                {"type": "send_message", "ref": "1", "content": "See you on Friday.", "client_id": "c-1"},
                {"type": "send_message", "content": "Hello!", "message_type": "text", "metadata": {}},
            ],
            ack_example={"ref": "1", "message_id": _MESSAGE_ID, "seq": 3, "created_at": "2026-11-22T18:50:10.247806Z"},
        ),
        Command(
            frame=EditMessageFrame,
            handler=_edit,
            ack=acks.EditMessageAck,
            examples=[{"type": "edit_message", "ref": "3", "message_id": _MESSAGE_ID, "content": "At nine."}],
            ack_example={"ref": "3", "message_id": _MESSAGE_ID, "revision": 2},
        ),
        Command(
            frame=DeleteMessageFrame,
            handler=_delete,
            ack=acks.DeleteMessageAck,
            examples=[{"type": "delete_message", "ref": "6", "message_id": _MESSAGE_ID}],
            ack_example={"ref": "6", "message_id": _MESSAGE_ID},
        ),
        Command(
            frame=ReactFrame,
            handler=_react,
            ack=acks.ReactAck,
            examples=[{"type": "react", "ref": "4", "message_id": _MESSAGE_ID, "emoji": "👍", "action": "add"}],
            ack_example={
                "ref": "4",
                "message_id": _MESSAGE_ID,
                "action": "added",
                "reactions": [{"emoji": "👍", "count": 1, "user_ids": ["bo"], "me": True}],
            },
        ),
        Command(
            frame=MarkReadFrame,
            handler=_mark_read,
            ack=acks.MarkReadAck,
            examples=[{"type": "mark_read", "ref": "2", "message_ids": [_MESSAGE_ID]}],
            ack_example={"ref": "2", "marked": 1, "unread_count": 0},
        ),
        Command(
            frame=TypingFrame,
            handler=_signal_typing,
            ack=acks.TypingAck,
            examples=[{"type": "typing", "is_typing": True}],
            ack_example={"ref": "12"},
        ),
        Command(
            frame=RefreshTokenFrame,
            handler=_refresh_token,
            ack=acks.RefreshTokenAck,
            examples=[{"type": "refresh_token", "ref": "13", "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x"}],
            ack_example={"ref": "13", "expires_at": 1795377024.07},
        ),
        Command(
            frame=SubscribeFrame,
            handler=_subscribe,
            ack=acks.SubscribeAck,
            examples=[{"type": "subscribe", "ref": "1", "conversation_id": _CONVERSATION_ID, "after_seq": 0}],
            ack_example={"ref": "1", "conversation_id": _CONVERSATION_ID},
            many_only=True,
        ),
        Command(
            frame=UnsubscribeFrame,
            handler=_unsubscribe,
            ack=acks.UnsubscribeAck,
            examples=[{"type": "unsubscribe", "ref": "4", "conversation_id": _CONVERSATION_ID}],
            ack_example={"ref": "4", "conversation_id": _CONVERSATION_ID},
            many_only=True,
        ),
    ]
)
"""Every command of the service."""
