"""The optional virus scan: a clamd, asked by its INSTREAM protocol before a file is stored."""

import asyncio
from pathlib import Path
from typing import IO, Any

import structlog
from aioclamd import BufferTooLongError, ClamdAsyncClient, ClamdError

from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import Invalid, Unavailable

log = structlog.get_logger(__name__)

_PIECE_BYTES = 65_536


class _Pieces:
    """A file that is read in larger pieces than the client asks for: its 1 KiB are a thread's turn each."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        return self._file.read(max(size, _PIECE_BYTES))


async def scan(settings: Settings, path: Path, loc: list[str | int]) -> None:
    """Have a file scanned, where a scanner is set.

    Raises:
        Invalid: something was found, or the file is larger than the scanner takes.
        Unavailable: the scanner does not answer; a file that is not scanned is not taken.
    """
    if settings.clamd is None:
        return
    host, _, port = settings.clamd.rpartition(":")
    client = ClamdAsyncClient(host.strip("[]"), int(port), timeout=settings.clamd_timeout_s)
    with await asyncio.to_thread(path.open, "rb") as file:
        pieces: Any = _Pieces(file)
        try:
            verdicts = await client.instream(pieces)
        except BufferTooLongError as error:
            raise Invalid.field(loc, "not_scannable", "is too large for the virus scanner") from error
        except (ClamdError, OSError) as error:
            raise Unavailable("The virus scanner does not answer") from error
    statuses = [status for status, _ in (verdicts or {}).values()]
    if "FOUND" in statuses:
        log.warning("virus_found", names=[name for _, name in (verdicts or {}).values()])
        raise Invalid.field(loc, "infected", "has something that the virus scanner knows")
    if statuses != ["OK"]:
        raise Unavailable("The virus scanner gave no verdict")
