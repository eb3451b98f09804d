"""Roles: one worker sequences, and another takes over within a second when it ends, hangs or loses its connection."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.feed.feed_world import ROLES, FeedWorld, assert_complete, cancelled, feed_of, roles_taken
from tests.support.feed import until_consumed
from tests.support.workers import Worker, make_settings, running
from tests.support.world import World, rows, wait_until, world_with
from wasgo_chat.database.session import Database
from wasgo_chat.feed import leadership as leadership_module
from wasgo_chat.feed.leadership import Leadership
from wasgo_chat.feed.sequencer import ROLE

TAKEN = """
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # pg_locks shows the locks of all databases, and other tests use the same server


@asynccontextmanager
async def candidate(database: str) -> AsyncIterator[tuple[Leadership, "asyncio.Task[None]"]]:
    """The leadership of a worker that runs."""
    db = Database(make_settings(database))
    made = Leadership(db, ROLES)
    task = asyncio.create_task(made.run())
    try:
        yield made, task
    finally:
        await cancelled(task)
        await made.close()
        await db.close()


def held(*candidates: Leadership) -> list[int]:
    """How many candidates have each role."""
    return [sum(one.holds(role) for one in candidates) for role in ROLES]


async def test_each_role_has_one_worker_which_passes_it_on_when_it_stops(quiet_database: str) -> None:
    async with candidate(quiet_database) as (first, _), candidate(quiet_database) as (second, _):
        await wait_until(lambda: held(first, second) == [1, 1])
        await asyncio.sleep(2 * leadership_module.RETRY_S)
        assert held(first, second) == [1, 1]
        leader, other = (first, second) if first.holds(ROLE) else (second, first)
        await leader.close()
        began = time.monotonic()
        await wait_until(lambda: other.holds(ROLE) or leader.holds(ROLE))
        assert time.monotonic() - began < 1.0


async def test_a_worker_that_loses_its_connection_loses_its_roles_within_a_second(feed: FeedWorld) -> None:
    name = feed.worker.settings.database_url.rpartition("/")[2].partition("?")[0]
    async with candidate(name) as (waiting, _):
        await rows(feed.worker, TAKEN)
        began = time.monotonic()
        await wait_until(lambda: waiting.holds(ROLE) or feed.worker.parts.feed.leadership.holds(ROLE))
        assert time.monotonic() - began < 1.0


async def test_a_worker_that_hangs_loses_its_roles(quiet_database: str) -> None:
    async with candidate(quiet_database) as (hanging, task):
        await wait_until(lambda: held(hanging) == [1, 1])
        await cancelled(task)  # its session stays open, and does nothing
        async with candidate(quiet_database) as (other, _):
            async with asyncio.timeout(leadership_module.SESSION_TIMEOUT_S + 2):
                await wait_until(lambda: held(other) == [1, 1])


async def test_the_feed_goes_on_while_the_sequencer_is_taken_over_again_and_again(quiet_database: str) -> None:
    settings = make_settings(quiet_database, redis_url=None)
    async with running(settings) as one, running(settings) as two:
        world = World(one)
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        for number in range(40):
            await ana.send(chat, str(number))
            if number % 10 == 5:
                await rows(one, TAKEN)
        began = time.monotonic()
        await until_consumed(two)
        assert time.monotonic() - began < 5
        await assert_complete(one)
        await world.close()


@asynccontextmanager
async def two_workers(database: str, **changes: Any) -> AsyncIterator[tuple[Worker, World]]:
    """A worker that sequences, and a world on another one."""
    settings = make_settings(database, **changes)
    async with running(settings) as leading:
        await wait_until(lambda: leading.parts.feed.leadership.holds(ROLE))
        async with world_with(settings) as world:
            yield leading, world


async def test_without_redis_the_events_of_every_worker_are_in_the_feed_within_a_second(quiet_database: str) -> None:
    async with two_workers(quiet_database, redis_url=None) as (leading, world):
        ana, bo = world.people("ana", "bo")
        await ana.send(await ana.direct(bo))
        async with asyncio.timeout(1.5):
            while not await feed_of(leading):  # noqa: ASYNC110  rows are all there is to see
                await asyncio.sleep(0.02)


async def test_with_redis_events_of_another_worker_are_in_the_feed_at_once(quiet_database: str) -> None:
    async with two_workers(quiet_database) as (leading, world):
        await wait_until(lambda: world.worker.parts.broker.has_peers)
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        delays = []
        for _ in range(5):
            seq = (await ana.send(chat))["seq"]
            began = time.monotonic()
            while len(await feed_of(leading)) < seq:  # noqa: ASYNC110  rows are all there is to see
                await asyncio.sleep(0.002)
            delays.append(time.monotonic() - began)
        assert sorted(delays)[2] < 0.2, delays


async def test_another_session_that_has_the_roles_keeps_every_worker_from_sequencing(quiet_database: str) -> None:
    async with roles_taken(quiet_database), world_with(make_settings(quiet_database)) as world:
        ana, bo = world.people("ana", "bo")
        await ana.send(await ana.direct(bo))
        await asyncio.sleep(2 * leadership_module.RETRY_S)
        assert await feed_of(world.worker) == []
