"""Sends on their way to a commit: what waits, how it ends, and which of them one batch may hold."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.messages.sending.statements import NewMessage
from wasgo_chat.messages.verbs import SendResult

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext


@dataclass(eq=False, slots=True)
class SendStream:
    """The sends of one socket. Where one of them failed and is to be sent again, those behind it fail too: it would
    come after them.
    """

    is_broken: bool = False


@dataclass(eq=False, slots=True)
class PendingSend:
    """A send and the future of its outcome; `since` when, by the clock that never goes back."""

    row: NewMessage
    outcome: "asyncio.Future[SendResult]"
    stream: SendStream | None = None
    since: float = 0.0
    trace: "SpanContext | None" = None


def partition_batchable(taken: Iterable[PendingSend]) -> tuple[list[PendingSend], list[PendingSend]]:
    """Sends for a batch; and those with attachments, or that repeat a client_id of it, with all that their senders
    say after them.
    """
    seen: set[tuple[UUID, str | None, str]] = set()
    held_back: set[tuple[UUID, str]] = set()
    fresh: list[PendingSend] = []
    others: list[PendingSend] = []
    for waiting in taken:
        row = waiting.row
        place = (row.conversation_id, row.actor.require_user())
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


def resolve(waiting: PendingSend, sent: SendResult) -> None:
    """It was stored."""
    if not waiting.outcome.done():
        waiting.outcome.set_result(sent)


def fail_after_broken(taken: Iterable[PendingSend]) -> list[PendingSend]:
    """Those behind which nothing failed; the others fail as well."""
    kept: list[PendingSend] = []
    for waiting in taken:
        if waiting.stream is not None and waiting.stream.is_broken:
            reject([waiting], Unavailable())
        else:
            kept.append(waiting)
    return kept


def reject(waiting: Iterable[PendingSend], error: Exception) -> None:
    """They were not, or nobody knows; what is to be sent again breaks its stream."""
    for one in waiting:
        if one.stream is not None and isinstance(error, Unavailable):
            one.stream.is_broken = True
        if not one.outcome.done():
            one.outcome.set_exception(error)
