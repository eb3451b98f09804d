"""What one transaction of an import works on: checked lines, the ends of logs, and what became of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Range

from wasgo_chat.data_import.format import ConversationLine, MessageLine

ImportLine = tuple[MessageLine, int, bytes]
"""A message's line, its number, and its bytes."""


@dataclass(slots=True)
class ConversationChunk:
    """A conversation's line with messages under it. `number` is 0 where an earlier batch had the line."""

    line: ConversationLine
    number: int
    raw: bytes
    messages: list[ImportLine] = field(default_factory=list)


@dataclass(slots=True)
class ImportResult:
    """What was written, what was there before (`known`), and which conversations are refused, by external id."""

    users: int = 0
    conversations: int = 0
    messages: int = 0
    known: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    rejected: list[tuple[int, bytes, str]] = field(default_factory=list)

    def reject(self, block: ConversationChunk, why: str) -> None:
        """Note that none of a block can be imported."""
        self.rejected += [(block.number, block.raw, why)] if block.number else []
        self.rejected += [(number, raw, why) for _, number, raw in block.messages]

    def admitted(self, blocks: Iterable[ConversationChunk]) -> list[ConversationChunk]:
        """Those of conversations that are not refused."""
        return [block for block in blocks if block.line.external_id not in self.refused]


@dataclass(slots=True)
class LogTail:
    """The end of a conversation's log, while it is appended to, and who has a place there."""

    id: UUID
    seq: int = 0
    number: int = 0
    at: datetime | None = None
    version: int = 0
    is_new: bool = True
    people: set[str] = field(default_factory=set)
    """Everybody who has a place, also those who have left."""
    present: int = 0
    """How many of them are in."""


@dataclass(slots=True)
class Rows:
    """What is to be written, by table, and what is read: all of a range of numbers, or some by somebody."""

    participants: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    reactions: list[dict[str, Any]] = field(default_factory=list)
    reads: list[dict[str, Any]] = field(default_factory=list)
    read_all: list[tuple[UUID, int, int]] = field(default_factory=list)
    read_some: list[tuple[UUID, str, list[Range[int]]]] = field(default_factory=list)
