"""Ranges of a conversation's log."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SeqRange:
    """The events of a conversation after one seq, up to and including another."""

    conversation_id: UUID
    after: int
    up_to: int
