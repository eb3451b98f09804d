"""From a file that came in to what is stored of it: its type, scanned, images cleaned and measured."""

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
    """A file ready to be stored. `sent_sha256` is of the bytes that came, `sha256` of those that are kept."""

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
        """Remove what was not stored; blocking."""
        remove_files([path for path in (self.original, self.thumbnail) if path is not None])


async def prepare(
    settings: Settings,
    decoding: asyncio.Semaphore,
    file: UploadedFile,
    message_type: str | None,
    loc: Sequence[str | int],
) -> PreparedFile:
    """Look at a file and make of it what is kept; images only as many at once as `decoding` lets.

    Raises:
        TypeNotAllowed: a message of this type (None: of any) takes no such content.
        Invalid: it is empty, infected, or an image that is too large or broken.
        StorageFull, Unavailable: no room for an image's new files; no answer of the virus scanner.
    """
    where = list(loc)
    if file.size == 0:
        raise Invalid.field(where, "empty", "is empty")
    content_type = await asyncio.to_thread(content_type_of, file.path)
    require_allowed(content_type, message_type)
    await scan(settings, file.path, where)
    picture: CleanedImage | None = None
    if content_type in IMAGES:
        async with decoding:
            picture = await asyncio.to_thread(_picture, file.path, content_type, settings.max_image_pixels, where)
    sent_sha256 = file.hash.digest()
    if picture is None:
        duration = await asyncio.to_thread(duration_of, file.path, content_type)
        return PreparedFile(
            new_id(), file.filename, content_type, file.size, sent_sha256, sent_sha256, file.path, duration=duration
        )
    size, sha256 = await asyncio.to_thread(_measure, picture.path)
    return PreparedFile(
        new_id(),
        file.filename,
        content_type,
        size,
        sha256,
        sent_sha256,
        original=picture.path,
        thumbnail=picture.thumbnail,
        thumbnail_size=picture.thumbnail.stat().st_size,
        width=picture.width,
        height=picture.height,
    )


def _picture(path: Path, content_type: str, max_pixels: int, loc: list[str | int]) -> "CleanedImage":
    from wasgo_chat.attachments.upload.images import clean_image  # noqa: PLC0415  Pillow waits for the first image

    return clean_image(path, content_type, max_pixels=max_pixels, loc=loc)


def _measure(path: Path) -> tuple[int, bytes]:
    with disk_errors(), path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").digest()
