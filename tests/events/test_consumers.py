"""Log consumers: in order, at least once, concurrently, and no pending marker is lost."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from tests.support.workers import Worker, make_settings, running
from tests.support.world import PATIENCE_S, World, rows
from wasgo_chat.events.consumer_registry import CONSUMERS
from wasgo_chat.events.consumers import Handler, LogConsumer
from wasgo_chat.events.offsets import SeqRange
from wasgo_chat.notifications.task import NotificationTask

ALL = (*CONSUMERS, "test")

if TYPE_CHECKING:
    Link = asyncpg.Connection[asyncpg.Record]


class Seen:
    """The events that a consumer received, by conversation."""

    def __init__(self) -> None:
        self.seqs: dict[UUID, list[int]] = defaultdict(list)
        self.pages = 0

    async def __call__(self, connection: "Link", spans: Sequence[SeqRange]) -> Sequence[object]:
        self.pages += 1
        for span in spans:
            self.seqs[span.conversation_id] += range(span.after + 1, span.up_to + 1)
        return []


@pytest.fixture
async def quiet_worker(quiet_database: str) -> AsyncIterator[Worker]:
    async with running(make_settings(quiet_database)) as worker:
        # The worker's own consumer runs as well, and knows those of the tests.
        worker.parts.part(NotificationTask).consumer._consumers = list(ALL)
        yield worker


@pytest.fixture
async def quiet(quiet_worker: Worker) -> AsyncIterator[World]:
    made = World(quiet_worker)
    yield made
    await made.close()


async def notes(world: World, chat: Any) -> list[int]:
    return [
        row.head
        for row in await rows(world.worker, "SELECT head FROM pending WHERE conversation_id = :id", id=chat["id"])
    ]


async def cursor(world: World, chat: Any, reader: str = "test") -> int | None:
    query = "SELECT seq FROM reader_cursors WHERE reader = :reader AND conversation_id = :id"
    found = await rows(world.worker, query, reader=reader, id=chat["id"])
    return found[0].seq if found else None


Make = Callable[[World, Handler], LogConsumer]


@pytest.fixture
async def reader_of(quiet_worker: Worker) -> AsyncIterator[Make]:
    made: list[LogConsumer] = []

    def make(world: World, handle: Handler) -> LogConsumer:
        made.append(LogConsumer(world.worker.db, world.worker.db, "test", handle, consumers=ALL))
        return made[-1]

    yield make
    for reader in made:
        await reader.close()


async def all_read(reader: LogConsumer) -> None:
    while await reader.poll():
        pass


async def swept(world: World, chat: Any) -> None:
    """Wait until the consumer of the service has deleted the pending marker."""
    async with asyncio.timeout(PATIENCE_S):
        while await notes(world, chat):  # noqa: ASYNC110  polling is the point
            await asyncio.sleep(0.02)


async def test_every_event_arrives_in_order_page_by_page(quiet: World, reader_of: Make) -> None:
    ana, bo = quiet.people("ana", "bo")
    chat = await ana.direct(bo)
    for number in range(120):
        await ana.send(chat, str(number))
    seen = Seen()
    await all_read(reader_of(quiet, seen))
    assert seen.seqs[UUID(chat["id"])] == list(range(1, 121))
    assert seen.pages == 3
    assert await cursor(quiet, chat) == 120
    await all_read(reader_of(quiet, seen))
    assert seen.pages == 3


async def test_a_pending_marker_waits_for_every_consumer(quiet: World, reader_of: Make) -> None:
    ana, bo = quiet.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    test = reader_of(quiet, Seen())
    async with asyncio.timeout(PATIENCE_S):
        while await cursor(quiet, chat, CONSUMERS[0]) != 1:  # noqa: ASYNC110  polling is the point
            await asyncio.sleep(0.02)
    await test.delete_done_markers()
    assert await notes(quiet, chat) == [1]
    await all_read(test)
    assert await notes(quiet, chat) == []


async def test_a_failing_handler_gets_the_same_events_again_and_blocks_no_other_conversation(
    quiet: World, reader_of: Make
) -> None:
    ana, bo, cy = quiet.people("ana", "bo", "cy")
    broken, sound = await ana.direct(bo), await ana.direct(cy)
    seen, failures = Seen(), [UUID(broken["id"])]

    async def handle(connection: "Link", spans: Sequence[SeqRange]) -> Sequence[object]:
        await connection.execute("UPDATE users SET locale = 'xx' WHERE id = $1", ana.id)
        if {span.conversation_id for span in spans} & set(failures):
            if len(spans) == 1:
                failures.clear()
            raise RuntimeError("cannot handle this")
        return await seen(connection, spans)

    for chat in (broken, sound):
        await ana.send(chat)
    reader = reader_of(quiet, handle)
    assert await reader.poll() == 1
    assert (await cursor(quiet, broken), await cursor(quiet, sound)) == (None, 1)
    async with asyncio.timeout(PATIENCE_S):
        while not await reader.poll():  # noqa: ASYNC110  it rests for a second first
            await asyncio.sleep(0.05)
    assert dict(seen.seqs) == {UUID(broken["id"]): [1], UUID(sound["id"]): [1]}


async def test_a_crash_before_the_commit_repeats_the_events(quiet: World, reader_of: Make) -> None:
    ana, bo = quiet.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    reached, seen = asyncio.Event(), Seen()

    async def hang(connection: "Link", spans: Sequence[SeqRange]) -> Sequence[object]:
        reached.set()
        return await asyncio.Future()

    crashing = asyncio.create_task(reader_of(quiet, hang).poll())
    await reached.wait()
    second = reader_of(quiet, seen)
    assert await second.consume(UUID(chat["id"])) == 0, "another consumer has claimed it"
    crashing.cancel()
    await asyncio.gather(crashing, return_exceptions=True)
    async with asyncio.timeout(PATIENCE_S):
        while not seen.seqs[UUID(chat["id"])]:  # PostgreSQL notices the lost connection a moment later
            await all_read(second)
            await asyncio.sleep(0.02)
    assert seen.seqs[UUID(chat["id"])] == [1]


async def test_a_send_between_handling_and_deletion_keeps_the_marker(quiet: World, reader_of: Make) -> None:
    ana, bo = quiet.people("ana", "bo")
    chat = await ana.direct(bo)
    seen = Seen()
    test = reader_of(quiet, seen)
    await ana.send(chat)
    await test.consume(UUID(chat["id"]))
    await ana.send(chat)
    await test.delete_done_markers()
    assert await notes(quiet, chat) == [2]
    await all_read(test)
    assert seen.seqs[UUID(chat["id"])] == [1, 2]
    await swept(quiet, chat)


async def test_an_uncommitted_send_keeps_the_marker_and_is_not_waited_for(quiet: World, reader_of: Make) -> None:
    ana, bo = quiet.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    test = reader_of(quiet, Seen())
    async with quiet.worker.db.transaction() as tx:
        # A send that is not committed yet.
        raised = text("UPDATE pending SET head = head + 1 WHERE conversation_id = :id")
        await tx.execute(raised, {"id": chat["id"]})
        event = (
            "INSERT INTO events (conversation_id, seq, type, created_at) VALUES (:id, 2, 'participant_added', now())"
        )
        await tx.execute(text(event), {"id": chat["id"]})
        async with asyncio.timeout(2):
            await test.consume(UUID(chat["id"]))
            await test.delete_done_markers()
    assert await cursor(quiet, chat) == 1
    assert await notes(quiet, chat) == [2]
    await all_read(test)


async def test_a_marker_left_by_a_crash_is_deleted(quiet: World, reader_of: Make) -> None:
    ana, bo = quiet.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    test = reader_of(quiet, Seen())
    await test.consume(UUID(chat["id"]))
    assert await test.poll() == 0
    await swept(quiet, chat)


async def test_many_concurrent_consumers_share_the_work_and_keep_the_order(quiet: World, reader_of: Make) -> None:
    people = quiet.people("ana", "bo", "cy", "di")
    ana, others = people[0], people[1:]
    chats = [await ana.direct(other) for other in others]
    seen = Seen()
    readers = [reader_of(quiet, seen) for _ in range(3)]
    reading = [asyncio.create_task(reader.run()) for reader in readers]
    for number in range(40):
        await asyncio.gather(*(ana.send(chat, str(number)) for chat in chats))
    async with asyncio.timeout(2 * PATIENCE_S):
        while [await cursor(quiet, chat) for chat in chats] != [40, 40, 40]:  # noqa: ASYNC110  a row is all there is to see
            await asyncio.sleep(0.02)
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    for chat in chats:
        assert seen.seqs[UUID(chat["id"])] == list(range(1, 41))
