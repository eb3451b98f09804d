"""Where files are taken in and given out: the store, and the transactions around it.

A row is committed before its objects are stored and removed after them, so that a crash at any point leaves
nothing that the sweep does not find.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import structlog

from wasgo_chat.attachments import verbs
from wasgo_chat.attachments.storage import LocalStorage, Storage
from wasgo_chat.attachments.upload.content_types import INLINE
from wasgo_chat.attachments.upload.filenames import disposition
from wasgo_chat.attachments.upload.multipart import UploadedFile
from wasgo_chat.attachments.upload.pipeline import THUMBNAIL_TYPE, PreparedFile, prepare
from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import ChatError
from wasgo_chat.database.session import Database
from wasgo_chat.identity.authentication import Actor

log = structlog.get_logger(__name__)


def object_key(attachment_id: UUID, variant: str) -> str:
    """The key of a stored object. The end of a UUIDv7 is random: it spreads a folder's files over 256 others."""
    name = str(attachment_id)
    return f"{name[-2:]}/{name}.{variant}"


def is_inline(content_type: str) -> bool:
    """Whether a browser may show it by itself. Everything else it is only ever given to save."""
    return content_type in INLINE


class AttachmentStore:
    """A worker's way to stored files. `incoming` is where uploads lie until they are stored."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self.settings = settings
        self.db = db
        self.storage = _storage(settings)
        self.incoming: Path = settings.storage_dir / "incoming"
        # Decoding an image may take some hundred MiB at the bound of pixels.
        self._decoding = asyncio.Semaphore(2)

    async def ingest(
        self, actor: Actor, conversation_id: UUID, files: Sequence[UploadedFile], message_type: str | None
    ) -> list[PreparedFile]:
        """Check and store files of a form, all or none; they can be claimed once this returns.

        Raises:
            NotFound, Forbidden, ConversationClosed: the caller may not upload there.
            TypeNotAllowed, Invalid: what is wrong with one of them.
            StorageFull, Unavailable: the store does not take them now.
        """
        prepared: list[PreparedFile] = []
        try:
            for at, file in enumerate(files):
                prepared.append(await prepare(self.settings, self._decoding, file, message_type, _loc(file, at)))
            async with self.db.transaction() as tx:
                await verbs.register(tx, actor, conversation_id, prepared)
            try:
                for one in prepared:
                    await self._store(one)
                async with self.db.transaction() as tx:
                    await verbs.mark_stored(tx, conversation_id, [one.id for one in prepared])
            except BaseException:
                await asyncio.shield(self.release(conversation_id, prepared))
                raise
        finally:
            await asyncio.to_thread(_remove_all, prepared)
        return prepared

    async def release(self, conversation_id: UUID, files: Sequence[PreparedFile]) -> None:
        """Let go of files that will not be claimed after all; the sweep removes them, if not now then in a day."""
        try:
            async with self.db.transaction() as tx:
                await verbs.give_up(tx, conversation_id, [one.id for one in files])
        except ChatError as error:
            log.warning("giving_up_failed", error=error.code)

    async def _store(self, file: PreparedFile) -> None:
        kind = "inline" if is_inline(file.content_type) else "attachment"
        await self.storage.put(
            object_key(file.id, "original"),
            file.original,
            content_type=file.content_type,
            disposition=disposition(kind, file.filename),
        )
        if file.thumbnail is not None:
            await self.storage.put(
                object_key(file.id, "thumbnail"), file.thumbnail, content_type=THUMBNAIL_TYPE, disposition="inline"
            )


def _storage(settings: Settings) -> Storage:
    if not settings.s3_bucket:
        return LocalStorage(settings.storage_dir)
    from wasgo_chat.attachments.storage_s3 import S3Storage  # noqa: PLC0415  brings a library that local files do without

    return S3Storage(settings)


def _remove_all(files: Sequence[PreparedFile]) -> None:
    for one in files:
        one.remove_files()


def _loc(file: UploadedFile, at: int) -> list[str | int]:
    return [file.field, at] if file.field == "files" else [file.field]
