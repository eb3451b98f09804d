"""Operations on messages: send, edit, delete, and post system messages. They run in the caller's transaction.

Reactions and read receipts have modules of their own. Only sending is hot: `sending.group_commit` stores most messages
in batches and leaves to `send` those with attachments, those sent before, and those that will be refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.attachments import operations as attachments
from wasgo_chat.attachments.upload.multipart import UploadedFile
from wasgo_chat.attachments.upload.pipeline import PreparedFile
from wasgo_chat.core.encoding import keyed_hash, new_id
from wasgo_chat.core.errors import Forbidden, LimitReached, NotFound
from wasgo_chat.database.session import Tx
from wasgo_chat.events import log, types
from wasgo_chat.http.idempotency import IdempotencyConflict
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.access import Membership
from wasgo_chat.membership.roles import Action
from wasgo_chat.messages.errors import MessageDeletedError
from wasgo_chat.messages.models import Message, MessageRevision
from wasgo_chat.messages.rendering import conversation_of_message
from wasgo_chat.messages.schemas import MessageContent
from wasgo_chat.messages.sending import gate
from wasgo_chat.messages.tombstones import tombstone
from wasgo_chat.messages.types import MESSAGE_TYPES, SYSTEM


@dataclass(frozen=True, slots=True)
class SendResult:
    """A stored message. `is_new` is False for a repeated client_id; `rendered` is its `MessageOut`, if known."""

    message_id: UUID
    seq: int
    created_at: datetime
    is_new: bool
    rendered: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class MessageCounted:
    """Sent after the commit of a message that no batch stored, for counting messages by type."""

    message_type: str


def request_hash(key: bytes, body: MessageContent, files: Sequence[Sequence[str]] = ()) -> bytes:
    """The hash of what a message says, for comparing repeats. It leaves out a frame's `ref`, which differs in a repeat.

    Args:
        key: `Settings.hash_key`.
        body: the message.
        files: name and hash of each file that came with it.
    """
    fields = {
        "content": body.content,
        "message_type": body.message_type,
        "reply_to": body.reply_to,
        "mentions": body.mentions,
        "metadata": body.metadata,
        "attachment_ids": body.attachment_ids,
    }
    return keyed_hash(key, {**fields, "files": files} if files else fields)


async def precheck_send(
    tx: Tx, actor: Actor, conversation_id: UUID, body: MessageContent, files: Sequence[UploadedFile]
) -> SendResult | None:
    """Find an earlier send of this message, or refuse it as `send` would, before its files are stored.

    Returns:
        The message if it was sent before, else None; `send` checks everything again.

    Raises:
        As in `send`, except for errors about attachments.
    """
    membership = await access.authorize(tx, actor, conversation_id)
    names = [[file.filename, file.hash.hexdigest()] for file in files]
    if duplicate := await _find_duplicate(tx, actor, conversation_id, body, names):
        return duplicate
    await gate.check_allowed(tx, membership, body)
    return None


async def send(
    tx: Tx, actor: Actor, conversation_id: UUID, body: MessageContent, *, uploads: Sequence[PreparedFile] = ()
) -> SendResult:
    """Store a message and attach `uploads`, the files that came with it. A repeated `client_id` finds the first one.

    Raises:
        NotFound: no such conversation for the caller.
        Forbidden, ConversationClosed: the caller may not write there now.
        IdempotencyConflict: the `client_id` was used before with other content.
        Invalid: a reply or mention is not of this conversation, or an attachment is not the caller's.
    """
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    names = [[file.filename, file.sent_sha256.hex()] for file in uploads]
    if duplicate := await _find_duplicate(tx, actor, conversation_id, body, names):
        return duplicate
    await gate.check_allowed(tx, membership, body)
    attachment_ids = [*body.attachment_ids, *(file.id for file in uploads)]
    if attachment_ids:
        await attachments.check_claimable(tx, actor, conversation_id, attachment_ids, body.message_type)
    sent = await _insert(
        tx,
        actor,
        conversation_id,
        sender_id=actor.require_user(),
        message_type=body.message_type,
        content=body.content,
        reply_to=body.reply_to,
        mentions=list(dict.fromkeys(body.mentions)),
        meta=body.metadata,
        client_id=body.client_id,
        request_hash=_hash_of(tx, body, names),
    )
    await attachments.claim(tx, conversation_id, sent.message_id, attachment_ids)
    return sent


async def post_system_message(
    tx: Tx, actor: Actor, conversation_id: UUID, content: str, metadata: dict[str, Any]
) -> SendResult:
    """Store a message without a sender. The caller has authorized and locked the conversation."""
    return await _insert(tx, actor, conversation_id, message_type=SYSTEM.name, content=content, meta=metadata)


async def edit(tx: Tx, actor: Actor, message_id: UUID, content: str) -> Membership:
    """Change the content of the caller's own message; the same content changes nothing.

    Raises:
        NotFound: no such message for the caller.
        Forbidden: another user's message, a type that cannot be edited, or the role does not allow it.
        ConversationClosed, MessageDeletedError: it is too late.
        Invalid: too long or blank.
        LimitReached: the message has been edited too often. Every earlier version is stored.
    """
    gate.check_length(tx.settings, content)
    membership, message = await _authorize_message(tx, actor, message_id)
    if message.sender_id is None or message.sender_id != actor.require_user():
        raise Forbidden("Only the sender can edit a message")
    membership.require(Action.WRITE)
    if message.deleted_at is not None:
        raise MessageDeletedError
    if not MESSAGE_TYPES[message.message_type].is_editable:
        raise Forbidden(f"Messages of type {message.message_type} cannot be edited")
    gate.check_not_blank(message.message_type, content)
    if content != message.content:
        if message.revision > tx.settings.max_edits:
            raise LimitReached(f"A message can be edited at most {tx.settings.max_edits} times; send another one")
        revision = message.revision + 1
        event = await log.emit(tx, actor, membership.conversation.id, types.MessageEdited(message_id, revision))
        await _insert_revision(tx, message, event)
        statement = update(Message).where(Message.conversation_id == message.conversation_id, Message.id == message.id)
        await tx.execute(statement.values(content=content, revision=revision, edited_at=event.at))
    return membership


async def delete(tx: Tx, actor: Actor, message_id: UUID) -> Membership:
    """Turn a message into a tombstone; deleting it again changes nothing.

    Raises:
        NotFound: no such message for the caller.
        Forbidden: the role does not allow it.
        ConversationClosed: it is too late.
    """
    membership, message = await _authorize_message(tx, actor, message_id)
    is_own = message.sender_id is not None and message.sender_id == actor.user_id
    membership.require(Action.WRITE if is_own else Action.DELETE_OTHERS)
    if message.sender_id is None and not actor.is_service:
        raise Forbidden("Only a service can delete a system message")
    if message.deleted_at is None:
        conversation_id = message.conversation_id
        event = await log.emit(tx, actor, conversation_id, types.MessageDeleted(message_id, message.revision + 1))
        await _insert_revision(tx, message, event)
        if not is_own and not actor.service:  # `emit` records what services do
            details = {"conversation_id": conversation_id, "user_id": message.sender_id, "target": message_id}
            await audit.record_action(tx, actor, types.MessageDeleted.type, **details)
        await tombstone(tx, conversation_id, [message_id], deleted_at=event.at, keep_revisions=True)
    return membership


async def _insert(tx: Tx, actor: Actor, conversation_id: UUID, *, message_type: str, **columns: Any) -> SendResult:
    """Append the event of a new message, and insert the message with the seq and number that it got."""
    message_id = new_id()
    event = await log.emit(tx, actor, conversation_id, types.MessageSent(message_id))
    await tx.execute(
        insert(Message).values(
            conversation_id=conversation_id,
            id=message_id,
            seq=event.seq,
            number=event.number,
            service=actor.service,
            message_type=message_type,
            created_at=event.at,
            **columns,
        )
    )
    tx.after_commit(MessageCounted(message_type))
    return SendResult(message_id, event.seq, event.at, is_new=True)


async def _authorize_message(tx: Tx, actor: Actor, message_id: UUID) -> tuple[Membership, Message]:
    """Load a message that the caller may see, with its conversation authorized and locked.

    Raises:
        NotFound: no such message for the caller, or it was purged since it was located.
    """
    conversation_id = await conversation_of_message(tx, actor, message_id)
    membership = await access.authorize(tx, actor, conversation_id, lock=True)
    statement = select(Message).where(Message.conversation_id == conversation_id, Message.id == message_id)
    message = (await tx.execute(statement)).scalar_one_or_none()
    if message is None:
        raise NotFound
    return membership, message


def _hash_of(tx: Tx, body: MessageContent, files: Sequence[Sequence[str]]) -> bytes | None:
    return None if body.client_id is None else request_hash(tx.settings.hash_key(), body, files)


async def _find_duplicate(
    tx: Tx, actor: Actor, conversation_id: UUID, body: MessageContent, files: Sequence[Sequence[str]]
) -> SendResult | None:
    """The message that the caller sent with this `client_id` before.

    Raises:
        IdempotencyConflict: it has other content or files.
    """
    if body.client_id is None:
        return None
    statement = select(Message.id, Message.seq, Message.created_at, Message.request_hash).where(
        Message.conversation_id == conversation_id,
        Message.sender_id == actor.require_user(),
        Message.client_id == body.client_id,
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    if row.request_hash != _hash_of(tx, body, files):
        raise IdempotencyConflict("This client_id was used before with other content")
    return SendResult(row.id, row.seq, row.created_at, is_new=False)


async def _insert_revision(tx: Tx, message: Message, event: log.AppendedEvent) -> None:
    await tx.execute(
        insert(MessageRevision).values(
            conversation_id=message.conversation_id,
            message_id=message.id,
            revision=message.revision,
            content=message.content,
            replaced_at=event.at,
        )
    )
