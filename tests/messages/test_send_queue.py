"""The send queue: fair, in order, and a conversation is in one batch at a time."""

import asyncio
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest

from wasgo_chat.core.encoding import new_id
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.messages.schemas import MessageContent
from wasgo_chat.messages.sending.pending_send import PendingSend
from wasgo_chat.messages.sending.queue import SendQueue
from wasgo_chat.messages.sending.statements import NewMessage

A, B, C = (UUID(int=number) for number in range(1, 4))


@pytest.fixture
def queue() -> SendQueue:
    return SendQueue()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def add(queue: SendQueue, loop: asyncio.AbstractEventLoop, conversation_id: UUID, *contents: str) -> None:
    for content in contents:
        message = NewMessage(Actor("ana"), conversation_id, MessageContent(content=content), new_id(), None)
        queue.add(PendingSend(message, loop.create_future()))


def said(taken: Sequence[PendingSend]) -> list[str | None]:
    return [send.message.body.content for send in taken]


def test_a_busy_conversation_does_not_delay_the_others(queue: SendQueue, loop: asyncio.AbstractEventLoop) -> None:
    add(queue, loop, A, "a1", "a2", "a3")
    add(queue, loop, B, "b1")
    add(queue, loop, C, "c1", "c2")
    assert said(queue.next_batch(4)) == ["a1", "b1", "c1", "a2"]
    assert len(queue) == 2


def test_a_conversation_in_a_batch_waits_for_its_end_and_no_other_does(
    queue: SendQueue, loop: asyncio.AbstractEventLoop
) -> None:
    add(queue, loop, A, "a1", "a2")
    first = queue.next_batch(1)
    add(queue, loop, B, "b1", "b2")
    second = queue.next_batch(10)
    assert (said(first), said(second)) == (["a1"], ["b1", "b2"])
    add(queue, loop, B, "b3")
    assert queue.next_batch(10) == []
    assert queue.has_pending(A)
    assert len(queue) == 2
    queue.release(first)
    assert said(queue.next_batch(10)) == ["a2"]
    queue.release(second)
    assert said(queue.next_batch(10)) == ["b3"]


def test_a_skipped_conversation_keeps_its_turn(queue: SendQueue, loop: asyncio.AbstractEventLoop) -> None:
    add(queue, loop, A, "a1")
    first = queue.next_batch(1)
    add(queue, loop, A, "a2")
    add(queue, loop, B, "b1")
    add(queue, loop, C, "c1")
    assert said(queue.next_batch(1)) == ["b1"]
    queue.release(first)
    assert said(queue.next_batch(10)) == ["a2", "c1"]


def test_a_conversation_can_be_drained_completely(queue: SendQueue, loop: asyncio.AbstractEventLoop) -> None:
    add(queue, loop, A, "a1", "a2")
    add(queue, loop, B, "b1")
    assert said(queue.drain(A)) == ["a1", "a2"]
    assert (len(queue), queue.length_of(A), queue.length_of(B)) == (1, 0, 1)
    assert said(list(queue)) == ["b1"]
    assert not queue.has_pending(A)
