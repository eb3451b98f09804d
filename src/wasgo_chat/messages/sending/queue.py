"""The queue in front of the batches: in order within a conversation, fair between conversations, and each conversation
in one batch at a time.

It only keeps books, without database or clock; `group_commit` decides when a batch starts and ends.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from wasgo_chat.messages.sending.pending_send import PendingSend


class SendQueue:
    """The sends of a worker that are in no batch yet."""

    def __init__(self) -> None:
        self._by_conversation: OrderedDict[UUID, deque[PendingSend]] = OrderedDict()
        self._in_batch: set[UUID] = set()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[PendingSend]:
        return (send for sends in self._by_conversation.values() for send in sends)

    def length_of(self, conversation_id: UUID) -> int:
        """How many sends of a conversation are queued."""
        return len(self._by_conversation.get(conversation_id, ()))

    def has_pending(self, conversation_id: UUID) -> bool:
        """Whether sends of a conversation are queued or in a batch."""
        return conversation_id in self._by_conversation or conversation_id in self._in_batch

    def add(self, send: PendingSend) -> None:
        """Append a send to the queue of its conversation."""
        self._by_conversation.setdefault(send.message.conversation_id, deque()).append(send)
        self._length += 1

    def next_batch(self, maximum: int) -> list[PendingSend]:
        """Take the next batch; `release` must follow. It takes one send of each conversation in turn, so that a busy
        conversation does not delay the others. Conversations in another batch are skipped until its release, which
        keeps their order.
        """
        batch: list[PendingSend] = []
        skipped: list[tuple[UUID, deque[PendingSend]]] = []
        while self._by_conversation and len(batch) < maximum:
            conversation_id, sends = self._by_conversation.popitem(last=False)
            if conversation_id in self._in_batch:
                skipped.append((conversation_id, sends))
                continue
            batch.append(sends.popleft())
            if sends:
                self._by_conversation[conversation_id] = sends
        for conversation_id, sends in reversed(skipped):
            self._by_conversation[conversation_id] = sends
            self._by_conversation.move_to_end(conversation_id, last=False)
        self._length -= len(batch)
        self._in_batch.update(send.message.conversation_id for send in batch)
        return batch

    def release(self, batch: Iterable[PendingSend]) -> None:
        """End a batch: its conversations can be in the next one."""
        self._in_batch.difference_update(send.message.conversation_id for send in batch)

    def drain(self, conversation_id: UUID) -> Sequence[PendingSend]:
        """Remove and return all queued sends of a conversation."""
        sends = self._by_conversation.pop(conversation_id, deque())
        self._length -= len(sends)
        return sends
