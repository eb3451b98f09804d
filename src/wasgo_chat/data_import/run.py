"""History from a file into the database: in batches, each of them whole or not at all.

A message is known by its conversation and its external id, which is kept as its `client_id`; a conversation's id is
made from its external id. So a run that was killed is simply started again, and what is there is passed over.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from wasgo_chat.core.config import CannotStart, Settings
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.data_import.append import Busy, append
from wasgo_chat.data_import.batch import ConversationChunk
from wasgo_chat.data_import.format import ConversationLine, LineValidator, MessageLine, Rejected, UserLine
from wasgo_chat.database.errors import was_contention
from wasgo_chat.database.session import Database

BATCH_MESSAGES = 5_000
BATCH_BLOCKS = 500
LONGEST_LINE = 1 << 20
SHOWN_OF_LONG = 1_000
PATIENCE_S = 600.0
WAIT_FOR_OTHERS_S = 30.0
"""For the service to notify of what was said in a conversation, and for whoever holds one."""
ASK_EVERY_S = 0.5

Progress = Callable[[int], None]
"""Told of so many more bytes of the file."""


_HELD = "Conversations of the file are held by others for long: import again. What was imported stays."


class _Undone(Exception):
    """Takes a dry run back."""


@dataclass(slots=True)
class Report:
    """What became of the lines."""

    lines: int = 0
    users: int = 0
    conversations: int = 0
    messages: int = 0
    known: int = 0
    rejected: int = 0


@dataclass(slots=True)
class _Waiting:
    """What was read and is not written yet; beside each line its number and its bytes."""

    users: dict[str, UserLine] = field(default_factory=dict)
    blocks: list[ConversationChunk] = field(default_factory=list)
    messages: int = 0
    read: int = 0


class Import:
    """One run over one file.

    Args:
        settings: where the database is, and the limits that doors hold messages to.
        rejects: where lines go that cannot be imported, each with its number and why.
        dry_run: try everything and keep nothing.
        progress: see `Progress`.
    """

    def __init__(
        self, settings: Settings, rejects: BinaryIO, *, dry_run: bool = False, progress: Progress = lambda count: None
    ) -> None:
        self.report = Report()
        self._db = Database(settings.model_copy(update={"statement_timeout_s": PATIENCE_S}))
        self._checker = LineValidator(settings, datetime.now(UTC))
        self._rejects = rejects
        self._dry_run = dry_run
        self._progress = progress
        self._refused: dict[str, str] = {}

    async def run(self, file: BinaryIO) -> Report:
        """Import a file, line by line.

        Raises:
            CannotStart: the service is behind with notifications of a conversation that the file goes on with.
            Unavailable: the database does not answer, or others hold conversations for long. What was imported stays.
        """
        try:
            waiting = _Waiting()
            while raw := file.readline(LONGEST_LINE + 1):
                self.report.lines += 1
                waiting.read += len(raw)
                if len(raw) <= LONGEST_LINE:
                    self._take(waiting, self.report.lines, raw)
                else:
                    waiting.read += _pass_over_rest(file, raw)
                    self._reject(
                        self.report.lines, raw[:SHOWN_OF_LONG], "is longer than a mebibyte; this is its beginning"
                    )
                if waiting.messages >= BATCH_MESSAGES or len(waiting.blocks) + len(waiting.users) >= BATCH_BLOCKS:
                    waiting = await self._write(waiting)
            await self._write(waiting)
            self._rejects.flush()
            return self.report
        finally:
            await self._db.close()

    def _take(self, waiting: _Waiting, number: int, raw: bytes) -> None:
        if not raw.strip():
            return
        try:
            line = self._checker.check(raw)
            if isinstance(line, UserLine):
                waiting.users[line.id] = line
            elif isinstance(line, ConversationLine):
                waiting.blocks.append(ConversationChunk(line, number, raw))
            elif (refusal := self._refused.get(line.conversation)) is not None:
                raise Rejected(refusal)
            else:
                self._block_of(waiting, line).messages.append((line, number, raw))
                waiting.messages += 1
        except Rejected as error:
            self._reject(number, raw, str(error))

    def _block_of(self, waiting: _Waiting, line: MessageLine) -> ConversationChunk:
        """The block of the conversation above; a new one for it where the last batch ended within."""
        if not waiting.blocks or waiting.blocks[-1].line.external_id != line.conversation:
            context = self._checker.context
            assert context is not None  # noqa: S101  the checker refuses it else
            waiting.blocks.append(ConversationChunk(context.line, 0, b""))
        return waiting.blocks[-1]

    async def _write(self, waiting: _Waiting) -> _Waiting:
        deadline: float | None = None
        while True:
            try:
                await self._write_once(waiting)
                break
            except (Busy, Unavailable) as error:
                if isinstance(error, Unavailable) and not was_contention(error):
                    raise
                now = asyncio.get_running_loop().time()
                deadline = deadline or now + WAIT_FOR_OTHERS_S
                if now > deadline:
                    if isinstance(error, Busy):
                        raise CannotStart(str(error)) from error
                    raise Unavailable(_HELD) from error
                await asyncio.sleep(ASK_EVERY_S)
        self._progress(waiting.read)
        return _Waiting()

    async def _write_once(self, waiting: _Waiting) -> None:
        try:
            async with self._db.transaction() as tx:
                outcome = await append(tx, waiting.users, waiting.blocks)
                if self._dry_run:
                    raise _Undone
        except _Undone:
            pass
        report = self.report
        report.users += outcome.users
        report.conversations += outcome.conversations
        report.messages += outcome.messages
        report.known += outcome.known
        self._refused |= outcome.refused
        for number, raw, why in outcome.rejected:
            self._reject(number, raw, why)

    def _reject(self, number: int, raw: bytes, why: str) -> None:
        self.report.rejected += 1
        given = raw.decode("utf-8", "replace").rstrip("\n")
        row = {"line": number, "error": why, "given": given}
        self._rejects.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def _pass_over_rest(file: BinaryIO, raw: bytes) -> int:
    """Of a line whose beginning was read: how many bytes it had left."""
    passed = 0
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(LONGEST_LINE)
        passed += len(raw)
    return passed


def import_file(settings: Settings, path: Path, rejects: Path, *, dry_run: bool, progress: Progress) -> Report:
    """Import a file. Runs its own event loop: call it outside of any.

    Raises:
        As `Import.run`.
    """
    settings.hash_key()

    async def work() -> Report:
        try:
            out = rejects.open("wb")
        except OSError as error:
            raise CannotStart(
                f"{rejects} cannot be written: {error.strerror}. Name another file by --rejects."
            ) from error
        with path.open("rb") as file, out:
            return await Import(settings, out, dry_run=dry_run, progress=progress).run(file)

    return asyncio.run(work())
