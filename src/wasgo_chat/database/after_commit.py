"""What happens after a commit: operations record notices in their transaction, and listeners receive them by type."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

Notice = TypeVar("Notice")
Handler = Callable[[Sequence[Any]], None]


class CommitListeners:
    """The listeners of one worker, in the order of their registration.

    A listener must not block. Its errors are logged and reach neither the caller nor other listeners: the commit has
    happened, and the reconciler repairs what a failed listener has missed.
    """

    def __init__(self) -> None:
        self._registered: list[tuple[tuple[type, ...], Handler]] = []
        self._by_type: dict[type, tuple[Handler, ...]] = {}

    def add(self, handler: Callable[[Sequence[Notice]], None], *types: type[Notice]) -> None:
        """Call `handler` after each commit with the notices of these types and their subclasses, in commit order."""
        self._registered.append((types, handler))
        self._by_type.clear()

    def publish(self, notices: Sequence[object]) -> None:
        """Deliver the notices of one commit, or of several in order."""
        batches: dict[Handler, list[object]] = {}
        for notice in notices:
            for handler in self._handlers_of(type(notice)):
                batches.setdefault(handler, []).append(notice)
        for handler, batch in batches.items():
            try:
                handler(batch)
            except Exception:
                log.exception("commit_listener_failed", listener=getattr(handler, "__qualname__", repr(handler)))

    def _handlers_of(self, kind: type) -> tuple[Handler, ...]:
        if (handlers := self._by_type.get(kind)) is None:
            handlers = tuple(handler for types, handler in self._registered if issubclass(kind, types))
            self._by_type[kind] = handlers
        return handlers
