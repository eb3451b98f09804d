"""Background tasks of a worker: a set that keeps them referenced, and the loop that most of them run."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
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
        """Start a task. An unexpected error is logged with its traceback."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def stop(self) -> None:
        """Cancel all tasks and wait until they have ended."""
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
    """Cancel tasks, repeatedly, until they have ended.

    Cancelling once is not enough: before Python 3.12, `asyncio.wait_for` (used by redis-py) can swallow a cancellation
    that arrives at the moment it completes, and the task would continue.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=0.1)
    await asyncio.gather(*tasks, return_exceptions=True)


async def forever(
    step: Callable[[], Awaitable[object]],
    *,
    failure: str,
    every_s: float | Callable[[], float] = 0.0,
    wake: asyncio.Event | None = None,
    expected: tuple[type[Exception], ...] = (),
    **fields: object,
) -> None:
    """Run a step again and again until cancelled. No error ends the loop: a dependency may be back at the next step.

    Args:
        step: one iteration.
        failure: the log event of a step that failed. A `ChatError` or an expected error is logged as a warning, any
            other with its traceback.
        every_s: how long to wait between two steps, in seconds; a callable is asked each time.
        wake: ends a wait early when set. It is cleared before each step, so that no wake-up is lost.
        expected: further exceptions that mean that a dependency is unavailable.
        fields: logged with each failure.
    """
    while True:
        if wake is not None:
            wake.clear()
        try:
            await step()
        except ChatError as error:
            log.warning(failure, error=error.code, **fields)
        except expected as error:
            log.warning(failure, error=type(error).__name__, **fields)
        except Exception:
            log.exception(failure, **fields)
        delay_s = every_s() if callable(every_s) else every_s
        if wake is None:
            await asyncio.sleep(delay_s)
        else:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await wake.wait()
