"""The tail: which conversations have changed, for the sockets of a worker, with one query."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.feed.feed_world import FeedWorld, cancelled
from tests.support.workers import make_settings, running
from tests.support.world import wait_until, world_with
from wasgo_chat.feed.tail import Changes, FeedTail


class Heard:
    """What the listeners of a tail were told."""

    def __init__(self, tail: FeedTail) -> None:
        self.heads: dict[UUID, int] = {}
        self.calls = self.resets = 0
        tail.add_listener(self._changed, on_reset=self._reset)

    def _changed(self, changes: Changes) -> None:
        self.calls += 1
        self.heads |= changes

    def _reset(self) -> None:
        self.resets += 1


@pytest.fixture
async def tail(feed: FeedWorld) -> AsyncIterator[FeedTail]:
    made = FeedTail(feed.worker.db)
    await made.start()
    following = asyncio.create_task(made.run())
    yield made
    await cancelled(following)


async def test_one_call_names_every_conversation_that_changed_with_its_head(feed: FeedWorld, tail: FeedTail) -> None:
    heard = Heard(tail)
    ana, *others = feed.people("ana", "bo", "cy", "di")
    chats = [await ana.direct(other) for other in others]
    for _ in range(3):
        for chat in chats:
            await ana.send(chat)
    await feed.sequenced()
    tail.wake()
    await wait_until(lambda: tail.position == 9)
    assert heard.heads == {UUID(chat["id"]): 3 for chat in chats}
    assert heard.calls == 1


async def test_a_tail_that_nobody_wakes_follows_within_two_seconds(feed: FeedWorld, tail: FeedTail) -> None:
    heard = Heard(tail)
    ana, bo = feed.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    await feed.sequenced()
    async with asyncio.timeout(2):
        await wait_until(lambda: heard.heads == {UUID(chat["id"]): 1})


async def test_a_listener_that_fails_does_not_keep_the_others_from_hearing(feed: FeedWorld, tail: FeedTail) -> None:
    def fail(changes: Changes) -> None:
        raise RuntimeError

    tail.add_listener(fail)
    heard = Heard(tail)
    ana, bo = feed.people("ana", "bo")
    await ana.send(await ana.direct(bo))
    await feed.sequenced()
    tail.wake()
    await wait_until(lambda: heard.calls == 1)


async def test_a_feed_that_went_back_is_noticed(feed: FeedWorld, tail: FeedTail) -> None:
    heard = Heard(tail)
    ana, bo = feed.people("ana", "bo")
    await ana.send(await ana.direct(bo))
    await feed.sequenced()
    tail.wake()
    await wait_until(lambda: heard.calls == 1)
    async with feed.worker.db.transaction() as tx:  # as after a failover to a standby that lacked the commit
        await tx.execute(text("UPDATE feed_end SET position = 0"))
    tail.wake()
    await wait_until(lambda: heard.resets == 1)
    assert tail.position == 0


@pytest.mark.parametrize("redis", [{}, {"redis_url": None}], ids=["with Redis", "without Redis"])
async def test_workers_hear_of_events_of_other_workers(quiet_database: str, redis: dict[str, Any]) -> None:
    settings = make_settings(quiet_database, **redis)
    async with running(settings) as other, world_with(settings) as world:
        heard = Heard(other.parts.feed.tail)
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        await ana.send(chat)
        async with asyncio.timeout(2.5):
            await wait_until(lambda: UUID(chat["id"]) in heard.heads)
