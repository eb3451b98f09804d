"""Consumers of the feed: in order, at least once, with one offset; what fails holds back only its own conversation."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.feed.feed_world import FeedWorld, Seen, cancelled, consume_all
from tests.support.world import Json, rows
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.feed import consumer as consumer_module
from wasgo_chat.feed import parking, partitions
from wasgo_chat.feed.consumer import TooManyParked
from wasgo_chat.feed.handler import FeedEvent

if TYPE_CHECKING:
    from tests.feed.feed_world import Link

DUE = "UPDATE parked_events SET retry_at = now()"


async def offset_of(feed: FeedWorld, name: str = "test") -> int:
    (found,) = await rows(feed.worker, "SELECT position FROM feed_offsets WHERE consumer = :name", name=name)
    position: int = found.position
    return position


async def parked(feed: FeedWorld) -> list[tuple[str, int, int, int]]:
    query = "SELECT conversation_id, seq, up_to, attempts FROM parked_events ORDER BY seq"
    return [(str(row[0]), *row[1:]) for row in await rows(feed.worker, query)]


async def execute(feed: FeedWorld, statement: str) -> None:
    async with feed.worker.db.transaction() as tx:
        await tx.execute(text(statement))


async def test_every_event_arrives_in_the_order_of_the_feed_page_by_page(
    feed: FeedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "PAGE", 50)
    ana, bo, cy = feed.people("ana", "bo", "cy")
    chats = [await ana.direct(bo), await ana.direct(cy)]
    seen = Seen()
    consumer = feed.consumer("test", seen)
    await consumer.poll()  # it begins here
    for number in range(120):
        await ana.send(chats[number % 2], str(number))
    expected = [(row.position, str(row.conversation_id), row.seq, row.type) for row in await feed.sequenced()]
    await consume_all(consumer)
    assert [(one.position, str(one.conversation_id), one.seq, one.type) for one in seen.events] == expected
    assert (seen.pages, await offset_of(feed)) == (3, 120)
    await consume_all(consumer)
    assert seen.pages == 3, "an offset is passed once"


async def test_a_consumer_that_is_new_begins_at_the_end_or_reads_all_logs(feed: FeedWorld) -> None:
    ana, bo = feed.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    await feed.sequenced()
    present, index = Seen(), Seen()
    consumers = feed.consumer("present", present), feed.consumer("index", index, has_history=True)
    for consumer in consumers:
        await consume_all(consumer)
    await ana.send(chat)
    await feed.sequenced()
    for consumer in consumers:
        await consume_all(consumer)
    assert present.seqs(chat) == [2]
    assert index.seqs(chat) == [1, 2]


async def test_a_crash_before_the_commit_repeats_the_events_on_another_worker(feed: FeedWorld) -> None:
    ana, bo = feed.people("ana", "bo")
    chat = await ana.direct(bo)
    reached, seen = asyncio.Event(), Seen()

    async def hang(connection: "Link", events: Sequence[FeedEvent]) -> Sequence[object]:
        reached.set()
        return await asyncio.Future()

    dying, second = feed.consumer("test", hang), feed.consumer("test", seen)
    await dying.poll()
    await ana.send(chat)
    await feed.sequenced()
    crashing = asyncio.create_task(dying.poll())
    await reached.wait()
    assert await second.poll() == 0, "another worker handles them"
    await cancelled(crashing)
    async with asyncio.timeout(5):
        while not seen.events:  # PostgreSQL notices the lost connection a moment later
            await second.poll()
            await asyncio.sleep(0.01)
    assert seen.seqs(chat) == [1]


async def test_what_the_handler_writes_is_committed_with_the_offset_or_not_at_all(feed: FeedWorld) -> None:
    ana, bo = feed.people("ana", "bo")
    chat = await ana.direct(bo)
    fails = True

    async def note(connection: "Link", events: Sequence[FeedEvent]) -> Sequence[object]:
        await connection.execute("UPDATE users SET locale = COALESCE(locale, '') || 'x' WHERE id = $1", ana.id)
        if fails:
            raise ConnectionResetError  # as if the database went away
        return []

    async def locale() -> str:
        (row,) = await rows(feed.worker, "SELECT locale FROM users WHERE id = :id", id=ana.id)
        return row.locale or ""

    consumer = feed.consumer("test", note)
    await consumer.poll()
    await ana.send(chat)
    await feed.sequenced()
    before = await locale()
    with pytest.raises(Unavailable):
        await consumer.poll()
    assert (await locale(), await offset_of(feed), await parked(feed)) == (before, 0, [])
    fails = False
    await consume_all(consumer)
    assert (await locale(), await offset_of(feed)) == (f"{before}x", 1)


async def test_an_event_that_cannot_be_handled_is_parked_and_holds_back_only_its_conversation(feed: FeedWorld) -> None:
    ana, bo, cy = feed.people("ana", "bo", "cy")
    broken, sound = await ana.direct(bo), await ana.direct(cy)
    seen = Seen()
    consumer = feed.consumer("test", seen)
    await consumer.poll()
    for chat in (broken, sound, broken, sound, broken):
        await ana.send(chat)
    await feed.sequenced()
    seen.refused = {(UUID(broken["id"]), 2)}
    await consume_all(consumer)
    assert (seen.seqs(broken), seen.seqs(sound)) == ([1], [1, 2])
    assert await parked(feed) == [(broken["id"], 2, 3, 1)]
    await ana.send(broken)
    await ana.send(sound)
    await feed.sequenced()
    await consume_all(consumer)
    assert (seen.seqs(broken), seen.seqs(sound)) == ([1], [1, 2, 3]), "later ones of its conversation wait"
    assert await offset_of(feed) == 7
    await execute(feed, DUE)
    await consume_all(feed.consumer("test", seen))
    ((_, seq, up_to, attempts),) = await parked(feed)
    assert (seq, up_to, attempts) == (2, 4, 2), "it failed again"
    seen.refused = set()
    await execute(feed, DUE)
    await consume_all(feed.consumer("test", seen))
    assert seen.seqs(broken) == [1, 2, 3, 4]
    assert await parked(feed) == []


async def test_a_consumer_that_fails_for_everything_stops_instead_of_parking_everything(
    feed: FeedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "MAX_PARKED", 2)
    people = feed.people("ana", "bo", "cy", "di", "ed")
    chats = [await people[0].direct(other) for other in people[1:]]
    seen = Seen()
    consumer = feed.consumer("test", seen)
    await consumer.poll()
    for chat in chats:
        await people[0].send(chat)
    await feed.sequenced()
    seen.refused = {(UUID(chat["id"]), 1) for chat in chats}
    with pytest.raises(TooManyParked):
        await consume_all(consumer)
    assert (len(await parked(feed)), await offset_of(feed)) == (2, 2)
    seen.refused = set()
    await consume_all(consumer)
    await execute(feed, DUE)
    await consume_all(feed.consumer("test", seen))
    assert sorted(event.seq for event in seen.events) == [1, 1, 1, 1]


async def age(feed: FeedWorld, *, days: int) -> None:
    """Make the feed so much older, in partitions of its days."""
    (found,) = await rows(feed.worker, "SELECT min(sequenced_at) AS at FROM feed")
    for ahead in (0, 1):
        day = found.at.astimezone(UTC).date() - timedelta(days=days - ahead)
        name, after = partitions.partition_of(day), day + timedelta(days=1)
        await execute(feed, f"CREATE TABLE {name} PARTITION OF feed FOR VALUES FROM ('{day} +0') TO ('{after} +0')")
    for table in ("feed", "feed_offsets", "feed_end"):
        await execute(feed, f"UPDATE {table} SET sequenced_at = sequenced_at - interval '{days} days'")


async def drop_old(feed: FeedWorld) -> list[str]:
    connection = PinnedConnection(feed.worker.db)
    try:
        return await partitions.drop_expired(connection, keep_days=30)
    finally:
        await connection.close()


async def test_a_consumer_that_was_away_for_longer_than_the_feed_is_kept_reads_all_logs(feed: FeedWorld) -> None:
    ana, bo, cy = feed.people("ana", "bo", "cy")
    chats = [await ana.direct(bo), await ana.direct(cy)]
    index, present = Seen(), Seen()
    consumers = [feed.consumer("index", index, has_history=True), feed.consumer("present", present)]
    for consumer in consumers:
        await consume_all(consumer)
    for _ in range(3):
        for chat in chats:
            await ana.send(chat)
    await feed.sequenced()
    await age(feed, days=40)
    assert datetime.now(UTC).date() - timedelta(days=40) in [partitions.day_of(name) for name in await drop_old(feed)]
    assert await drop_old(feed) == []
    await ana.send(chats[0])
    await feed.sequenced()
    for consumer in consumers:
        await consume_all(consumer)
    assert [index.seqs(chat) for chat in chats] == [[1, 2, 3, 4], [1, 2, 3]], "all logs"
    assert [present.seqs(chat) for chat in chats] == [[4], []], "only what the feed still has"
    assert await offset_of(feed, "index") == await offset_of(feed, "present") == 7


async def test_a_partition_is_dropped_while_a_transaction_reads_the_feed_and_blocks_nobody(feed: FeedWorld) -> None:
    ana, bo = feed.people("ana", "bo")
    chat: Json = await ana.direct(bo)
    await ana.send(chat)
    await feed.sequenced()
    await age(feed, days=40)
    await ana.send(chat)
    await feed.sequenced()
    async with feed.worker.db.transaction() as reading:
        await reading.execute(text("SELECT count(*) FROM feed"))
        dropping = asyncio.create_task(drop_old(feed))
        waiting = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%DETACH%' AND wait_event_type = 'Lock'"
        async with asyncio.timeout(5):
            while not await rows(feed.worker, waiting):  # noqa: ASYNC110  a session is all there is to see
                await asyncio.sleep(0.01)
        await ana.send(chat)
        async with asyncio.timeout(2):
            assert [row.seq for row in await feed.sequenced()] == [2, 3], "writers and readers go on"
    assert len(await dropping) >= 1
    assert [row.seq for row in await feed.sequenced()] == [2, 3]
