"""What a socket says of its user's typing: changes are passed on, repeats now and then, and an end when it closes."""

import time
from collections.abc import Callable
from uuid import UUID

REPEAT_S = 2.0
CHANGE_S = 0.5


class TypingThrottle:
    """That of one socket.

    Args:
        tell: spreads that its user types in a conversation (True) or has stopped.
    """

    def __init__(self, tell: Callable[[UUID, bool], None]) -> None:
        self._tell = tell
        self._said: dict[UUID, tuple[bool, float]] = {}

    def signal(self, conversation_id: UUID, *, is_typing: bool) -> None:
        """Pass on what is worth it: a change, or a repeat after two seconds."""
        before, told_at = self._said.get(conversation_id, (False, 0.0))
        now = time.monotonic()
        if before == is_typing and (not is_typing or now - told_at < REPEAT_S):
            return
        if is_typing and now - told_at < CHANGE_S:
            return
        self._said[conversation_id] = (is_typing, now)
        self._tell(conversation_id, is_typing)

    def stop(self) -> None:
        """The socket closes: nobody types any more."""
        for conversation_id, (is_typing, _) in self._said.items():
            if is_typing:
                self._tell(conversation_id, False)
