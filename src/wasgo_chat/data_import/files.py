"""The files of imported messages: checked and cleaned as uploads are, and stored before their messages.

As with uploads, the row of a file is committed before its object is stored, and expires unless a message claims it. The
id of a file is derived from its message, so an import that was interrupted stores the same objects again.
"""

import asyncio
import dataclasses
import hashlib
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.attachments import operations
from wasgo_chat.attachments.decoding_budget import DecodingBudget
from wasgo_chat.attachments.models import Attachment
from wasgo_chat.attachments.storage import StorageFull, disk_errors, remove_files
from wasgo_chat.attachments.store import AttachmentStore
from wasgo_chat.attachments.upload.filenames import clean_filename
from wasgo_chat.attachments.upload.multipart import FileTooLarge, UploadedFile
from wasgo_chat.attachments.upload.pipeline import PreparedFile, prepare
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import ChatError, Unavailable
from wasgo_chat.data_import.format import FileLine, MessageLine, Rejected, conversation_id_of, file_id_of
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.settings.config import Settings

CLAIM_WITHIN = timedelta(hours=24)
"""How long a stored file waits for its message, if the import is interrupted between the two."""

_KNOWN = """
SELECT conversation_id, client_id FROM messages
WHERE conversation_id = ANY(CAST(:conversations AS uuid[])) AND client_id = ANY(CAST(:client_ids AS text[]))
"""


class FileImporter:
    """Prepares and stores the files of messages.

    Args:
        settings: the limits, and the storage.
        db: the database.
        folder: the folder that the paths in the lines are relative to. Files outside of it are rejected.
        dry_run: only check the files.
    """

    def __init__(self, settings: Settings, db: Database, folder: Path, *, dry_run: bool) -> None:
        self._settings = settings
        self._db = db
        self._folder = folder.resolve()
        self._dry_run = dry_run
        self._store = AttachmentStore(settings, db)
        self._turns = asyncio.Semaphore(settings.image_decoders)
        self._made_folder = False

    async def known(self, lines: Sequence[MessageLine]) -> set[tuple[str, str]]:
        """Which of these messages exist already, as conversation and external id. Their files are not read again."""
        ids = {conversation_id_of(line.conversation): line.conversation for line in lines}
        parameters = {"conversations": list(ids), "client_ids": [line.external_id for line in lines]}
        async with self._db.snapshot() as tx:
            found = await tx.execute(text(_KNOWN), parameters)
            return {(ids[row.conversation_id], row.client_id) for row in found}

    async def store(self, line: MessageLine) -> int:
        """Check, clean and store the files of a message; returns how many. The conversation has to exist.

        Raises:
            Rejected: a file cannot be read, or would not be accepted as an upload.
            StorageFull, Unavailable: the storage, the database or the virus scanner cannot be used.
        """
        prepared: list[PreparedFile] = []
        copies: list[Path] = []
        async with self._turns:
            try:
                for index, file in enumerate(line.files):
                    copy = await asyncio.to_thread(self._copy, file, index)
                    copies.append(copy.path)
                    prepared.append(await self._prepare(line, copy, index))
                if not self._dry_run:
                    await self._put(line, prepared)
            finally:
                for one in prepared:
                    await asyncio.to_thread(one.remove_files)
                await asyncio.to_thread(remove_files, copies)
        return len(prepared)

    async def close(self) -> None:
        """End the decoder processes."""
        await self._store.close()

    async def _prepare(self, line: MessageLine, copy: UploadedFile, index: int) -> PreparedFile:
        budget = DecodingBudget(Actor(user_id=line.sender), None)
        try:
            prepared = await prepare(
                self._settings, self._store.decoders, budget, copy, line.message_type, ["files", index]
            )
        except (StorageFull, Unavailable):
            raise
        except ChatError as error:
            raise Rejected(f"files.{index}: {_reason(error)}") from error
        return dataclasses.replace(prepared, id=file_id_of(line, index))

    def _copy(self, file: FileLine, index: int) -> UploadedFile:
        """Copy a file to the folder of uploads, where it is processed."""
        try:
            source = (self._folder / file.path).resolve(strict=True)
            if not source.is_relative_to(self._folder) or not source.is_file():
                raise Rejected(f"files.{index}: is not a file in the folder of the files")
            size = source.stat().st_size
            if size > self._settings.max_attachment_bytes:
                raise Rejected(f"files.{index}: {FileTooLarge.title}")
            with source.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "the path is invalid"
            raise Rejected(f"files.{index}: cannot be read: {reason}") from error
        with disk_errors():
            if not self._made_folder:
                self._store.incoming.mkdir(parents=True, exist_ok=True)
                self._made_folder = True
            path = self._store.incoming / f"{new_id()}.import"
            shutil.copyfile(source, path)
        filename = clean_filename(file.filename or source.name)
        return UploadedFile("files", filename, path, size=size, hash=digest)

    async def _put(self, line: MessageLine, files: Sequence[PreparedFile]) -> None:
        conversation_id = conversation_id_of(line.conversation)
        async with self._db.transaction() as tx:
            await _register(tx, conversation_id, line, files)
        for file in files:
            await self._store.put(file)
        async with self._db.transaction() as tx:
            await operations.mark_stored(tx, conversation_id, [file.id for file in files])


async def _register(tx: Tx, conversation_id: UUID, line: MessageLine, files: Sequence[PreparedFile]) -> None:
    rows = [
        {
            "conversation_id": conversation_id,
            "id": file.id,
            "uploader_id": line.sender,
            "filename": file.filename,
            "content_type": file.content_type,
            "size": file.size,
            "sha256": file.sha256,
            "width": file.width,
            "height": file.height,
            "duration": file.duration,
            "thumbnail_size": file.thumbnail_size,
            "created_at": line.created_at,
            "expires_at": func.now() + CLAIM_WITHIN,
        }
        for file in files
    ]
    statement = insert(Attachment).values(rows)
    changed: dict[str, Any] = {name: statement.excluded[name] for name in rows[0].keys() - {"conversation_id", "id"}}
    # The row of an interrupted import, whose object may be incomplete.
    statement = statement.on_conflict_do_update(
        index_elements=["conversation_id", "id"],
        set_={**changed, "stored_at": None},
        where=Attachment.message_id.is_(None),
    )
    await tx.execute(statement)


async def claim(tx: Tx, conversation_id: UUID, message_id: UUID, line: MessageLine) -> None:
    """Attach the stored files of a message to it, in the transaction that appends it.

    Raises:
        Unavailable: the files have expired since they were stored.
    """
    ids = [file_id_of(line, index) for index in range(len(line.files))]
    await operations.claim(tx, conversation_id, message_id, ids)
    claimed = select(func.count()).where(
        Attachment.conversation_id == conversation_id, Attachment.message_id == message_id, Attachment.id.in_(ids)
    )
    if (await tx.execute(claimed)).scalar_one() != len(ids):
        raise Unavailable("Files of the import have expired. Run the import again: it continues where it stopped")


def _reason(error: ChatError) -> str:
    errors = getattr(error, "errors", None)
    return str(errors[0]["message"]) if errors else error.detail.rstrip(".")
