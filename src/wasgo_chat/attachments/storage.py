"""The storage of files: the interface, and the implementation in a local folder.

`attachments.storage_s3` is the other implementation. `tests/contracts/storage.py` has the tests that both pass.
"""

import asyncio
import errno
import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from wasgo_chat.core.errors import ChatError, NotFound, Unavailable

CHUNK_BYTES = 262_144
# EFBIG: RLIMIT_FSIZE, or a file system with a maximum file size.
_FULL = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG])


class StorageFull(ChatError):
    """The storage is full. Nothing of the file was kept."""

    status, code, title = 507, "storage_full", "The storage is full"


class Storage(Protocol):
    """Stores objects by key. An object is stored completely or not at all."""

    async def put(self, key: str, source: Path, *, content_type: str, disposition: str) -> None:
        """Store a local file. `source` may be moved away.

        Raises:
            StorageFull: the storage is full.
            Unavailable: the storage does not respond.
        """

    def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """Read `length` bytes from `start`, in pieces.

        Raises:
            NotFound: there is no such object.
            Unavailable: the storage does not respond.
        """

    async def link(self, key: str, ttl_s: int) -> str | None:
        """A URL at which the storage serves the object for `ttl_s` seconds; None if it serves none.

        Raises:
            Unavailable: the storage cannot sign.
        """

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects. Missing ones are ignored.

        Raises:
            Unavailable: the storage does not respond; some objects may have been removed.
        """


def is_disk_full(number: int | None) -> bool:
    """Whether this error number means that the disk has no space left."""
    return number in _FULL


@contextmanager
def disk_errors() -> Iterator[None]:
    """Translate an `OSError` of the local disk to `StorageFull` or `Unavailable`."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error.errno):
            raise StorageFull from error
        raise Unavailable("The attachments folder cannot be used now") from error


def remove_files(paths: Sequence[Path]) -> None:
    """Remove local files. Missing ones are ignored."""
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()


class LocalStorage:
    """Stores objects in a folder. Each is renamed to its key once its bytes are on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def put(self, key: str, source: Path, *, content_type: str, disposition: str) -> None:
        # Type and disposition are in the database. `source` must be on the same file system.
        with disk_errors():
            await asyncio.to_thread(self._put, key, source)

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
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
        return None

    async def delete(self, keys: Sequence[str]) -> None:
        with disk_errors():
            await asyncio.to_thread(remove_files, [self._path(key) for key in keys])

    def _put(self, key: str, source: Path) -> None:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as file:
            os.fsync(file.fileno())
        source.replace(target)
        # A rename is durable once its folder is synced.
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _path(self, key: str) -> Path:
        return self.folder / key


def _read_at(descriptor: int, start: int, length: int) -> bytes:
    return os.pread(descriptor, min(CHUNK_BYTES, length), start)
