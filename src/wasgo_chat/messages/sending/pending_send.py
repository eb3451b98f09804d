"""Sends that wait for their commit: how they end, and which of them one batch can store."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.messages.operations import SendResult
from wasgo_chat.messages.sending.statements import NewMessage

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext


@dataclass(eq=False, slots=True)
class SendStream:
    """The sends of one socket. If one fails and has to be repeated, those behind it fail too: the repeat would be
    stored after them.
    """

    is_broken: bool = False


@dataclass(eq=False, slots=True)
class PendingSend:
    """A send and the future of its outcome; `since` is the time of its arrival, by the performance counter."""

    message: NewMessage
    outcome: "asyncio.Future[SendResult]"
    stream: SendStream | None = None
    since: float = 0.0
    trace: "SpanContext | None" = None


def partition_batchable(sends: Iterable[PendingSend]) -> tuple[list[PendingSend], list[PendingSend]]:
    """The sends that one batch can store, and the others: those with attachments, those that repeat a client_id of the
    batch, and everything that their senders send after them to the same conversation.
    """
    client_ids: set[tuple[UUID, str | None, str]] = set()
    held_back: set[tuple[UUID, str]] = set()
    batchable: list[PendingSend] = []
    others: list[PendingSend] = []
    for send in sends:
        message = send.message
        sender = (message.conversation_id, message.actor.require_user())
        is_batchable = not message.body.attachment_ids and sender not in held_back
        if is_batchable and message.body.client_id is not None:
            key = (message.conversation_id, message.actor.user_id, message.body.client_id)
            is_batchable = key not in client_ids
            client_ids.add(key)
        if is_batchable:
            batchable.append(send)
        else:
            held_back.add(sender)
            others.append(send)
    return batchable, others


def resolve(send: PendingSend, result: SendResult) -> None:
    """Complete a send that was stored."""
    if not send.outcome.done():
        send.outcome.set_result(result)


def fail_after_broken(sends: Iterable[PendingSend]) -> list[PendingSend]:
    """Reject the sends of broken streams; returns the others."""
    remaining: list[PendingSend] = []
    for send in sends:
        if send.stream is not None and send.stream.is_broken:
            reject([send], Unavailable())
        else:
            remaining.append(send)
    return remaining


def reject(sends: Iterable[PendingSend], error: Exception) -> None:
    """Fail sends that were not stored, or whose outcome is unknown. An error that asks for a repeat breaks their
    stream.
    """
    for send in sends:
        if send.stream is not None and isinstance(error, Unavailable):
            send.stream.is_broken = True
        if not send.outcome.done():
            send.outcome.set_exception(error)
