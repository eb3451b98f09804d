"""What a consumer of the feed handles, and the signature of its handler."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event in the order of the feed. It has no content: the handler reads the rows that it needs.

    Attributes:
        position: its place in the feed. Positions have no gaps and follow the order of the commits. It is 0 during a
            rebuild, which reads the logs.
        conversation_id: the conversation.
        seq: its number in the log of the conversation.
        type: the event type, as in `events.types.EVENT_TYPES`; a later release may have written one that is not there.
        created_at: when it was appended; for imported events, their original time.
        is_imported: it comes from `wasgo-chat import`: index it, but do not notify anyone of it.
    """

    position: int
    conversation_id: UUID
    seq: int
    type: str
    created_at: datetime
    is_imported: bool = False


Handler = Callable[["asyncpg.Connection[asyncpg.Record]", Sequence[FeedEvent]], Awaitable[Sequence[object]]]
"""Handles events in the order of the feed, in the transaction that commits the offset of the consumer. Returns the
notices to publish after the commit.

It can be called again for the same events, so it must be idempotent by (conversation_id, seq). If it raises, the
events are handled again one conversation at a time, and those that still fail are parked.
"""
