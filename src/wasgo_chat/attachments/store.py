"""Ingests files: prepares and stores them, with the transactions before and after.

A row is committed before its objects are stored and removed after them, so that after a crash at any point the cleanup
finds what is left.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import structlog

from wasgo_chat.attachments import operations
from wasgo_chat.attachments.decoding_budget import DecodingBudget
from wasgo_chat.attachments.storage import LocalStorage, Storage
from wasgo_chat.attachments.upload.content_types import INLINE
from wasgo_chat.attachments.upload.decoder.pool import DecoderPool
from wasgo_chat.attachments.upload.filenames import disposition
from wasgo_chat.attachments.upload.multipart import UploadedFile
from wasgo_chat.attachments.upload.pipeline import THUMBNAIL_TYPE, PreparedFile, prepare
from wasgo_chat.core.errors import ChatError
from wasgo_chat.database.session import Database
from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.settings.config import Settings

log = structlog.get_logger(__name__)


def object_key(attachment_id: UUID, variant: str) -> str:
    """The key of a stored object. The end of a UUIDv7 is random, so files are spread over 256 folders."""
    name = str(attachment_id)
    return f"{name[-2:]}/{name}.{variant}"


def is_inline(content_type: str) -> bool:
    """Whether a browser may display the content. Everything else is a download."""
    return content_type in INLINE


class AttachmentStore:
    """A worker's access to stored files. `incoming` is the folder of uploads that are not stored yet."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self.settings = settings
        self.db = db
        self.storage = _storage(settings)
        self.incoming: Path = settings.storage_dir / "incoming"
        self.decoders = DecoderPool(settings)

    async def ingest(
        self,
        actor: Actor,
        conversation_id: UUID,
        files: Sequence[UploadedFile],
        message_type: str | None,
        rates: RateLimits | None = None,
    ) -> list[PreparedFile]:
        """Check and store the files of a form, all or none. They can be claimed once this returns.

        A database connection is held only during the two transactions, not while the scanner, a decoder or the storage
        works.

        Raises:
            NotFound, Forbidden, ConversationClosed: the caller may not upload there.
            UploadQuotaReached: the caller has stored too much.
            TypeNotAllowed, Invalid: a file is not acceptable.
            RateLimited: the files of the caller have too many pixels, or take too much CPU time, for a minute.
            StorageFull, Unavailable: the storage is full or does not respond.
        """
        prepared: list[PreparedFile] = []
        budget = DecodingBudget(actor, rates)
        try:
            for index, file in enumerate(files):
                loc = _loc(file, index)
                prepared.append(await prepare(self.settings, self.decoders, budget, file, message_type, loc))
            async with self.db.transaction() as tx:
                await operations.register(tx, actor, conversation_id, prepared)
            try:
                for prepared_file in prepared:
                    await self.put(prepared_file)
                async with self.db.transaction() as tx:
                    await operations.mark_stored(tx, conversation_id, [file.id for file in prepared])
            except BaseException:
                await asyncio.shield(self.release(conversation_id, prepared))
                raise
        finally:
            await asyncio.to_thread(_remove_all, prepared)
        return prepared

    async def release(self, conversation_id: UUID, files: Sequence[PreparedFile]) -> None:
        """Release files that will not be claimed. If that fails, they expire within a day."""
        try:
            async with self.db.transaction() as tx:
                await operations.abandon(tx, conversation_id, [file.id for file in files])
        except ChatError as error:
            log.warning("attachment_release_failed", error=error.code)

    async def close(self) -> None:
        """End the decoder processes."""
        await self.decoders.close()

    async def put(self, file: PreparedFile) -> None:
        """Store the objects of a file whose row is committed.

        Raises:
            StorageFull, Unavailable: the storage is full or does not respond.
        """
        disposition_type = "inline" if is_inline(file.content_type) else "attachment"
        await self.storage.put(
            object_key(file.id, "original"),
            file.original,
            content_type=file.content_type,
            disposition=disposition(disposition_type, file.filename),
        )
        if file.thumbnail is not None:
            await self.storage.put(
                object_key(file.id, "thumbnail"), file.thumbnail, content_type=THUMBNAIL_TYPE, disposition="inline"
            )


def _storage(settings: Settings) -> Storage:
    if not settings.s3_bucket:
        return LocalStorage(settings.storage_dir)
    from wasgo_chat.attachments.storage_s3 import S3Storage  # noqa: PLC0415  a library that local storage does not need

    return S3Storage(settings)


def _remove_all(files: Sequence[PreparedFile]) -> None:
    for file in files:
        file.remove_files()


def _loc(file: UploadedFile, index: int) -> list[str | int]:
    return [file.field, index] if file.field == "files" else [file.field]
