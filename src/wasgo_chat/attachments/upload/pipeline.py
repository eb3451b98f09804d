"""Prepares a received file for storing: detects its type, scans it for viruses, has it cleaned and measured."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from wasgo_chat.attachments.decoding_budget import DecodingBudget
from wasgo_chat.attachments.storage import disk_errors, remove_files
from wasgo_chat.attachments.upload.antivirus import scan
from wasgo_chat.attachments.upload.content_types import (
    CLEANED,
    IMAGES,
    PREVIEWED_IMAGES,
    content_type_of,
    must_be_decodable,
    require_allowed,
)
from wasgo_chat.attachments.upload.decoder.pool import Cleaned, DecoderPool
from wasgo_chat.attachments.upload.decoder.working_files import cleaned_path, thumbnail_path, working_paths
from wasgo_chat.attachments.upload.multipart import UploadedFile
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import Invalid
from wasgo_chat.settings.config import Settings

THUMBNAIL_TYPE = "image/webp"


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A file ready to be stored. `sent_sha256` is the hash of the received bytes, `sha256` of those to store."""

    id: UUID
    filename: str
    content_type: str
    size: int
    sha256: bytes
    sent_sha256: bytes
    original: Path
    thumbnail: Path | None = None
    thumbnail_size: int | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None

    def remove_files(self) -> None:
        """Remove the local files that were not moved to the storage. Blocking."""
        remove_files([path for path in (self.original, self.thumbnail) if path is not None])


async def prepare(
    settings: Settings,
    decoders: DecoderPool,
    budget: DecodingBudget,
    file: UploadedFile,
    message_type: str | None,
    loc: Sequence[str | int],
) -> PreparedFile:
    """Check and prepare a file. No database connection is held: the scanner and the turn may take long.

    Args:
        settings: the limits.
        decoders: the processes that clean files.
        budget: what the files of the sender may cost.
        file: the received file.
        message_type: the type of its message; None: any.
        loc: the location of the file in the request.

    Raises:
        TypeNotAllowed: a message of this type cannot have such content.
        Invalid: it is empty, infected, an image that is too large or unreadable, or a film with an invalid structure.
        RateLimited: the budget is spent.
        StorageFull: the disk is full.
        Unavailable: the virus scanner does not respond.
    """
    location = list(loc)
    if file.size == 0:
        raise Invalid.field(location, "empty", "is empty")
    content_type = await asyncio.to_thread(content_type_of, file.path)
    require_allowed(content_type, message_type)
    await scan(settings, file.path, location)
    sent_sha256 = file.hash.digest()
    original, thumbnail, thumbnail_size, size, sha256 = file.path, None, None, file.size, sent_sha256
    cleaned = Cleaned()
    if content_type in CLEANED:
        try:
            cleaned = await decoders.clean(budget, file.path, content_type, location)
        except BaseException:
            await asyncio.to_thread(remove_files, working_paths(file.path))
            raise
        if content_type in IMAGES:
            original = cleaned_path(file.path)
        if cleaned.has_thumbnail:
            thumbnail = thumbnail_path(file.path)
            with disk_errors():
                thumbnail_size = (await asyncio.to_thread(thumbnail.stat)).st_size
        elif content_type in PREVIEWED_IMAGES:
            await asyncio.to_thread(remove_files, working_paths(file.path))
            if must_be_decodable(message_type) and not cleaned.is_intact:
                raise Invalid.field(location, "unreadable_image", "is not a readable image")
        size, sha256 = await asyncio.to_thread(_measure, original)
    return PreparedFile(
        id=new_id(),
        filename=file.filename,
        content_type=content_type,
        size=size,
        sha256=sha256,
        sent_sha256=sent_sha256,
        original=original,
        thumbnail=thumbnail,
        thumbnail_size=thumbnail_size,
        width=cleaned.width,
        height=cleaned.height,
        duration=cleaned.duration,
    )


def _measure(path: Path) -> tuple[int, bytes]:
    with disk_errors(), path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").digest()
