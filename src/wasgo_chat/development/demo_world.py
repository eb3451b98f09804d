"""Puts the demo world into a database: through the verbs that everybody uses, and then its days into the past."""

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from wasgo_chat.attachments.store import AttachmentStore
from wasgo_chat.attachments.upload.multipart import UploadedFile
from wasgo_chat.conversations import participants
from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import new_id
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.development.demo_images import demo_document, demo_image
from wasgo_chat.development.demo_script import CONVERSATIONS, FENCE, KITCHEN, SYSTEM, DemoConversation, DemoMessage
from wasgo_chat.development.demo_users import PEOPLE, STAFF
from wasgo_chat.identity import users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access, create, verbs
from wasgo_chat.membership.models import Conversation
from wasgo_chat.membership.schemas import CreateConversation, ParticipantIn, Reference, UpdateConversation
from wasgo_chat.messages import read_receipts
from wasgo_chat.messages import verbs as messages
from wasgo_chat.messages.models import Message
from wasgo_chat.messages.reactions import react
from wasgo_chat.messages.schemas import MessageContent, ReactToMessage

_SERVICE = Actor(None, service="demo", scopes=frozenset(["chat:provision", "chat:system_message"]))


async def seed(settings: Settings) -> UUID:
    """The demo users and what they said; the same at every start. The conversation that is introduced."""
    db = Database(settings)
    depot = AttachmentStore(settings, db)
    depot.incoming.mkdir(parents=True, exist_ok=True)
    try:
        async with db.transaction() as tx:
            await users.upsert_users(tx, {name: _profile(name) for name in PEOPLE})
        if not await _is_seeded(db):
            for talk in CONVERSATIONS:
                await _create_conversation(db, depot, talk)
        return await _create_conversation(db, depot, FENCE)
    finally:
        await db.close()


def _profile(name: str) -> dict[str, object]:
    return {"username": name, "display_name": PEOPLE[name], "is_staff": name == STAFF}


async def _is_seeded(db: Database) -> bool:
    async with db.snapshot() as tx:
        mine = (Conversation.reference_type == KITCHEN.kind) & (Conversation.reference_id == KITCHEN.about)
        return (await tx.execute(select(Conversation.id).where(mine))).first() is not None


async def _create_conversation(db: Database, depot: AttachmentStore, talk: DemoConversation) -> UUID:
    async with db.transaction() as tx:
        made = await _create(tx, talk)
    conversation_id = made.conversation_id
    if not made.is_new:
        return conversation_id
    names: dict[str, UUID] = {}
    for line in talk.lines:
        message_id = await _send(db, depot, conversation_id, line, names)
        if line.name:
            names[line.name] = message_id
    async with db.transaction() as tx:
        for name in talk.read_by:
            await read_receipts.mark_conversation(tx, Actor(name), conversation_id)
        if talk.is_closed:
            await participants.update(tx, _SERVICE, conversation_id, UpdateConversation(status="closed"))
        for name in talk.archived_by:
            await verbs.archive(tx, await access.authorize(tx, Actor(name), conversation_id, lock=True), archived=True)
        ago = timedelta(hours=min(line.hours_ago for line in talk.lines))
        mine = Conversation.id == conversation_id
        note = (Message.conversation_id == conversation_id) & Message.meta.has_key("action")
        await tx.execute(update(Message).where(note).values(created_at=func.clock_timestamp() - ago))
        await tx.execute(update(Conversation).where(mine).values(updated_at=func.clock_timestamp() - ago))
    return conversation_id


async def _create(tx: Tx, talk: DemoConversation) -> create.CreateResult:
    people = [ParticipantIn.model_validate({"user_id": name, "role": role}) for name, role in talk.members]
    if talk.kind not in ("direct", "support"):
        reference = Reference(type=talk.kind, id=talk.about)
        return await create.provision(tx, _SERVICE, talk.kind, reference, people, title=talk.title, metadata={})
    asked = {
        "conversation_type": talk.kind,
        "title": talk.title,
        "participants": people[1:],
        "metadata": {"support_type": talk.about} if talk.kind == "support" else {},
    }
    return await create.create(tx, Actor(talk.members[0][0]), CreateConversation.model_validate(asked))


async def _send(
    db: Database, depot: AttachmentStore, conversation_id: UUID, line: DemoMessage, names: dict[str, UUID]
) -> UUID:
    files = [_incoming(depot, f"{name}.png", demo_image(name)) for name in line.pictures]
    files += [_incoming(depot, name, demo_document(name)) for name in line.documents]
    actor = _SERVICE if line.who == SYSTEM else Actor(line.who, username=line.who)
    taken = await depot.ingest(actor, conversation_id, files, None) if files else []
    async with db.transaction() as tx:
        if line.who == SYSTEM:
            await access.authorize(tx, actor, conversation_id, lock=True)
            message_id = (await messages.post_system_message(tx, actor, conversation_id, line.words, {})).message_id
        else:
            body = MessageContent(
                content=line.edited_from or line.words,
                message_type="location" if line.place else "image" if line.pictures else "file" if files else "text",
                reply_to=names.get(line.reply_to),
                mentions=list(line.mentions),
                metadata={"location": line.place} if line.place else {},
                attachment_ids=[file.id for file in taken],
            )
            await read_receipts.mark_conversation(tx, actor, conversation_id)  # who answers has read
            message_id = (await messages.send(tx, actor, conversation_id, body)).message_id
        if line.edited_from:
            await messages.edit(tx, actor, message_id, line.words)
        for who, emoji in line.reactions:
            await react(tx, Actor(who, username=who), message_id, ReactToMessage(emoji=emoji, action="add"))
        if line.is_deleted:
            await messages.delete(tx, actor, message_id)
        if line.hours_ago:
            then = func.clock_timestamp() - timedelta(hours=line.hours_ago)
            said = (Message.conversation_id == conversation_id) & (Message.id == message_id)
            await tx.execute(update(Message).where(said).values(created_at=then))
    return message_id


def _incoming(depot: AttachmentStore, filename: str, content: bytes) -> UploadedFile:
    path = depot.incoming / f"{new_id()}"
    path.write_bytes(content)
    return UploadedFile("files", filename, path, len(content), hashlib.sha256(content))
