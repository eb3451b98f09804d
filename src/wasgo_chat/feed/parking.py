"""Parked events: what a consumer could not handle waits here, and holds back only its own conversation.

A row stands for the first such event of a conversation; the later ones, up to `up_to`, wait behind it in the log. It is
tried again with increasing delays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from wasgo_chat.feed.handler import FeedEvent

MAX_PARKED = 1_000
"""The most conversations that a consumer parks. If more fail, events are not the cause: the consumer stops and retries.
"""
FIRST_RETRY_S = 1.0
MAX_RETRY_S = 600.0

_PARKED = "SELECT conversation_id FROM parked_events WHERE consumer = $1 AND conversation_id = ANY($2::uuid[])"

_HOLD = """
UPDATE parked_events p SET up_to = greatest(p.up_to, k.seq)
FROM unnest($2::uuid[], $3::bigint[]) AS k(id, seq) WHERE p.consumer = $1 AND p.conversation_id = k.id
"""

_PARK = """
INSERT INTO parked_events (consumer, conversation_id, seq, up_to, type, error, retry_at)
SELECT $1, $2, $3, $3, $4, $5, now() + make_interval(secs => $6)
WHERE (SELECT count(*) FROM parked_events WHERE consumer = $1) < $7
"""

_NEXT_DUE = """
SELECT conversation_id, seq, up_to, attempts FROM parked_events
WHERE consumer = $1 AND retry_at <= now() ORDER BY retry_at LIMIT 1
"""

_EVENTS = """
SELECT 0::bigint AS position, conversation_id, seq, type, created_at, data ? 'imported' AS is_imported FROM events
WHERE conversation_id = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq LIMIT $4
"""

_HANDLED = """
UPDATE parked_events SET seq = $3 + 1, attempts = 0, retry_at = now() WHERE consumer = $1 AND conversation_id = $2
"""
_REMOVE = "DELETE FROM parked_events WHERE consumer = $1 AND conversation_id = $2"

_FAILED = """
UPDATE parked_events p SET seq = $3, type = $4, error = $5, attempts = p.attempts + 1,
    retry_at = now() + make_interval(secs => least($6 * power(2, least(p.attempts, 20)), $7))
WHERE p.consumer = $1 AND p.conversation_id = $2
"""

_RETRY_ALL = "UPDATE parked_events SET retry_at = now() WHERE consumer = $1"

_LIST = """
SELECT consumer, conversation_id, seq, up_to - seq + 1 AS events, type, error, attempts, parked_at, retry_at
FROM parked_events WHERE consumer = $1 ORDER BY parked_at, conversation_id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Parked:
    """The parked events of a conversation that are due: the first seq, the last one, and the failed attempts so far."""

    conversation_id: UUID
    seq: int
    up_to: int
    attempts: int


def describe(error: BaseException) -> str:
    """The kind of an error, for operators. Its message is in the log of the worker: it may contain personal data."""
    sqlstate = getattr(error, "sqlstate", None)
    return f"{type(error).__name__} ({sqlstate})" if sqlstate else type(error).__name__


async def hold_back(connection: asyncpg.Connection, consumer: str, events: Sequence[FeedEvent]) -> list[FeedEvent]:
    """Leave the events of parked conversations to their rows; returns the other ones."""
    records = await connection.fetch(_PARKED, consumer, list({event.conversation_id for event in events}))
    parked = {record["conversation_id"] for record in records}
    if not parked:
        return list(events)
    heads = {event.conversation_id: event.seq for event in events if event.conversation_id in parked}
    await connection.execute(_HOLD, consumer, list(heads), list(heads.values()))
    return [event for event in events if event.conversation_id not in parked]


async def park(connection: asyncpg.Connection, consumer: str, event: FeedEvent, error: BaseException) -> bool:
    """Park an event. Returns False if too many conversations are parked already."""
    arguments = (event.conversation_id, event.seq, event.type, describe(error), FIRST_RETRY_S, MAX_PARKED)
    return str(await connection.execute(_PARK, consumer, *arguments)).endswith(" 1")


async def next_due(connection: asyncpg.Connection, consumer: str) -> Parked | None:
    """The conversation that has been due the longest."""
    record = await connection.fetchrow(_NEXT_DUE, consumer)
    return None if record is None else Parked(*record)


async def events_of(connection: asyncpg.Connection, parked: Parked, *, limit: int) -> list[FeedEvent]:
    """The parked events of a conversation, from its log. None are left if they were deleted by retention."""
    records = await connection.fetch(_EVENTS, parked.conversation_id, parked.seq, parked.up_to, limit)
    return [FeedEvent(*record) for record in records]


async def handled(connection: asyncpg.Connection, consumer: str, parked: Parked, upto: int | None) -> None:
    """Events up to this seq are handled; None: there are none left."""
    if upto is None or upto >= parked.up_to:
        await connection.execute(_REMOVE, consumer, parked.conversation_id)
    else:
        await connection.execute(_HANDLED, consumer, parked.conversation_id, upto)


async def failed(connection: asyncpg.Connection, consumer: str, event: FeedEvent, error: BaseException) -> None:
    """The first parked event of a conversation failed again: wait longer."""
    arguments = (event.conversation_id, event.seq, event.type, describe(error), FIRST_RETRY_S, MAX_RETRY_S)
    await connection.execute(_FAILED, consumer, *arguments)


async def retry_now(connection: asyncpg.Connection, consumer: str) -> int:
    """Make all parked events of a consumer due. Returns in how many conversations."""
    return int(str(await connection.execute(_RETRY_ALL, consumer)).rpartition(" ")[2])


async def list_parked(connection: asyncpg.Connection, consumer: str, *, limit: int) -> list[Mapping[str, Any]]:
    """The parked events of a consumer, the oldest first."""
    return [dict(record) for record in await connection.fetch(_LIST, consumer, limit)]
