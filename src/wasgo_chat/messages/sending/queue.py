"""What waits for a batch: in order within each conversation, fair between them, and each in one batch at a time.

Pure bookkeeping: no database and no clock. `group_commit` says when a batch begins and ends.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from wasgo_chat.messages.sending.pending_send import PendingSend


class SendQueue:
    """The sends of a worker that have not been taken yet; its length is their number."""

    def __init__(self) -> None:
        self._queues: OrderedDict[UUID, deque[PendingSend]] = OrderedDict()
        self._in_batch: set[UUID] = set()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[PendingSend]:
        return (waiting for mine in self._queues.values() for waiting in mine)

    def length_of(self, conversation_id: UUID) -> int:
        """How many of a conversation wait."""
        return len(self._queues.get(conversation_id, ()))

    def has_pending(self, conversation_id: UUID) -> bool:
        """Whether something of a conversation waits or is under way."""
        return conversation_id in self._queues or conversation_id in self._in_batch

    def add(self, waiting: PendingSend) -> None:
        """Behind what came before it."""
        self._queues.setdefault(waiting.row.conversation_id, deque()).append(waiting)
        self._length += 1

    def next_batch(self, most: int) -> list[PendingSend]:
        """The next batch, which `end` is to follow: one of each conversation in turn, so that a busy one does not delay
        the others. What is under way in another batch waits for its end, which keeps the order of each conversation.
        """
        taken: list[PendingSend] = []
        passed: list[tuple[UUID, deque[PendingSend]]] = []
        while self._queues and len(taken) < most:
            conversation_id, mine = self._queues.popitem(last=False)
            if conversation_id in self._in_batch:
                passed.append((conversation_id, mine))
                continue
            taken.append(mine.popleft())
            if mine:
                self._queues[conversation_id] = mine
        for conversation_id, mine in reversed(passed):
            self._queues[conversation_id] = mine
            self._queues.move_to_end(conversation_id, last=False)
        self._length -= len(taken)
        self._in_batch.update(waiting.row.conversation_id for waiting in taken)
        return taken

    def release(self, taken: Iterable[PendingSend]) -> None:
        """A batch was stored, or given up: what queued behind it is free."""
        self._in_batch.difference_update(waiting.row.conversation_id for waiting in taken)

    def drain(self, conversation_id: UUID) -> Sequence[PendingSend]:
        """All that waits of one conversation, out of the queue."""
        mine = self._queues.pop(conversation_id, deque())
        self._length -= len(mine)
        return mine
