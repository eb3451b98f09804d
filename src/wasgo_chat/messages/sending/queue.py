"""What waits for a batch: in order within each conversation, fair between them, and each in one batch at a time.

Pure bookkeeping: no database and no clock. `group_commit` says when a batch begins and ends.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from wasgo_chat.messages.sending.pending_send import Waiting


class SendQueue:
    """The sends of a worker that have not been taken yet; its length is their number."""

    def __init__(self) -> None:
        self._queues: OrderedDict[UUID, deque[Waiting]] = OrderedDict()
        self._under_way: set[UUID] = set()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Waiting]:
        return (waiting for mine in self._queues.values() for waiting in mine)

    def length_of(self, conversation_id: UUID) -> int:
        """How many of a conversation wait."""
        return len(self._queues.get(conversation_id, ()))

    def is_busy(self, conversation_id: UUID) -> bool:
        """Whether something of a conversation waits or is under way."""
        return conversation_id in self._queues or conversation_id in self._under_way

    def add(self, waiting: Waiting) -> None:
        """Behind what came before it."""
        self._queues.setdefault(waiting.row.conversation_id, deque()).append(waiting)
        self._length += 1

    def take(self, most: int) -> list[Waiting]:
        """The next batch, which `end` is to follow: one of each conversation in turn, so that a busy one does not delay
        the others. What is under way in another batch waits for its end, which keeps the order of each conversation.
        """
        taken: list[Waiting] = []
        passed: list[tuple[UUID, deque[Waiting]]] = []
        while self._queues and len(taken) < most:
            conversation_id, mine = self._queues.popitem(last=False)
            if conversation_id in self._under_way:
                passed.append((conversation_id, mine))
                continue
            taken.append(mine.popleft())
            if mine:
                self._queues[conversation_id] = mine
        for conversation_id, mine in reversed(passed):
            self._queues[conversation_id] = mine
            self._queues.move_to_end(conversation_id, last=False)
        self._length -= len(taken)
        self._under_way.update(waiting.row.conversation_id for waiting in taken)
        return taken

    def end(self, taken: Iterable[Waiting]) -> None:
        """A batch was stored, or given up: what queued behind it is free."""
        self._under_way.difference_update(waiting.row.conversation_id for waiting in taken)

    def pull(self, conversation_id: UUID) -> Sequence[Waiting]:
        """All that waits of one conversation, out of the queue."""
        mine = self._queues.pop(conversation_id, deque())
        self._length -= len(mine)
        return mine
