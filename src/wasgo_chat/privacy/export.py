"""A person's own data as a ZIP: JSON of what the chat keeps of them, and the files they uploaded.

Their own words only: of conversations ids and their part in them, of others nothing. Read page by page, in short
snapshots, so that a slow receiver holds no connection and a large account no memory.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from wasgo_chat.attachments import privacy as files
from wasgo_chat.attachments.store import AttachmentStore, object_key
from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.identity import users
from wasgo_chat.membership import privacy as places
from wasgo_chat.messages import privacy as words
from wasgo_chat.notifications import privacy as notices
from wasgo_chat.presence.models import LastSeen
from wasgo_chat.privacy.zip_stream import ZipStream

PAGE = 200
PIECE_BYTES = 65_536

Item = dict[str, Any]
Key = TypeVar("Key")


async def check(tx: Tx, user_id: str) -> None:
    """Whether there is anybody to export.

    Raises:
        NotFound: nobody has this id, or they were erased.
    """
    user = await users.find(tx, user_id)
    if user is None or user.erased_at is not None:
        raise NotFound


async def stream_archive(db: Database, depot: AttachmentStore, user_id: str) -> AsyncIterator[bytes]:
    """The bytes of the archive, in pieces that are worth sending.

    Raises:
        Unavailable: the database or the store does not answer; the archive then ends without its directory, and no
            program opens it.
    """
    waiting = bytearray()
    async for piece in _files(db, depot, user_id):
        waiting += piece
        if len(waiting) >= PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


async def _files(db: Database, depot: AttachmentStore, user_id: str) -> AsyncIterator[bytes]:
    archive = ZipStream()
    async with db.snapshot() as tx:
        yield archive.add("profile.json", await _profile(tx, user_id))
        yield archive.add("preferences.json", await notices.export_preferences(tx, user_id))
    lists: dict[str, AsyncIterator[Item]] = {
        "conversations.json": _conversations(db, user_id),
        "messages.json": _messages(db, user_id),
        "reactions.json": _reactions(db, user_id),
        "reads.json": _reads(db, user_id),
        "notifications.json": _by_id(db, user_id, notices.export_notifications),
    }
    for name, items in lists.items():
        async for piece in archive.add_list(name, items):
            yield piece
    missing: set[UUID] = set()
    async for file in _by_id(db, user_id, files.export_uploads):
        stored = depot.storage.read(object_key(file["id"], "original"), 0, file["size"])
        try:
            first = await anext(stored, b"")
        except NotFound:
            missing.add(file["id"])  # removed since its row was read
            continue
        async for piece in archive.add_file(_name(file), _joined(first, stored)):
            yield piece
    told = _by_id(db, user_id, files.export_uploads)
    listed = ({**file, "file": None if file["id"] in missing else _name(file)} async for file in told)
    async for piece in archive.add_list("attachments.json", listed):
        yield piece
    yield archive.close()


def _name(file: Item) -> str:
    return f"files/{file['id']}/{file['filename']}"


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _profile(tx: Tx, user_id: str) -> Item:
    user = await users.find(tx, user_id)
    if user is None:
        raise NotFound
    seen = select(LastSeen.seen_at).where(LastSeen.user_id == user_id)
    names = ("id", *users.MIRRORED, "created_at", "updated_at")
    last_seen = (await tx.execute(seen)).scalar_one_or_none()
    return {**{name: getattr(user, name) for name in names}, "last_seen": last_seen}


async def _conversations(db: Database, user_id: str) -> AsyncIterator[Item]:
    after: UUID | None = None
    while True:
        async with db.snapshot() as tx:
            page = await places.export_memberships(tx, user_id, after, limit=PAGE)
        for item in page:
            yield item
        if len(page) < PAGE:
            return
        after = page[-1]["conversation"]


async def _messages(db: Database, user_id: str) -> AsyncIterator[Item]:
    async for place in _conversations(db, user_id):
        async for item in _paged_by_number(db, place["conversation"], user_id, words.export_messages):
            yield item


async def _reads(db: Database, user_id: str) -> AsyncIterator[Item]:
    async for place in _conversations(db, user_id):
        async for item in _paged_by_number(db, place["conversation"], user_id, words.export_reads):
            yield item


async def _reactions(db: Database, user_id: str) -> AsyncIterator[Item]:
    async for place in _conversations(db, user_id):
        async with db.snapshot() as tx:
            found = await words.export_reactions(tx, place["conversation"], user_id)
        for item in found:
            yield item


async def _paged_by_number(
    db: Database,
    conversation_id: UUID,
    user_id: str,
    told: Callable[..., Awaitable[list[tuple[int, Item]]]],
) -> AsyncIterator[Item]:
    """Page by page what is told by number."""
    after = 0
    while True:
        async with db.snapshot() as tx:
            page = await told(tx, conversation_id, user_id, after, limit=PAGE)
        for _, item in page:
            yield item
        if len(page) < PAGE:
            return
        after = page[-1][0]


async def _by_id(db: Database, user_id: str, told: Callable[..., Awaitable[list[Item]]]) -> AsyncIterator[Item]:
    """Page by page what is told by id."""
    after: UUID | None = None
    while True:
        async with db.snapshot() as tx:
            page = await told(tx, user_id, after, limit=PAGE)
        for item in page:
            yield item
        if len(page) < PAGE:
            return
        after = page[-1]["id"]
