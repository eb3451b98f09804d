"""Typing indicators: how long one is shown, and which signals of a connection are published.

To change how long an indicator is shown, change `TYPING_TTL_S`, the sentence about it in docs/protocol.md, and two
values that must be longer: `EXPIRY_MS` in `sdk/typescript/src/typing-indicator.ts` and `TYPING_EXPIRY_S` in
`sdk/python/src/wasgo_chat_client/conversation.py`.
"""

import time
from collections.abc import Callable
from uuid import UUID

TYPING_TTL_S = 6.0
"""Seconds after its last signal at which an indicator ends."""
REPEAT_S = 2.0
"""Seconds after which a repeated `typing` is published again."""
MIN_INTERVAL_S = 0.5
"""Seconds that pass at least between two starts in a conversation."""


class TypingThrottle:
    """Throttles the typing signals of one connection.

    Args:
        publish: publishes that the user is typing in a conversation (True) or has stopped (False).
    """

    def __init__(self, publish: Callable[[UUID, bool], None]) -> None:
        self._publish = publish
        self._published: dict[UUID, tuple[bool, float]] = {}

    def signal(self, conversation_id: UUID, *, is_typing: bool) -> None:
        """Publish a change, or a repeat after `REPEAT_S`; drop every other signal."""
        was_typing, published_at = self._published.get(conversation_id, (False, 0.0))
        now = time.monotonic()
        if was_typing == is_typing and (not is_typing or now - published_at < REPEAT_S):
            return
        if is_typing and now - published_at < MIN_INTERVAL_S:
            return
        self._published[conversation_id] = (is_typing, now)
        self._publish(conversation_id, is_typing)

    def stop(self) -> None:
        """Publish the end wherever the user was typing: the connection is closing."""
        for conversation_id, (is_typing, _) in self._published.items():
            if is_typing:
                self._publish(conversation_id, False)
