"""What is done with messages: send, edit, delete, and notes of the service itself. Runs in the door's transaction.

Reactions and reads have rooms of their own. Only `send` is hot: `group_commit` stores most messages many at a time,
and leaves to the `send` here what has attachments, was sent before or is to be refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete as sql_delete
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.attachments import verbs as attachments
from wasgo_chat.attachments.upload.multipart import UploadedFile
from wasgo_chat.attachments.upload.pipeline import PreparedFile
from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import keyed_hash, new_id
from wasgo_chat.core.errors import Forbidden, Invalid, NotFound
from wasgo_chat.database.session import Tx
from wasgo_chat.events import log, types
from wasgo_chat.http.idempotency import IdempotencyConflict
from wasgo_chat.http.json_limits import check_json_object
from wasgo_chat.identity import audit
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.access import Action, Membership
from wasgo_chat.messages.errors import MessageDeletedError
from wasgo_chat.messages.models import Message, MessageRevision, Reaction
from wasgo_chat.messages.rendering import conversation_of_message
from wasgo_chat.messages.schemas import MessageContent

_WITH_ATTACHMENTS = ("image", "file", "audio", "video")


@dataclass(frozen=True, slots=True)
class SendResult:
    """Where a message landed; `is_new` is False for a repeated client_id. `shape`: as `MessageOut`, where at hand."""

    message_id: UUID
    seq: int
    created_at: datetime
    is_new: bool
    rendered: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class MessageCounted:
    """Announced after the commit, for who counts messages by type."""

    message_type: str


def check_message(settings: Settings, body: MessageContent, *, files: int = 0) -> None:
    """Hold a message, and the number of files that came with it, to the limits, before any transaction.

    Raises:
        Invalid: too long, empty, too many attachments, or metadata that cannot be stored.
    """
    attached = len(body.attachment_ids) + files
    if attached > settings.max_attachments:
        raise Invalid.field(["attachment_ids"], "too_long", f"a message has at most {settings.max_attachments}")
    if len(body.content) > settings.max_content_chars:
        raise Invalid.field(["content"], "too_long", f"has more than {settings.max_content_chars} characters")
    check_json_object(settings, "metadata", body.metadata)
    if body.message_type == "location":
        _check_location(body.metadata.get("location"))
    elif body.message_type in _WITH_ATTACHMENTS and not attached:
        raise Invalid.field(["attachment_ids"], "missing", f"a message of type {body.message_type} needs one")
    elif not body.content.strip() and not attached:
        raise Invalid.field(["content"], "empty", "may be empty only with attachments or a location")


def request_hash(key: bytes, body: MessageContent, files: Sequence[Sequence[str]] = ()) -> bytes:
    """What is said, not how it came: a frame's `ref` differs when it is sent again, or sent by HTTP.

    Args:
        key: `Settings.hash_key`.
        body: the message.
        files: name and hash of each file that came with it.
    """
    said = {
        "content": body.content,
        "message_type": body.message_type,
        "reply_to": body.reply_to,
        "mentions": body.mentions,
        "metadata": body.metadata,
        "attachment_ids": body.attachment_ids,
    }
    return keyed_hash(key, {**said, "files": files} if files else said)


async def precheck_send(
    tx: Tx, actor: Actor, conversation_id: UUID, body: MessageContent, files: Sequence[UploadedFile]
) -> SendResult | None:
    """Before files are stored: the message if it was sent before, or what `send` would refuse; it looks again.

    Raises:
        As `send`, but for what concerns attachments.
    """
    seat = await access.authorize(tx, actor, conversation_id)
    if body.client_id is not None:
        named = [[file.filename, file.hash.hexdigest()] for file in files]
        hashed = request_hash(tx.settings.hash_key(), body, named)
        if earlier := await _find_duplicate(tx, actor, conversation_id, body.client_id, hashed):
            return earlier
    seat.require(Action.WRITE)
    await _check_references(tx, conversation_id, body)
    return None


async def send(
    tx: Tx, actor: Actor, conversation_id: UUID, body: MessageContent, *, uploads: Sequence[PreparedFile] = ()
) -> SendResult:
    """Store a message, with `uploads` that came with it; the same `client_id` again gives the first one.

    Raises:
        NotFound: no such conversation for the caller.
        Forbidden, ConversationClosed: the caller may not write there now.
        IdempotencyConflict: the `client_id` came before with other content.
        Invalid: a reply or mention that is not of this conversation, an attachment that is not the caller's.
    """
    seat = await access.authorize(tx, actor, conversation_id, lock=True)
    hashed = None
    if body.client_id is not None:
        named = [[file.filename, file.sent_sha256.hex()] for file in uploads]
        hashed = request_hash(tx.settings.hash_key(), body, named)
        if earlier := await _find_duplicate(tx, actor, conversation_id, body.client_id, hashed):
            return earlier
    seat.require(Action.WRITE)
    await _check_references(tx, conversation_id, body)
    attachment_ids = [*body.attachment_ids, *(file.id for file in uploads)]
    if attachment_ids:
        await attachments.check_claimable(tx, actor, conversation_id, attachment_ids, body.message_type)
    message_id = new_id()
    event = await log.emit(tx, actor, conversation_id, types.MessageSent(message_id))
    await tx.execute(
        insert(Message).values(
            conversation_id=conversation_id,
            id=message_id,
            seq=event.seq,
            number=event.number,
            sender_id=actor.require_user(),
            service=actor.service,
            message_type=body.message_type,
            content=body.content,
            reply_to=body.reply_to,
            mentions=list(dict.fromkeys(body.mentions)),
            meta=body.metadata,
            client_id=body.client_id,
            request_hash=hashed,
            created_at=event.at,
        )
    )
    await attachments.claim(tx, conversation_id, message_id, attachment_ids)
    tx.after_commit(MessageCounted(body.message_type))
    return SendResult(message_id, event.seq, event.at, is_new=True)


async def post_system_message(
    tx: Tx, actor: Actor, conversation_id: UUID, content: str, metadata: dict[str, Any]
) -> SendResult:
    """Store a system message: sender null, in a conversation that the caller has entered and locked."""
    message_id = new_id()
    event = await log.emit(tx, actor, conversation_id, types.MessageSent(message_id))
    await tx.execute(
        insert(Message).values(
            conversation_id=conversation_id,
            id=message_id,
            seq=event.seq,
            number=event.number,
            service=actor.service,
            message_type="system",
            content=content,
            meta=metadata,
            created_at=event.at,
        )
    )
    tx.after_commit(MessageCounted("system"))
    return SendResult(message_id, event.seq, event.at, is_new=True)


async def edit(tx: Tx, actor: Actor, message_id: UUID, content: str) -> Membership:
    """Give one's own message new content; the same content changes nothing.

    Raises:
        NotFound: no such message for the caller.
        Forbidden: somebody else's, or the role does not allow it.
        ConversationClosed, MessageDeleted: too late.
        Invalid: too long or empty.
    """
    if len(content) > tx.settings.max_content_chars:
        raise Invalid.field(["content"], "too_long", f"has more than {tx.settings.max_content_chars} characters")
    seat, message = await _authorize_message(tx, actor, message_id)
    if message.sender_id is None or message.sender_id != actor.require_user():
        raise Forbidden("Only the sender can edit a message")
    seat.require(Action.WRITE)
    if message.deleted_at is not None:
        raise MessageDeletedError
    if not content.strip() and message.message_type == "text":
        raise Invalid.field(["content"], "empty", "may be empty only with attachments or a location")
    if content != message.content:
        revision = message.revision + 1
        event = await log.emit(tx, actor, seat.conversation.id, types.MessageEdited(message_id, revision))
        await _keep_revision(tx, message, event)
        await _update(tx, message, {"content": content, "revision": revision, "edited_at": event.at})
    return seat


async def delete(tx: Tx, actor: Actor, message_id: UUID) -> Membership:
    """Make a message a tombstone; a second time changes nothing.

    Raises:
        NotFound: no such message for the caller.
        Forbidden: the role does not allow it.
        ConversationClosed: too late.
    """
    seat, message = await _authorize_message(tx, actor, message_id)
    is_own = message.sender_id is not None and message.sender_id == actor.user_id
    seat.require(Action.WRITE if is_own else Action.DELETE_OTHERS)
    if message.sender_id is None and not actor.is_service:
        raise Forbidden("A system message can be deleted by a service only")
    if message.deleted_at is None:
        revision = message.revision + 1
        event = await log.emit(tx, actor, seat.conversation.id, types.MessageDeleted(message_id, revision))
        await _keep_revision(tx, message, event)
        if not is_own and not actor.service:  # what services do is kept by `emit`
            about = {"conversation_id": message.conversation_id, "user_id": message.sender_id, "target": message_id}
            await audit.record_action(tx, actor, types.MessageDeleted.type, **about)
        blank: dict[str, Any] = {
            "content": None,
            "mentions": [],
            "meta": {},
            "revision": revision,
            "deleted_at": event.at,
        }
        await _update(tx, message, blank)
        of_message = (Reaction.conversation_id == message.conversation_id) & (Reaction.message_id == message_id)
        await tx.execute(sql_delete(Reaction).where(of_message))
        await attachments.release(tx, message.conversation_id, [message_id])
    return seat


async def _authorize_message(tx: Tx, actor: Actor, message_id: UUID) -> tuple[Membership, Message]:
    """Locate, enter and lock: the message as it stands until the end of this transaction."""
    conversation_id = await conversation_of_message(tx, actor, message_id)
    seat = await access.authorize(tx, actor, conversation_id, lock=True)
    statement = select(Message).where(Message.conversation_id == conversation_id, Message.id == message_id)
    message = (await tx.execute(statement)).scalar_one_or_none()
    if message is None:
        raise NotFound
    return seat, message


async def _find_duplicate(
    tx: Tx, actor: Actor, conversation_id: UUID, client_id: str, hashed: bytes
) -> SendResult | None:
    statement = select(Message.id, Message.seq, Message.created_at, Message.request_hash).where(
        Message.conversation_id == conversation_id,
        Message.sender_id == actor.require_user(),
        Message.client_id == client_id,
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        return None
    if row.request_hash != hashed:
        raise IdempotencyConflict("This client_id was used before with other content")
    return SendResult(row.id, row.seq, row.created_at, is_new=False)


async def _check_references(tx: Tx, conversation_id: UUID, body: MessageContent) -> None:
    """What a client names is looked up together with its conversation, so that nothing points across."""
    if body.reply_to is not None:
        statement = select(Message.id).where(Message.conversation_id == conversation_id, Message.id == body.reply_to)
        if (await tx.execute(statement)).first() is None:
            raise Invalid.field(["reply_to"], "unknown_message", "there is no such message in this conversation")
    if body.mentions:
        members = await access.current_members_among(tx, conversation_id, body.mentions)
        if set(body.mentions) - members:
            raise Invalid.field(["mentions"], "not_a_participant", "names somebody who is not in the conversation")


def _check_location(location: Any) -> None:
    def number(value: Any, bound: int) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= bound

    if not isinstance(location, dict):
        raise Invalid.field(["metadata", "location"], "missing", "a location message needs {lat, lng, label?}")
    if location.keys() - {"lat", "lng", "label"}:
        raise Invalid.field(["metadata", "location"], "extra_forbidden", "has lat, lng and label only")
    for name, bound in (("lat", 90), ("lng", 180)):
        if not number(location.get(name), bound):
            raise Invalid.field(
                ["metadata", "location", name], "coordinate", f"must be a number from -{bound} to {bound}"
            )
    label = location.get("label", "")
    if not isinstance(label, str) or len(label) > 200:
        raise Invalid.field(["metadata", "location", "label"], "label", "must be text of at most 200 characters")


async def _keep_revision(tx: Tx, message: Message, event: log.AppendedEvent) -> None:
    await tx.execute(
        insert(MessageRevision).values(
            conversation_id=message.conversation_id,
            message_id=message.id,
            revision=message.revision,
            content=message.content,
            replaced_at=event.at,
        )
    )


async def _update(tx: Tx, message: Message, values: dict[str, Any]) -> None:
    statement = update(Message).where(Message.conversation_id == message.conversation_id, Message.id == message.id)
    await tx.execute(statement.values(values))
