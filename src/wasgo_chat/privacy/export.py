"""Exports a user's own data as a ZIP archive: JSON files, and the files they uploaded.

Contains only what the user wrote and did: ids of conversations, and nothing of other users. It is read page by page in
short snapshots, so that a slow client occupies no database connection and a large account no memory.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from wasgo_chat.attachments import privacy as uploads
from wasgo_chat.attachments.store import AttachmentStore, object_key
from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.feature import ExportPage, PersonalData
from wasgo_chat.identity import users
from wasgo_chat.membership import privacy as memberships
from wasgo_chat.messages import privacy as messages
from wasgo_chat.presence.models import LastSeen
from wasgo_chat.privacy.zip_stream import ZipStream

PAGE = 200
PIECE_BYTES = 65_536

Item = dict[str, Any]
Key = TypeVar("Key")


async def require_user(tx: Tx, user_id: str) -> None:
    """Check that the user can be exported.

    Raises:
        NotFound: there is no such user, or they were erased.
    """
    user = await users.find(tx, user_id)
    if user is None or user.erased_at is not None:
        raise NotFound


async def stream_archive(
    db: Database, store: AttachmentStore, features: Sequence[PersonalData], user_id: str
) -> AsyncIterator[bytes]:
    """The bytes of the archive, in pieces of `PIECE_BYTES` or more.

    Raises:
        Unavailable: the database or the storage does not respond. The archive then ends without its central directory,
            so no program opens it.
    """
    buffered = bytearray()
    async for piece in _files(db, store, features, user_id):
        buffered += piece
        if len(buffered) >= PIECE_BYTES:
            yield bytes(buffered)
            buffered.clear()
    yield bytes(buffered)


async def _files(
    db: Database, store: AttachmentStore, features: Sequence[PersonalData], user_id: str
) -> AsyncIterator[bytes]:
    archive = ZipStream()
    async with db.snapshot() as tx:
        yield archive.add("profile.json", await _profile(tx, user_id))
        for feature in features:
            for name, load in feature.documents.items():
                yield archive.add(name, await load(tx, user_id))
    lists: dict[str, AsyncIterator[Item]] = {
        "conversations.json": _conversations(db, user_id),
        "messages.json": _messages(db, user_id),
        "reactions.json": _reactions(db, user_id),
        "reads.json": _reads(db, user_id),
        **{name: _by_id(db, user_id, page) for feature in features for name, page in feature.lists.items()},
    }
    for name, items in lists.items():
        async for piece in archive.add_list(name, items):
            yield piece
    missing: set[UUID] = set()
    async for file in _by_id(db, user_id, uploads.export_uploads):
        content = store.storage.read(object_key(file["id"], "original"), 0, file["size"])
        try:
            first = await anext(content, b"")
        except NotFound:
            missing.add(file["id"])  # removed after its row was read
            continue
        async for piece in archive.add_file(_name(file), _prepend(first, content)):
            yield piece
    again = _by_id(db, user_id, uploads.export_uploads)
    listed = ({**file, "file": None if file["id"] in missing else _name(file)} async for file in again)
    async for piece in archive.add_list("attachments.json", listed):
        yield piece
    yield archive.close()


def _name(file: Item) -> str:
    return f"files/{file['id']}/{file['filename']}"


async def _prepend(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _profile(tx: Tx, user_id: str) -> Item:
    user = await users.find(tx, user_id)
    if user is None:
        raise NotFound
    statement = select(LastSeen.seen_at).where(LastSeen.user_id == user_id)
    names = ("id", *users.MIRRORED, "created_at", "updated_at")
    last_seen = (await tx.execute(statement)).scalar_one_or_none()
    return {**{name: getattr(user, name) for name in names}, "last_seen": last_seen}


async def _conversations(db: Database, user_id: str) -> AsyncIterator[Item]:
    after: UUID | None = None
    while True:
        async with db.snapshot() as tx:
            page = await memberships.export_memberships(tx, user_id, after, limit=PAGE)
        for item in page:
            yield item
        if len(page) < PAGE:
            return
        after = page[-1]["conversation"]


async def _messages(db: Database, user_id: str) -> AsyncIterator[Item]:
    async for conversation in _conversations(db, user_id):
        async for item in _paged_by_number(db, conversation["conversation"], user_id, messages.export_messages):
            yield item


async def _reads(db: Database, user_id: str) -> AsyncIterator[Item]:
    async for conversation in _conversations(db, user_id):
        async for item in _paged_by_number(db, conversation["conversation"], user_id, messages.export_reads):
            yield item


async def _reactions(db: Database, user_id: str) -> AsyncIterator[Item]:
    async for conversation in _conversations(db, user_id):
        async with db.snapshot() as tx:
            reactions = await messages.export_reactions(tx, conversation["conversation"], user_id)
        for item in reactions:
            yield item


async def _paged_by_number(
    db: Database,
    conversation_id: UUID,
    user_id: str,
    load_page: Callable[..., Awaitable[list[tuple[int, Item]]]],
) -> AsyncIterator[Item]:
    """All items of a conversation, paged by message number."""
    after = 0
    while True:
        async with db.snapshot() as tx:
            page = await load_page(tx, conversation_id, user_id, after, limit=PAGE)
        for _, item in page:
            yield item
        if len(page) < PAGE:
            return
        after = page[-1][0]


async def _by_id(db: Database, user_id: str, load_page: ExportPage) -> AsyncIterator[Item]:
    """All items of a user, paged by id."""
    after: UUID | None = None
    while True:
        async with db.snapshot() as tx:
            page = await load_page(tx, user_id, after, limit=PAGE)
        for item in page:
            yield item
        if len(page) < PAGE:
            return
        after = page[-1]["id"]
