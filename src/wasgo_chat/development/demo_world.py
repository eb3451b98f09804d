"""Writes the demo data to a database with the regular domain operations, then backdates it."""

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from wasgo_chat.attachments.store import AttachmentStore
from wasgo_chat.attachments.upload.multipart import UploadedFile
from wasgo_chat.conversations import participants
from wasgo_chat.core.encoding import new_id
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.development.demo_images import demo_document, demo_image
from wasgo_chat.development.demo_script import CONVERSATIONS, FENCE, KITCHEN, SYSTEM, DemoConversation, DemoMessage
from wasgo_chat.development.demo_users import DEMO_USERS, STAFF
from wasgo_chat.identity import users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access, create, operations
from wasgo_chat.membership.models import Conversation
from wasgo_chat.membership.schemas import CreateConversation, ParticipantIn, Reference, UpdateConversation
from wasgo_chat.messages import operations as messages
from wasgo_chat.messages import read_receipts
from wasgo_chat.messages.models import Message
from wasgo_chat.messages.reactions import react
from wasgo_chat.messages.schemas import MessageContent, ReactToMessage
from wasgo_chat.settings.config import Settings

_SERVICE = Actor(None, service="demo", scopes=frozenset(["chat:provision", "chat:system_message"]))


async def seed(settings: Settings) -> UUID:
    """Create the demo users and conversations unless they exist. Returns the id of the introductory conversation."""
    db = Database(settings)
    store = AttachmentStore(settings, db)
    store.incoming.mkdir(parents=True, exist_ok=True)
    try:
        async with db.transaction() as tx:
            await users.upsert_users(tx, {name: _profile(name) for name in DEMO_USERS})
        if not await _is_seeded(db):
            for conversation in CONVERSATIONS:
                await _create_conversation(db, store, conversation)
        return await _create_conversation(db, store, FENCE)
    finally:
        await db.close()


def _profile(name: str) -> dict[str, object]:
    return {"username": name, "display_name": DEMO_USERS[name], "is_staff": name == STAFF}


async def _is_seeded(db: Database) -> bool:
    async with db.snapshot() as tx:
        kitchen = (Conversation.reference_type == KITCHEN.conversation_type) & (
            Conversation.reference_id == KITCHEN.reference
        )
        return (await tx.execute(select(Conversation.id).where(kitchen))).first() is not None


async def _create_conversation(db: Database, store: AttachmentStore, conversation: DemoConversation) -> UUID:
    async with db.transaction() as tx:
        result = await _create(tx, conversation)
    conversation_id = result.conversation_id
    if not result.is_new:
        return conversation_id
    names: dict[str, UUID] = {}
    for message in conversation.messages:
        message_id = await _send(db, store, conversation_id, message, names)
        if message.name:
            names[message.name] = message_id
    async with db.transaction() as tx:
        for name in conversation.read_by:
            await read_receipts.mark_conversation(tx, Actor(name), conversation_id)
        if conversation.is_closed:
            await participants.update(tx, _SERVICE, conversation_id, UpdateConversation(status="closed"))
        for name in conversation.archived_by:
            await operations.archive(
                tx, await access.authorize(tx, Actor(name), conversation_id, lock=True), archived=True
            )
        age = timedelta(hours=min(message.hours_ago for message in conversation.messages))
        this_conversation = Conversation.id == conversation_id
        system_messages = (Message.conversation_id == conversation_id) & Message.meta.has_key("action")
        await tx.execute(update(Message).where(system_messages).values(created_at=func.clock_timestamp() - age))
        await tx.execute(update(Conversation).where(this_conversation).values(updated_at=func.clock_timestamp() - age))
    return conversation_id


async def _create(tx: Tx, conversation: DemoConversation) -> create.CreateResult:
    participants_in = [
        ParticipantIn.model_validate({"user_id": name, "role": role}) for name, role in conversation.members
    ]
    if conversation.conversation_type not in ("direct", "support"):
        reference = Reference(type=conversation.conversation_type, id=conversation.reference)
        return await create.provision(
            tx,
            _SERVICE,
            conversation.conversation_type,
            reference,
            participants_in,
            title=conversation.title,
            metadata={},
        )
    creator, others = Actor(conversation.members[0][0]), participants_in[1:]
    if conversation.conversation_type == "support":
        metadata = {"support_type": conversation.reference}
        moderator_id = others[0].user_id if others else None
        return await create.create_support(
            tx, creator, title=conversation.title, metadata=metadata, moderator_id=moderator_id
        )
    body = {"conversation_type": conversation.conversation_type, "title": conversation.title, "participants": others}
    return await create.create(tx, creator, CreateConversation.model_validate(body))


async def _send(
    db: Database, store: AttachmentStore, conversation_id: UUID, message: DemoMessage, names: dict[str, UUID]
) -> UUID:
    files = [_uploaded_file(store, f"{name}.png", demo_image(name)) for name in message.images]
    files += [_uploaded_file(store, name, demo_document(name)) for name in message.documents]
    actor = _SERVICE if message.sender == SYSTEM else Actor(message.sender, username=message.sender)
    attachments = await store.ingest(actor, conversation_id, files, None) if files else []
    async with db.transaction() as tx:
        if message.sender == SYSTEM:
            await access.authorize(tx, actor, conversation_id, lock=True)
            message_id = (await messages.post_system_message(tx, actor, conversation_id, message.text, {})).message_id
        else:
            body = MessageContent(
                content=message.edited_from or message.text,
                message_type="location"
                if message.location
                else "image"
                if message.images
                else "file"
                if files
                else "text",
                reply_to=names.get(message.reply_to),
                mentions=list(message.mentions),
                metadata={"location": message.location} if message.location else {},
                attachment_ids=[file.id for file in attachments],
            )
            await read_receipts.mark_conversation(tx, actor, conversation_id)  # a reply implies having read
            message_id = (await messages.send(tx, actor, conversation_id, body)).message_id
        if message.edited_from:
            await messages.edit(tx, actor, message_id, message.text)
        for user_id, emoji in message.reactions:
            await react(tx, Actor(user_id, username=user_id), message_id, ReactToMessage(emoji=emoji, action="add"))
        if message.is_deleted:
            await messages.delete(tx, actor, message_id)
        if message.hours_ago:
            created_at = func.clock_timestamp() - timedelta(hours=message.hours_ago)
            this_message = (Message.conversation_id == conversation_id) & (Message.id == message_id)
            await tx.execute(update(Message).where(this_message).values(created_at=created_at))
    return message_id


def _uploaded_file(store: AttachmentStore, filename: str, content: bytes) -> UploadedFile:
    path = store.incoming / f"{new_id()}"
    path.write_bytes(content)
    return UploadedFile("files", filename, path, len(content), hashlib.sha256(content))
