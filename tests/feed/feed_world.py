"""A world with sequencers and consumers that a test runs step by step."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from tests.support.servers import database_url
from tests.support.workers import Worker
from tests.support.world import Json, World, rows
from wasgo_chat.database.session import Database
from wasgo_chat.feature_registry import CONSUMERS
from wasgo_chat.feed.consumer import FeedConsumer, role_of
from wasgo_chat.feed.handler import FeedEvent, Handler
from wasgo_chat.feed.leadership import Leadership
from wasgo_chat.feed.sequencer import ROLE, Sequencer

if TYPE_CHECKING:
    Link = asyncpg.Connection[asyncpg.Record]

TAKE_ROLE = "SELECT pg_advisory_lock(hashtextextended('wasgo-chat ' || $1::text, 0))"
POOL_SIZE = 30
ROLES = (ROLE, *(role_of(consumer.name) for consumer in CONSUMERS))


@asynccontextmanager
async def roles_taken(database: str) -> "AsyncIterator[Link]":
    """A session that has all roles, as another worker would."""
    connection = await asyncpg.connect(database_url(database))
    try:
        for role in ROLES:
            await connection.execute(TAKE_ROLE, role)
        yield connection
    finally:
        await connection.close()


class BelievesToLead(Leadership):
    """The leadership of a worker that believes that it has every role, whoever else has it."""

    def holds(self, role: str) -> bool:
        return True


class Seen:
    """A handler that remembers the events that were committed, and fails for those in `refused`."""

    def __init__(self) -> None:
        self.events: list[FeedEvent] = []
        self.refused: set[tuple[UUID, int]] = set()
        self.pages = 0

    async def __call__(self, connection: "Link", events: Sequence[FeedEvent]) -> Sequence[object]:
        self.pages += 1
        if {(event.conversation_id, event.seq) for event in events} & self.refused:
            raise RuntimeError("cannot handle this")
        self.events += events
        return []

    def seqs(self, chat: Json) -> list[int]:
        return [event.seq for event in self.events if str(event.conversation_id) == chat["id"]]


class FeedWorld(World):
    """A world, and what a test runs on its database."""

    def __init__(self, world: World) -> None:
        super().__init__(world.worker)
        self._made: list[Sequencer | FeedConsumer] = []
        self._db = Database(world.worker.settings, pool_size=POOL_SIZE)
        self._leads = BelievesToLead(self._db, [])

    def sequencer(self, db: Database | None = None) -> Sequencer:
        """A sequencer on a connection of its own."""
        pool = db or self._db
        made = Sequencer(self._db, pool, pool, self._leads, keep_days=30)
        self._made.append(made)
        return made

    def consumer(self, name: str, handle: Handler, *, has_history: bool = False) -> FeedConsumer:
        made = FeedConsumer(self._db, self._db, self._leads, name, handle, has_history=has_history)
        self._made.append(made)
        return made

    async def sequenced(self) -> list[Any]:
        """Append everything that is committed, and return the feed."""
        await append_all(self.sequencer())
        return await feed_of(self.worker)

    async def close(self) -> None:
        for made in self._made:
            await made.close()
        await self._db.close()
        await super().close()


async def append_all(sequencer: Sequencer) -> None:
    """Append everything that is committed."""
    while (batch := await sequencer.append_batch()).events or batch.has_more:
        pass


async def consume_all(consumer: FeedConsumer) -> None:
    while await consumer.poll():
        pass


async def feed_of(worker: Worker) -> list[Any]:
    """The feed in the order of its positions."""
    return await rows(worker, "SELECT * FROM feed ORDER BY position")


async def assert_complete(worker: Worker) -> None:
    """The feed has every event of every log once, in the order of `seq`, with consecutive positions."""
    events = await feed_of(worker)
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert all(a.sequenced_at <= b.sequenced_at for a, b in pairwise(events))
    seqs: dict[UUID, list[int]] = defaultdict(list)
    for event in events:
        seqs[event.conversation_id].append(event.seq)
    heads = {row.id: row.last_seq for row in await rows(worker, "SELECT id, last_seq FROM conversations")}
    assert seqs == {key: list(range(1, head + 1)) for key, head in heads.items() if head}
    assert await rows(worker, "SELECT * FROM pending") == []


async def cancelled(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
