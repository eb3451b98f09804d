"""Background tasks of a worker: held, so that they are not collected, and never failing in silence."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from wasgo_chat.core.errors import ChatError

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


class TaskSet:
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
        await cancel_and_wait(*self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, ChatError):
            log.warning("background_task_refused", error=error.code)
        else:
            log.error("background_task_failed", exc_info=error)


async def cancel_and_wait(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they are done.

    Once is not enough: before Python 3.12 `asyncio.wait_for`, by which redis-py sends, forgets a cancellation that is
    there in the moment in which it is through, and a loop goes on.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=0.1)
    await asyncio.gather(*tasks, return_exceptions=True)
