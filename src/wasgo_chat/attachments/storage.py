"""File storage in a local folder. The S3 implementation is `attachments.storage_s3`; one test suite covers both."""

import asyncio
import errno
import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from wasgo_chat.core.errors import ChatError, NotFound, Unavailable

CHUNK_BYTES = 262_144
# RLIMIT_FSIZE and file systems with small files say EFBIG for what is, to a client, the same.
_FULL = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG])


class StorageFull(ChatError):
    """There is no room for the file; nothing of it was kept."""

    status, code, title = 507, "storage_full", "There is no room for this file now"


class Storage(Protocol):
    """Objects under keys. A key is written once, whole or not at all."""

    async def put(self, key: str, source: Path, *, content_type: str, disposition: str) -> None:
        """Take a complete local file over; `source` may be gone afterwards.

        Raises:
            StorageFull: there is no room.
            Unavailable: the store does not answer.
        """

    def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """The bytes from `start`, `length` of them, piece by piece.

        Raises:
            NotFound: there is no such object.
            Unavailable: the store does not answer.
        """

    async def link(self, key: str, ttl_s: int) -> str | None:
        """A URL at which the store itself serves the object for so many seconds, or None if it serves nothing.

        Raises:
            Unavailable: the store gives no signature.
        """

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; what is not there is no error.

        Raises:
            Unavailable: the store does not answer; some may be gone.
        """


@contextmanager
def disk_errors() -> Iterator[None]:
    """Say what a local disk cannot do. Raises: StorageFull or Unavailable for an OSError."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        raise Unavailable("The folder of attachments cannot be used now") from error


def remove_files(paths: Sequence[Path]) -> None:
    """Remove local files, as far as they are there."""
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()


class LocalStorage:
    """A folder. Objects come into being by a rename, after their bytes are on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def put(self, key: str, source: Path, *, content_type: str, disposition: str) -> None:
        """See `Storage.put`. Type and disposition are kept in the database; `source` must be on the same disk."""
        with disk_errors():
            await asyncio.to_thread(self._put, key, source)

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """See `Storage.read`."""
        try:
            with disk_errors():
                file = await asyncio.to_thread(self._path(key).open, "rb")
        except Unavailable as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise NotFound from error
            raise
        try:
            while length > 0 and (piece := await asyncio.to_thread(_read_at, file.fileno(), start, length)):
                yield piece
                start, length = start + len(piece), length - len(piece)
        finally:
            file.close()

    async def link(self, key: str, ttl_s: int) -> str | None:
        """See `Storage.link`: a folder serves nothing."""
        return None

    async def delete(self, keys: Sequence[str]) -> None:
        """See `Storage.delete`."""
        with disk_errors():
            await asyncio.to_thread(remove_files, [self._path(key) for key in keys])

    def _put(self, key: str, source: Path) -> None:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as file:
            os.fsync(file.fileno())
        source.replace(target)
        # The name is safe only once its folder is.
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _path(self, key: str) -> Path:
        return self.folder / key


def _read_at(descriptor: int, start: int, length: int) -> bytes:
    return os.pread(descriptor, min(CHUNK_BYTES, length), start)
