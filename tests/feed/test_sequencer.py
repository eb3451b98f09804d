"""The sequencer: positions follow commits, without gaps, whatever happens to it and however many run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from tests.feed.feed_world import FeedWorld, append_all, assert_complete, cancelled, feed_of, roles_taken
from tests.support.proxy import Proxy, proxy_to
from tests.support.workers import make_settings, running
from tests.support.world import Json, Person, rows, wait_until, world_with
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.session import Database
from wasgo_chat.feed import sequencer as sequencer_module
from wasgo_chat.feed.partitions import DAYS_AHEAD
from wasgo_chat.feed.sequencer import Sequencer

WRITERS = 8
MESSAGES = 25
WAITING = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'wasgo-chat' AND wait_event_type = 'Lock'"


async def until_waiting(feed: FeedWorld) -> None:
    """Wait until a session waits for a lock."""
    async with asyncio.timeout(5):
        while not await rows(feed.worker, WAITING):  # noqa: ASYNC110  rows are all there is to see
            await asyncio.sleep(0.01)


async def write(person: Person, chats: list[Json]) -> list[tuple[str, int]]:
    """Send one message after the other, to one conversation after the other. Returns them in the order of the acks."""
    sent = []
    for number in range(MESSAGES):
        chat = chats[number % len(chats)]
        sent.append((chat["id"], (await person.send(chat, str(number)))["seq"]))
    return sent


async def sequence(sequencer: Sequencer) -> None:
    while True:
        await sequencer.append_batch()
        await asyncio.sleep(0)


async def test_positions_follow_commits_under_eight_writers_and_a_long_transaction(feed: FeedWorld) -> None:
    ana, *others = feed.people("ana", *(f"p{number}" for number in range(WRITERS)))
    chats = [await ana.direct(other) for other in others]
    group = await feed.job(admin=ana, **{f"participant_{n}": other for n, other in enumerate(others)})
    seen: list[tuple[int, str, int]] = []

    async def follow() -> None:
        while True:
            after = seen[-1][0] if seen else 0
            query = "SELECT position, conversation_id, seq FROM feed WHERE position > :after ORDER BY position"
            seen.extend(
                (row.position, str(row.conversation_id), row.seq) for row in await rows(feed.worker, query, after=after)
            )
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(sequence(feed.sequencer())), asyncio.create_task(follow())]
    async with feed.worker.db.transaction() as tx:  # it has the lowest transaction id, and ends last
        await tx.execute(text("UPDATE users SET locale = 'xx' WHERE id = :id"), {"id": ana.id})
        sent = await asyncio.gather(*(write(other, [chats[n], group]) for n, other in enumerate(others)))
    await append_all(feed.sequencer())
    found = await feed_of(feed.worker)
    await wait_until(lambda: len(seen) == len(found))
    await cancelled(*tasks)
    await assert_complete(feed.worker)
    assert seen == [(row.position, str(row.conversation_id), row.seq) for row in found], "a reader has missed events"
    positions = {(chat, seq): position for position, chat, seq in seen}
    for mine in sent:  # each message was committed before the next one was sent
        assert [positions[key] for key in mine] == sorted(positions[key] for key in mine)


async def test_an_uncommitted_event_holds_back_nothing_and_gets_its_position_after_its_commit(feed: FeedWorld) -> None:
    ana, bo, cy = feed.people("ana", "bo", "cy")
    slow, other = await ana.direct(bo), await ana.direct(cy)
    await ana.send(slow, "committed before")
    async with feed.worker.db.transaction() as tx:
        values = {"id": slow["id"]}
        await tx.execute(text("UPDATE conversations SET last_seq = last_seq + 1 WHERE id = :id"), values)
        await tx.execute(text("UPDATE pending SET head = head + 1 WHERE conversation_id = :id"), values)
        event = (
            "INSERT INTO events (conversation_id, seq, type, created_at) VALUES (:id, 2, 'participant_added', now())"
        )
        await tx.execute(text(event), values)
        await ana.send(other)
        async with asyncio.timeout(2):
            assert len(await feed.sequenced()) == 2, "the committed ones, also of the locked conversation"
    found = await feed.sequenced()
    assert [(str(row.conversation_id), row.seq) for row in found][-1] == (slow["id"], 2)
    await assert_complete(feed.worker)


async def test_sequencers_that_all_believe_to_lead_neither_repeat_nor_miss_nor_reorder(feed: FeedWorld) -> None:
    ana, *others = feed.people("ana", *(f"p{number}" for number in range(WRITERS)))
    chats = [await ana.direct(other) for other in others]
    tasks = [asyncio.create_task(sequence(feed.sequencer())) for _ in range(3)]
    await asyncio.gather(*(write(other, [chats[n]]) for n, other in enumerate(others)))
    await cancelled(*tasks)
    await append_all(feed.sequencer())
    await assert_complete(feed.worker)


async def test_a_sequencer_that_was_overtaken_appends_nothing_and_continues_after_the_other(feed: FeedWorld) -> None:
    ana, bo = feed.people("ana", "bo")
    chat = await ana.direct(bo)
    first, second = feed.sequencer(), feed.sequencer()
    await ana.send(chat)
    assert (await first.append_batch()).events == 1
    await ana.send(chat)
    assert (await second.append_batch()).events == 1
    await ana.send(chat)
    assert (await first.append_batch()).events == 0, "it expected the end that it knew"
    assert (await first.append_batch()).events == 1
    await assert_complete(feed.worker)


LOCKED = {
    "at the end of the feed": "SELECT FROM feed_end FOR UPDATE",
    "at the heads": "SELECT FROM feed_heads FOR UPDATE",
    "at the feed": "LOCK TABLE feed IN EXCLUSIVE MODE",
    "at the markers": "LOCK TABLE pending IN EXCLUSIVE MODE",
}


@pytest.mark.parametrize("step", LOCKED)
async def test_a_sequencer_killed_at_any_step_leaves_the_feed_as_it_was(feed: FeedWorld, step: str) -> None:
    ana, bo = feed.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    assert len(await feed.sequenced()) == 1
    for number in range(3):
        await ana.send(chat, str(number))
    async with feed.worker.db.transaction() as tx:
        await tx.execute(text(LOCKED[step]))
        dying = asyncio.create_task(feed.sequencer().append_batch())
        await until_waiting(feed)
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        await rows(feed.worker, kill)
        with pytest.raises(Unavailable):
            await dying
    assert len(await feed_of(feed.worker)) == 1
    assert len(await feed.sequenced()) == 4
    await assert_complete(feed.worker)


@asynccontextmanager
async def behind_proxy(feed: FeedWorld) -> AsyncIterator[tuple[Proxy, Database]]:
    """A pool whose connections go through a proxy."""
    settings = feed.worker.settings
    folder = parse_qs(urlsplit(settings.database_url).query)["host"][0]
    async with proxy_to(Path(folder) / ".s.PGSQL.5432") as proxy:
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}{urlsplit(settings.database_url).path}"
        db = Database(settings.model_copy(update={"database_url": url}))
        try:
            yield proxy, db
        finally:
            proxy.disconnect()
            await db.close()


async def test_a_commit_whose_answer_is_lost_is_not_repeated(feed: FeedWorld) -> None:
    ana, bo = feed.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    async with behind_proxy(feed) as (proxy, db):
        sequencer = feed.sequencer(db)
        assert (await sequencer.append_batch()).events == 1
        await ana.send(chat)
        async with feed.worker.db.transaction() as tx:
            await tx.execute(text(LOCKED["at the end of the feed"]))
            lost = asyncio.create_task(sequencer.append_batch())
            await until_waiting(feed)
            proxy.hold_responses()
        async with asyncio.timeout(5):
            while len(await feed_of(feed.worker)) < 2:  # noqa: ASYNC110  rows are all there is to see
                await asyncio.sleep(0.01)  # the commit has happened
        proxy.disconnect()
        with pytest.raises(Unavailable):
            await lost
        await sequencer.close()
    await ana.send(chat)
    assert len(await feed.sequenced()) == 3
    await assert_complete(feed.worker)


async def test_a_backlog_is_appended_in_parts_in_turns(feed: FeedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CONVERSATIONS": 2, "EVENTS": 4, "EVENTS_PER_CONVERSATION": 3}.items():
        monkeypatch.setattr(sequencer_module, name, value)
    ana, *others = feed.people("ana", "bo", "cy", "di")
    chats = [await ana.direct(other) for other in others]
    for chat in chats:
        for number in range(7):
            await ana.send(chat, str(number))
    sequencer = feed.sequencer()
    for _ in range(2):
        assert (await sequencer.append_batch()).has_more
    assert {str(row.conversation_id) for row in await feed_of(feed.worker)} == {chat["id"] for chat in chats}
    await append_all(sequencer)
    await assert_complete(feed.worker)


async def test_the_order_of_seq_survives_a_clock_that_was_set_back(feed: FeedWorld) -> None:
    ana, bo = feed.people("ana", "bo")
    chat = await ana.direct(bo)
    for number in range(4):
        await ana.send(chat, str(number))
    async with feed.worker.db.transaction() as tx:
        await tx.execute(text("UPDATE events SET created_at = created_at - seq * interval '1 hour'"))
    assert [row.seq for row in await feed.sequenced()] == [1, 2, 3, 4]


async def test_the_sequencer_creates_a_partition_that_is_missing(feed: FeedWorld) -> None:
    ana, bo = feed.people("ana", "bo")
    await ana.send(await ana.direct(bo))
    partitions = "SELECT 1 FROM pg_inherits WHERE inhparent = 'feed'::regclass"
    assert await rows(feed.worker, partitions.replace("::", r"\:\:")) == []
    assert len(await feed.sequenced()) == 1
    assert len(await rows(feed.worker, partitions.replace("::", r"\:\:"))) == DAYS_AHEAD + 1


async def test_a_log_without_a_marker_is_found_by_the_next_sequencer(quiet_database: str) -> None:
    async with roles_taken(quiet_database), world_with(make_settings(quiet_database)) as world:
        ana, bo = world.people("ana", "bo")
        await ana.send(await ana.direct(bo))
        async with world.worker.db.transaction() as tx:  # as an earlier release did
            await tx.execute(text("DELETE FROM pending"))
    async with running(make_settings(quiet_database)) as worker:
        async with asyncio.timeout(5):
            while not await feed_of(worker):  # noqa: ASYNC110  rows are all there is to see
                await asyncio.sleep(0.02)
        await assert_complete(worker)
