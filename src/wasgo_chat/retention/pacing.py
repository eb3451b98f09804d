"""A conversation's turn in a purge: its steps one after the other, each as large as the database can take.

What hangs on old messages by the thousand, notifications and readings, goes in transactions of its own: nobody need
hold the conversation for it, and so nobody who sends there waits for it. A statement under the lock takes half as long,
at most, as senders wait; a page that took longer is followed by smaller ones.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import text

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.errors import was_contention
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.messages import retention
from wasgo_chat.notifications import retention as notices
from wasgo_chat.retention import steps
from wasgo_chat.retention.steps import DueConversation, PurgeResult

PER_EVENT = 4
"""Notifications and readings of a page, for each event of one: they are smaller, and nobody waits for them."""

_LONGEST = "SELECT set_config('statement_timeout', :ms, true)"

Done = TypeVar("Done")


class AdaptivePager:
    """Pages that halve whenever the database gives up on one, with rests between them.

    Args:
        db: where everything is.
        rest_per_work: how many times as long to rest as a page took.
    """

    def __init__(self, db: Database, rest_per_work: float) -> None:
        self.page = steps.PAGE
        self._db = db
        self._rest_per_work = rest_per_work
        self._longest_s = min(db.settings.statement_timeout_s, db.settings.lock_timeout_s / 2)

    async def run(self, work: Callable[[Tx], Awaitable[Done]]) -> Done:
        """One page in one transaction, which looks at `page` itself; smaller and smaller until it is done.

        Raises:
            Unavailable: the database does not answer, or is too busy for the smallest page.
        """
        while True:
            began = time.monotonic()
            done: list[Done] = []
            try:
                async with self._db.transaction() as tx:
                    await tx.execute(text(_LONGEST), {"ms": str(max(1, int(self._longest_s * 1000)))})
                    done.append(await work(tx))
            except Unavailable as error:
                if self.page == 1 or not was_contention(error):
                    raise
                done.clear()
            took_s = time.monotonic() - began
            if not done or took_s > self._longest_s:
                self.page = max(1, self.page // 2)
            await asyncio.sleep(self._rest_per_work * took_s)
            if done:
                return done[0]


async def purge_one(db: Database, due: DueConversation, *, rest_per_work: float) -> PurgeResult:
    """Everything that is due in a conversation. What was purged before an error stays so.

    Raises:
        Unavailable: the database does not answer, or is too busy for the smallest page.
    """
    paced = AdaptivePager(db, rest_per_work)
    purged = PurgeResult()
    is_more = True
    while is_more:
        number = await paced.run(lambda tx: steps.next_number(tx, due, page=paced.page))
        if number is not None:
            await _delete_page(paced, due, number)
        step, page = await paced.run(lambda tx: _step(tx, due, paced.page))
        purged.add(step)
        # Whoever holds it is sending there now: another turn will do.
        is_more = step.events == page
    await _drop_reads(paced, due)
    return purged


async def _step(tx: Tx, due: DueConversation, page: int) -> tuple[PurgeResult, int]:
    return await steps.step(tx, due, page=page), page


async def _delete_page(paced: AdaptivePager, due: DueConversation, number: int) -> None:
    async def forget(tx: Tx) -> str | None:
        return await notices.delete_for_messages(
            tx, due.conversation_id, number, after=after or "", page=PER_EVENT * paced.page
        )

    after: str | None = ""
    while after is not None:
        after = await paced.run(forget)


async def _drop_reads(paced: AdaptivePager, due: DueConversation) -> None:
    async def drop(tx: Tx) -> int | None:
        page = PER_EVENT * paced.page
        return await retention.delete_read_receipts(
            tx, due.conversation_id, after=after or 0, before=due.before, page=page
        )

    after: int | None = 0
    while after is not None:
        after = await paced.run(drop)
