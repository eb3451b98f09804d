"""Imports history from a file, in batches that are written completely or not at all.

A message is identified by its conversation and its external id, which is stored as its `client_id`. The id of a
conversation is derived from its external id. So an interrupted import is simply run again, and skips existing rows.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.data_import.append import append
from wasgo_chat.data_import.batch import ConversationChunk
from wasgo_chat.data_import.format import ConversationLine, LineValidator, MessageLine, Rejected, UserLine
from wasgo_chat.database.errors import was_contention
from wasgo_chat.database.session import Database
from wasgo_chat.settings.config import CannotStart, Settings

BATCH_MESSAGES = 5_000
BATCH_CHUNKS = 500
MAX_LINE_BYTES = 1 << 20
SHOWN_BYTES = 1_000
STATEMENT_TIMEOUT_S = 600.0
BUSY_TIMEOUT_S = 30.0
"""How long to wait for locks on conversations."""
BUSY_POLL_S = 0.5

Progress = Callable[[int], None]
"""Called with the number of further bytes that were processed."""

_LOCKED = "Conversations of the file are locked by other sessions. Run the import again: it continues where it stopped."


class _DryRunRollback(Exception):
    """Rolls the transaction of a dry run back."""


@dataclass(slots=True)
class Report:
    """How many lines were imported, were known already, and were rejected."""

    lines: int = 0
    users: int = 0
    conversations: int = 0
    messages: int = 0
    known: int = 0
    rejected: int = 0


@dataclass(slots=True)
class _Batch:
    """Lines that were read and are not written yet."""

    users: dict[str, UserLine] = field(default_factory=dict)
    chunks: list[ConversationChunk] = field(default_factory=list)
    messages: int = 0
    bytes_read: int = 0


class Import:
    """One import of one file.

    Args:
        settings: the database, and the limits of messages.
        rejects: receives the lines that cannot be imported, each with its number and the reason.
        dry_run: validate and write everything, but roll back.
        progress: called after each batch.
    """

    def __init__(
        self, settings: Settings, rejects: BinaryIO, *, dry_run: bool = False, progress: Progress = lambda count: None
    ) -> None:
        self.report = Report()
        self._db = Database(settings.model_copy(update={"statement_timeout_s": STATEMENT_TIMEOUT_S}))
        self._validator = LineValidator(settings, datetime.now(UTC))
        self._rejects = rejects
        self._dry_run = dry_run
        self._progress = progress
        self._refused: dict[str, str] = {}

    async def run(self, file: BinaryIO) -> Report:
        """Import a file, line by line. An error does not undo the batches before it.

        Raises:
            Unavailable: the database does not respond, or conversations are locked for too long.
        """
        try:
            batch = _Batch()
            while raw := file.readline(MAX_LINE_BYTES + 1):
                self.report.lines += 1
                batch.bytes_read += len(raw)
                if len(raw) <= MAX_LINE_BYTES:
                    self._add(batch, self.report.lines, raw)
                else:
                    batch.bytes_read += _skip_rest(file, raw)
                    self._reject(
                        self.report.lines, raw[:SHOWN_BYTES], "is longer than 1 MiB; only its beginning is shown"
                    )
                if batch.messages >= BATCH_MESSAGES or len(batch.chunks) + len(batch.users) >= BATCH_CHUNKS:
                    batch = await self._write(batch)
            await self._write(batch)
            self._rejects.flush()
            return self.report
        finally:
            await self._db.close()

    def _add(self, batch: _Batch, number: int, raw: bytes) -> None:
        if not raw.strip():
            return
        try:
            line = self._validator.check(raw)
            if isinstance(line, UserLine):
                batch.users[line.id] = line
            elif isinstance(line, ConversationLine):
                batch.chunks.append(ConversationChunk(line, number, raw))
            elif (reason := self._refused.get(line.conversation)) is not None:
                raise Rejected(reason)
            else:
                self._chunk_of(batch, line).messages.append((line, number, raw))
                batch.messages += 1
        except Rejected as error:
            self._reject(number, raw, str(error))

    def _chunk_of(self, batch: _Batch, line: MessageLine) -> ConversationChunk:
        """The chunk of the conversation above; a new one if the last batch ended within the conversation."""
        if not batch.chunks or batch.chunks[-1].line.external_id != line.conversation:
            context = self._validator.context
            assert context is not None  # noqa: S101  the validator rejects such lines
            batch.chunks.append(ConversationChunk(context.line, 0, b""))
        return batch.chunks[-1]

    async def _write(self, batch: _Batch) -> _Batch:
        deadline: float | None = None
        while True:
            try:
                await self._write_once(batch)
                break
            except Unavailable as error:
                if not was_contention(error):
                    raise
                now = asyncio.get_running_loop().time()
                deadline = deadline or now + BUSY_TIMEOUT_S
                if now > deadline:
                    raise Unavailable(_LOCKED) from error
                await asyncio.sleep(BUSY_POLL_S)
        self._progress(batch.bytes_read)
        return _Batch()

    async def _write_once(self, batch: _Batch) -> None:
        try:
            async with self._db.transaction() as tx:
                result = await append(tx, batch.users, batch.chunks)
                if self._dry_run:
                    raise _DryRunRollback
        except _DryRunRollback:
            pass
        report = self.report
        report.users += result.users
        report.conversations += result.conversations
        report.messages += result.messages
        report.known += result.known
        self._refused |= result.refused
        for number, raw, reason in result.rejected:
            self._reject(number, raw, reason)

    def _reject(self, number: int, raw: bytes, reason: str) -> None:
        self.report.rejected += 1
        text = raw.decode("utf-8", "replace").rstrip("\n")
        row = {"line": number, "error": reason, "given": text}
        self._rejects.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def _skip_rest(file: BinaryIO, raw: bytes) -> int:
    """Skip the rest of a line whose beginning was read. Returns its length in bytes."""
    skipped = 0
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(MAX_LINE_BYTES)
        skipped += len(raw)
    return skipped


def import_file(settings: Settings, path: Path, rejects: Path, *, dry_run: bool, progress: Progress) -> Report:
    """Import a file. Runs its own event loop: call it outside of any.

    Raises:
        CannotStart, Unavailable: as `Import.run`.
    """
    settings.hash_key()

    async def work() -> Report:
        try:
            out = rejects.open("wb")
        except OSError as error:
            raise CannotStart(
                f"{rejects} cannot be written: {error.strerror}. Choose another file with --rejects."
            ) from error
        with path.open("rb") as file, out:
            return await Import(settings, out, dry_run=dry_run, progress=progress).run(file)

    return asyncio.run(work())
