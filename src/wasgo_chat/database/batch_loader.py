"""Batches lookups by key (compare DataLoader): keys requested while a statement runs are fetched by the next one.

A thousand sockets that reconnect at once cost a handful of statements.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from wasgo_chat.database.pinned import PinnedConnection

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MAX_BATCH = 500


class BatchLoader(Generic[Key, Value]):
    """A batched lookup.

    Args:
        direct: a connection for these lookups only.
        fetch: fetches many keys with one statement; missing keys are left out of its result.
    """

    def __init__(
        self,
        direct: PinnedConnection,
        fetch: Callable[[PinnedConnection, Sequence[Key]], Awaitable[Mapping[Key, Value]]],
    ) -> None:
        self._direct = direct
        self._fetch = fetch
        self._pending: dict[Key, list[asyncio.Future[Value | None]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def find(self, key: Key) -> Value | None:
        """The current value of `key`, or None. The statement starts after this call, so it never returns older data.

        Raises:
            Unavailable: the database does not respond.
        """
        outcome: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        self._pending.setdefault(key, []).append(outcome)
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return await outcome

    async def close(self) -> None:
        """Stop the task and release the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._direct.close()

    async def _work(self) -> None:
        try:
            while self._pending:
                keys = list(self._pending)[:MAX_BATCH]
                batch = {key: self._pending.pop(key) for key in keys}
                try:
                    values = await self._fetch(self._direct, keys)
                except BaseException as error:
                    for outcome in _waiting(batch.values()):
                        outcome.set_exception(error)
                    if not isinstance(error, Exception):
                        raise
                else:
                    for key, outcomes in batch.items():
                        for outcome in _waiting([outcomes]):
                            outcome.set_result(values.get(key))
        finally:
            self._task = None


def _waiting(pending: Iterable[Iterable["asyncio.Future[Value | None]"]]) -> "Iterator[asyncio.Future[Value | None]]":
    """The futures whose callers have not been cancelled."""
    return (outcome for outcomes in pending for outcome in outcomes if not outcome.done())
