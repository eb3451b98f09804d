"""The data of one transaction of an import: validated lines, the ends of logs, and the result."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Range

from wasgo_chat.data_import.format import ConversationLine, MessageLine

ImportLine = tuple[MessageLine, int, bytes]
"""A message line, its line number, and its bytes."""


@dataclass(slots=True)
class ConversationChunk:
    """A conversation line with messages below it. `number` is 0 if an earlier batch had the line."""

    line: ConversationLine
    number: int
    raw: bytes
    messages: list[ImportLine] = field(default_factory=list)


@dataclass(slots=True)
class ImportResult:
    """What was written, how many messages existed (`known`), and the rejected conversations by external id."""

    users: int = 0
    conversations: int = 0
    messages: int = 0
    known: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    rejected: list[tuple[int, bytes, str]] = field(default_factory=list)

    def reject(self, chunk: ConversationChunk, reason: str) -> None:
        """Reject all lines of a chunk."""
        self.rejected += [(chunk.number, chunk.raw, reason)] if chunk.number else []
        self.rejected += [(number, raw, reason) for _, number, raw in chunk.messages]

    def accepted(self, chunks: Iterable[ConversationChunk]) -> list[ConversationChunk]:
        """The chunks of conversations that are not rejected."""
        return [chunk for chunk in chunks if chunk.line.external_id not in self.refused]


@dataclass(slots=True)
class LogTail:
    """The end of a conversation's log while messages are appended, and its participants."""

    id: UUID
    seq: int = 0
    number: int = 0
    at: datetime | None = None
    version: int = 0
    is_new: bool = True
    user_ids: set[str] = field(default_factory=set)
    """Current and former participants."""
    current_count: int = 0
    """The number of current participants."""


@dataclass(slots=True)
class Rows:
    """The rows to write, by table, and which messages to mark as read: by all participants, or by one."""

    participants: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    reactions: list[dict[str, Any]] = field(default_factory=list)
    reads: list[dict[str, Any]] = field(default_factory=list)
    read_all: list[tuple[UUID, int, int]] = field(default_factory=list)
    read_some: list[tuple[UUID, str, list[Range[int]]]] = field(default_factory=list)
    claims: list[tuple[UUID, UUID, MessageLine]] = field(default_factory=list)
    """Messages with files: conversation id, message id and line."""
