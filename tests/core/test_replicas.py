"""Reading at a standby: whoever wrote sees it, whatever the standby lacks, and a standby that is there does serve."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.support.running import Worker, make_settings, running
from tests.support.standalone import NAME, frozen
from tests.support.standby import Pair, replicated_postgres, run
from tests.support.world import Person, World, until
from wasgo_chat.core.replicas import HEADER, Replica

pytestmark = pytest.mark.xdist_group("replicas")


@pytest.fixture(scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    async with replicated_postgres(tmp_path_factory.mktemp("pair"), log_statement="all") as made:
        yield made


@pytest.fixture
async def world(pair: Pair) -> AsyncIterator[World]:
    """People at a worker that has a standby to read at."""
    settings = make_settings(
        "unused", database_url=pair.primary.url(NAME), replica_urls=pair.standby.url(NAME), replica_max_lag_s=60.0
    )
    async with running(settings) as worker:
        await until(lambda: replica_of(worker).fresh_at > 0)
        made = World(worker)
        yield made
        await made.close()


def replica_of(worker: Worker) -> Replica:
    found: Replica = worker.app.state.replicas._all[0]
    return found


@asynccontextmanager
async def paused(pair: Pair) -> AsyncIterator[None]:
    """The standby gets everything, and shows nothing of it."""
    await run(pair.standby, "SELECT pg_wal_replay_pause()")
    async with asyncio.timeout(10):
        while await run(pair.standby, "SELECT pg_get_wal_replay_pause_state()") != "paused":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        await run(pair.standby, "SELECT pg_wal_replay_resume()")


def served(pair: Pair) -> int:
    """Statements that a standby was asked, beside those of the probe, by its log."""
    log = pair.standby.data.with_name(f"{pair.standby.data.name}.log").read_text()
    return log.count("FROM participants") + log.count("FROM conversations") + log.count("FROM messages")


async def asked(person: Person, path: str, seen: str | None) -> httpx.Response:
    headers = {} if seen is None else {HEADER: seen}
    answer = await person.call("GET", path, headers=headers)
    assert answer.status_code == 200
    return answer


async def replayed(worker: Worker, seen: str) -> None:
    """Wait until the worker knows that the standby has that much."""
    await until(lambda: (replica_of(worker).replayed or 0) >= int(seen, 16))


async def test_one_sees_what_one_wrote_while_the_standby_lags(pair: Pair, world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with paused(pair):
        sent = await ana.call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "new"})
        seen = sent.headers[HEADER]
        listed = await asked(ana, "/chat/conversations/", seen)
        assert listed.json()["results"][0]["last_message"]["content"] == "new"
        detail = await asked(ana, f"/chat/conversations/{chat['id']}/", listed.headers[HEADER])
        assert detail.json()["last_seq"] == 1
        counts = await asked(bo, "/chat/conversations/unread_counts/", seen)
        assert counts.json()["total"] == 1
        for path in (
            f"/chat/messages/?conversation={chat['id']}&before_seq=2",
            f"/chat/messages/?conversation={chat['id']}&after_seq=0",
            f"/chat/messages/?conversation={chat['id']}",
        ):
            page = (await asked(ana, path, None)).json()
            assert [one["content"] for one in page["results"]] == ["new"]
        events = (await asked(ana, f"/chat/conversations/{chat['id']}/events/", None)).json()
        assert [one["seq"] for one in events["results"]] == [1]


async def test_a_standby_that_has_it_all_serves_lists_and_history(pair: Pair, world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "old"})
    await replayed(world.worker, sent.headers[HEADER])
    paths = [
        "/chat/conversations/",
        f"/chat/conversations/{chat['id']}/",
        "/chat/conversations/unread_counts/",
        "/chat/messages/",
        f"/chat/messages/?conversation={chat['id']}&before_seq=2",
        f"/chat/conversations/{chat['id']}/events/",
    ]
    for path in paths:
        before = served(pair)
        answer = await asked(ana, path, sent.headers[HEADER])
        assert served(pair) > before, f"{path} was not read at the standby"
        assert answer.headers.get(HEADER, sent.headers[HEADER]) == sent.headers[HEADER]
        assert "old" in answer.text or "unread" in path


async def test_who_says_nothing_is_answered_by_the_database(pair: Pair, world: World) -> None:
    ana, bo = world.people("ana", "bo")
    await ana.direct(bo)
    async with paused(pair):
        chat = await ana.direct(world.person("cy"))
        for seen in (None, "", "no position", "f" * 40):
            listed = await asked(ana, "/chat/conversations/", seen)
            assert listed.json()["results"][0]["id"] == chat["id"]
            assert int(listed.headers[HEADER], 16) > 0


async def test_what_a_standby_does_not_know_is_asked_of_the_database(pair: Pair, world: World) -> None:
    ana, bo = world.people("ana", "bo")
    first = await asked(bo, "/chat/conversations/", None)
    await replayed(world.worker, first.headers[HEADER])
    async with paused(pair):
        chat = await ana.direct(bo)
        detail = await asked(bo, f"/chat/conversations/{chat['id']}/", first.headers[HEADER])
        assert detail.json()["id"] == chat["id"]


async def test_a_standby_that_is_too_old_is_passed_over(pair: Pair) -> None:
    settings = make_settings(
        "unused", database_url=pair.primary.url(NAME), replica_urls=pair.standby.url(NAME), replica_max_lag_s=0.4
    )
    async with running(settings) as worker:
        world = World(worker)
        ana, bo = world.people("ana", "bo")
        first = await asked(bo, "/chat/conversations/", None)
        await replayed(worker, first.headers[HEADER])
        async with paused(pair):
            chat = await ana.direct(bo)
            await until(lambda: worker.app.state.replicas._next(0) is None)
            listed = await asked(bo, "/chat/conversations/", first.headers[HEADER])
            assert [one["id"] for one in listed.json()["results"]] == [chat["id"]]
        await world.close()


async def test_a_standby_that_hangs_or_ends_is_missed_by_nobody(pair: Pair, world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "hi"})
    await replayed(world.worker, sent.headers[HEADER])
    replica = replica_of(world.worker)
    await run(pair.primary, "ALTER SYSTEM SET synchronous_standby_names = ''")
    await run(pair.primary, "SELECT pg_reload_conf()")
    with frozen(pair.standby.pid):
        listed = await asked(ana, "/chat/conversations/", sent.headers[HEADER])
        assert listed.json()["results"][0]["id"] == chat["id"]
        await until(lambda: replica.replayed is None)
    await until(lambda: replica.replayed is not None)
    await asyncio.to_thread(pair.standby.stop, immediately=True)
    listed = await asked(ana, "/chat/conversations/", sent.headers[HEADER])
    assert listed.json()["results"][0]["id"] == chat["id"]
    await asyncio.to_thread(pair.standby.start)
    await until(lambda: replica.replayed is not None)


async def test_without_standbys_nothing_is_said_of_them(worker: Worker) -> None:
    world = World(worker)
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "hi"})
    listed = await asked(ana, "/chat/conversations/", "1")
    assert HEADER not in sent.headers
    assert HEADER not in listed.headers
    await world.close()
