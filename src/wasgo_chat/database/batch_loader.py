"""Reading by key for many callers at once: while one statement runs, what is asked becomes the next one.

A thousand sockets that come back together cost a handful of statements this way, and each caller a few microseconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from wasgo_chat.database.driver import PinnedConnection

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MAX_BATCH = 500


class BatchLoader(Generic[Key, Value]):
    """One kind of lookup.

    Args:
        direct: the connection, for these lookups alone.
        fetch: finds many keys with one statement; those it does not name are not there.
    """

    def __init__(
        self,
        direct: PinnedConnection,
        fetch: Callable[[PinnedConnection, Sequence[Key]], Awaitable[Mapping[Key, Value]]],
    ) -> None:
        self._direct = direct
        self._fetch = fetch
        self._asked: dict[Key, list[asyncio.Future[Value | None]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def find(self, key: Key) -> Value | None:
        """What is there now: the statement begins after this call.

        Raises:
            Unavailable: the database does not answer.
        """
        outcome: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(key, []).append(outcome)
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return await outcome

    async def close(self) -> None:
        """End the task and give the connection back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._direct.close()

    async def _work(self) -> None:
        try:
            while self._asked:
                keys = list(self._asked)[:MAX_BATCH]
                asked = {key: self._asked.pop(key) for key in keys}
                try:
                    found = await self._fetch(self._direct, keys)
                except BaseException as error:
                    for outcome in _waiting(asked.values()):
                        outcome.set_exception(error)
                    if not isinstance(error, Exception):
                        raise
                else:
                    for key, outcomes in asked.items():
                        for outcome in _waiting([outcomes]):
                            outcome.set_result(found.get(key))
        finally:
            self._task = None


def _waiting(asked: Iterable[Iterable["asyncio.Future[Value | None]"]]) -> "Iterator[asyncio.Future[Value | None]]":
    """Those that nobody has given up on."""
    return (outcome for outcomes in asked for outcome in outcomes if not outcome.done())
