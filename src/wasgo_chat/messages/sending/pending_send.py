"""Sends on their way to a commit: what waits, how it ends, and which of them one batch may hold."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.messages.sending.statements import Row
from wasgo_chat.messages.verbs import Sent

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext


@dataclass(eq=False, slots=True)
class Stream:
    """The sends of one socket. Where one of them failed and is to be sent again, those behind it fail too: it would
    come after them.
    """

    is_broken: bool = False


@dataclass(eq=False, slots=True)
class Waiting:
    """A send and the future of its outcome; `since` when, by the clock that never goes back."""

    row: Row
    outcome: "asyncio.Future[Sent]"
    stream: Stream | None = None
    since: float = 0.0
    trace: "SpanContext | None" = None


def fit_for_batch(taken: Iterable[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """Sends for a batch; and those with attachments, or that repeat a client_id of it, with all that their senders
    say after them.
    """
    seen: set[tuple[UUID, str | None, str]] = set()
    held_back: set[tuple[UUID, str]] = set()
    fresh: list[Waiting] = []
    others: list[Waiting] = []
    for waiting in taken:
        row = waiting.row
        place = (row.conversation_id, row.actor.user)
        is_fit = not row.body.attachment_ids and place not in held_back
        if is_fit and row.body.client_id is not None:
            key = (row.conversation_id, row.actor.user_id, row.body.client_id)
            is_fit = key not in seen
            seen.add(key)
        if is_fit:
            fresh.append(waiting)
        else:
            held_back.add(place)
            others.append(waiting)
    return fresh, others


def settle(waiting: Waiting, sent: Sent) -> None:
    """It was stored."""
    if not waiting.outcome.done():
        waiting.outcome.set_result(sent)


def unbroken(taken: Iterable[Waiting]) -> list[Waiting]:
    """Those behind which nothing failed; the others fail as well."""
    kept: list[Waiting] = []
    for waiting in taken:
        if waiting.stream is not None and waiting.stream.is_broken:
            fail([waiting], Unavailable())
        else:
            kept.append(waiting)
    return kept


def fail(waiting: Iterable[Waiting], error: Exception) -> None:
    """They were not, or nobody knows; what is to be sent again breaks its stream."""
    for one in waiting:
        if one.stream is not None and isinstance(error, Unavailable):
            one.stream.is_broken = True
        if not one.outcome.done():
            one.outcome.set_exception(error)
