"""Purges one conversation step by step, with pages as large as the database can handle.

Notifications and read receipts of old messages, of which there may be thousands, are deleted in transactions of their
own: they need no lock on the conversation, so no sender waits for them. A statement that holds the lock may take at
most half of the time that senders wait for it; after a page that took longer, pages are smaller.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import text

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.errors import was_contention
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.messages import retention as messages
from wasgo_chat.notifications import retention as notifications
from wasgo_chat.retention import steps
from wasgo_chat.retention.steps import DueConversation, PurgeResult

ROWS_PER_EVENT = 4
"""Notifications or read receipts in a page, for each event in a page of events: they are small, and need no lock."""

_SET_TIMEOUT = "SELECT set_config('statement_timeout', :ms, true)"

Result = TypeVar("Result")


class AdaptivePager:
    """Runs pages of work with pauses between them, and halves the page size when the database cannot handle a page.

    Args:
        db: the database.
        rest_per_work: the length of the pause after a page, as a multiple of the page's duration.
    """

    def __init__(self, db: Database, rest_per_work: float) -> None:
        self.page = steps.PAGE
        self._db = db
        self._rest_per_work = rest_per_work
        self._max_s = min(db.settings.statement_timeout_s, db.settings.lock_timeout_s / 2)

    async def run(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        """Run `work`, which reads `page`, in a transaction. Retries with smaller pages until it succeeds.

        Raises:
            Unavailable: the database does not respond, or is too busy for a page of one.
        """
        while True:
            started = time.monotonic()
            results: list[Result] = []
            try:
                async with self._db.transaction() as tx:
                    await tx.execute(text(_SET_TIMEOUT), {"ms": str(max(1, int(self._max_s * 1000)))})
                    results.append(await work(tx))
            except Unavailable as error:
                if self.page == 1 or not was_contention(error):
                    raise
                results.clear()
            took_s = time.monotonic() - started
            if not results or took_s > self._max_s:
                self.page = max(1, self.page // 2)
            await asyncio.sleep(self._rest_per_work * took_s)
            if results:
                return results[0]


async def purge_one(db: Database, due: DueConversation, *, rest_per_work: float) -> PurgeResult:
    """Purge everything that is due in a conversation. An error does not undo the steps before it.

    Raises:
        Unavailable: the database does not respond, or is too busy for a page of one.
    """
    pager = AdaptivePager(db, rest_per_work)
    purged = PurgeResult()
    has_more = True
    while has_more:
        number = await pager.run(lambda tx: steps.next_number(tx, due, page=pager.page))
        if number is not None:
            await _delete_notifications(pager, due, number)
        step, page = await pager.run(lambda tx: _step(tx, due, pager.page))
        purged.add(step)
        # None were removed if a sender holds the lock: the next purge continues.
        has_more = step.events == page
    await _delete_read_receipts(pager, due)
    return purged


async def _step(tx: Tx, due: DueConversation, page: int) -> tuple[PurgeResult, int]:
    return await steps.step(tx, due, page=page), page


async def _delete_notifications(pager: AdaptivePager, due: DueConversation, number: int) -> None:
    """Delete the notifications of the messages up to a number."""

    async def delete_page(after: str, tx: Tx) -> str | None:
        page = ROWS_PER_EVENT * pager.page
        return await notifications.delete_for_messages(tx, due.conversation_id, number, after=after, page=page)

    after: str | None = ""
    while after is not None:
        after = await pager.run(partial(delete_page, after))


async def _delete_read_receipts(pager: AdaptivePager, due: DueConversation) -> None:
    async def delete_page(after: int, tx: Tx) -> int | None:
        page = ROWS_PER_EVENT * pager.page
        return await messages.delete_read_receipts(tx, due.conversation_id, after=after, before=due.before, page=page)

    after: int | None = 0
    while after is not None:
        after = await pager.run(partial(delete_page, after))
