"""Prepares a received file for storing: detects its type, scans it for viruses, cleans and measures images."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from wasgo_chat.attachments.storage import disk_errors, remove_files
from wasgo_chat.attachments.upload.antivirus import scan
from wasgo_chat.attachments.upload.content_types import IMAGES, content_type_of, require_allowed
from wasgo_chat.attachments.upload.duration import duration_of
from wasgo_chat.attachments.upload.multipart import UploadedFile
from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import Invalid

if TYPE_CHECKING:
    from wasgo_chat.attachments.upload.images import CleanedImage

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
    decoding: asyncio.Semaphore,
    file: UploadedFile,
    message_type: str | None,
    loc: Sequence[str | int],
) -> PreparedFile:
    """Check and prepare a file. `decoding` limits how many images are decoded at the same time.

    Raises:
        TypeNotAllowed: a message of this type (None: any type) cannot have such content.
        Invalid: it is empty, infected, or an image that is too large or unreadable.
        StorageFull: the disk is full.
        Unavailable: the virus scanner does not respond.
    """
    location = list(loc)
    if file.size == 0:
        raise Invalid.field(location, "empty", "is empty")
    content_type = await asyncio.to_thread(content_type_of, file.path)
    require_allowed(content_type, message_type)
    await scan(settings, file.path, location)
    image: CleanedImage | None = None
    if content_type in IMAGES:
        async with decoding:
            image = await asyncio.to_thread(_image, file.path, content_type, settings.max_image_pixels, location)
    sent_sha256 = file.hash.digest()
    if image is None:
        duration = await asyncio.to_thread(duration_of, file.path, content_type)
        return PreparedFile(
            new_id(), file.filename, content_type, file.size, sent_sha256, sent_sha256, file.path, duration=duration
        )
    size, sha256 = await asyncio.to_thread(_measure, image.path)
    return PreparedFile(
        new_id(),
        file.filename,
        content_type,
        size,
        sha256,
        sent_sha256,
        original=image.path,
        thumbnail=image.thumbnail,
        thumbnail_size=image.thumbnail.stat().st_size,
        width=image.width,
        height=image.height,
    )


def _image(path: Path, content_type: str, max_pixels: int, loc: list[str | int]) -> "CleanedImage":
    from wasgo_chat.attachments.upload.images import clean_image  # noqa: PLC0415  loads Pillow, with the first image only

    return clean_image(path, content_type, max_pixels=max_pixels, loc=loc)


def _measure(path: Path) -> tuple[int, bytes]:
    with disk_errors(), path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").digest()
