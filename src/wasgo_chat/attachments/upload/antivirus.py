"""The optional virus scan: clamd, with its INSTREAM command, before a file is stored."""

import asyncio
from pathlib import Path
from typing import IO, Any

import structlog
from aioclamd import BufferTooLongError, ClamdAsyncClient, ClamdError

from wasgo_chat.core.errors import Invalid, Unavailable
from wasgo_chat.settings.config import Settings

log = structlog.get_logger(__name__)

_PIECE_BYTES = 65_536


class _LargePieces:
    """Reads larger pieces than the client asks for: each read is a call to a thread, even one of 1 KiB."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        return self._file.read(max(size, _PIECE_BYTES))


async def scan(settings: Settings, path: Path, loc: list[str | int]) -> None:
    """Scan a file if `CLAMD` is set.

    Raises:
        Invalid: a threat was found, or the file is larger than the scanner accepts.
        Unavailable: the scanner does not respond. Files are never stored without a scan.
    """
    if settings.clamd is None:
        return
    host, _, port = settings.clamd.rpartition(":")
    client = ClamdAsyncClient(host.strip("[]"), int(port), timeout=settings.clamd_timeout_s)
    with await asyncio.to_thread(path.open, "rb") as file:
        pieces: Any = _LargePieces(file)
        try:
            verdicts = await client.instream(pieces)
        except BufferTooLongError as error:
            raise Invalid.field(loc, "not_scannable", "is too large for the virus scanner") from error
        except (ClamdError, OSError) as error:
            raise Unavailable("The virus scanner does not respond") from error
    statuses = [status for status, _ in (verdicts or {}).values()]
    if "FOUND" in statuses:
        log.warning("malware_found", names=[name for _, name in (verdicts or {}).values()])
        raise Invalid.field(loc, "infected", "was rejected by the virus scanner")
    if statuses != ["OK"]:
        raise Unavailable("The virus scanner returned no verdict")
