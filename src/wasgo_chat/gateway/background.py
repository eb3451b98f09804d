"""Background tasks of a worker: held, so that they are not collected, and never failing in silence."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from wasgo_chat.core.errors import ChatError
from wasgo_chat.events.broker.publishing import end

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


class Background:
    """A set of running tasks."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Run beside everything else; an unexpected error is logged with its traceback."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def stop(self) -> None:
        """Cancel all and wait for them."""
        await end(*self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, ChatError):
            log.warning("background_task_refused", error=error.code)
        else:
            log.error("background_task_failed", exc_info=error)
