"""Reading from a standby: clients see their own writes, and a standby that has them is used."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from tests.observability.scrape import scrape
from tests.support.proxy import proxy_to
from tests.support.standalone import NAME, frozen
from tests.support.standby import Pair, replicated_postgres, run, standby_of
from tests.support.workers import Worker, make_settings, running
from tests.support.world import Person, World, wait_until
from wasgo_chat.database.read_your_writes import HEADER
from wasgo_chat.database.replicas import Replica, Replicas
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.development.embedded import Postgres

pytestmark = pytest.mark.xdist_group("replicas")


@pytest.fixture(scope="module")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    async with replicated_postgres(tmp_path_factory.mktemp("pair"), log_statement="all") as made:
        yield made


@pytest.fixture
async def world(pair: Pair) -> AsyncIterator[World]:
    """A world on a worker that reads from a standby."""
    settings = make_settings(
        "unused", database_url=pair.primary.url(NAME), replica_urls=pair.standby.url(NAME), replica_max_lag_s=60.0
    )
    async with running(settings) as worker:
        await wait_until(lambda: replica_of(worker).fresh_at > 0)
        made = World(worker)
        yield made
        await made.close()


def replica_of(worker: Worker, at: int = 0) -> Replica:
    found: Replica = worker.parts.replicas._all[at]
    return found


@asynccontextmanager
async def paused(pair: Pair, standby: Postgres | None = None) -> AsyncIterator[None]:
    """The standby receives all changes and applies none of them."""
    standby = standby or pair.standby
    await run(standby, "SELECT pg_wal_replay_pause()")
    async with asyncio.timeout(10):
        while await run(standby, "SELECT pg_get_wal_replay_pause_state()") != "paused":  # noqa: ASYNC110  polling is the point
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        await run(standby, "SELECT pg_wal_replay_resume()")


def served(pair: Pair) -> int:
    """The statements in the log of a standby, without those of the probe."""
    log = pair.standby.data.with_name(f"{pair.standby.data.name}.log").read_text()
    return log.count("FROM participants") + log.count("FROM conversations") + log.count("FROM messages")


async def reloaded(pair: Pair, *, lets_in: bool = False) -> None:
    """Reload the configuration of the standby; returns once it is active."""
    os.kill(pair.standby.pid or 0, signal.SIGHUP)
    async with asyncio.timeout(10):
        while True:
            try:
                await run(pair.standby, "SELECT 1")
            except asyncpg.InvalidPasswordError:
                is_in = False
            else:
                is_in = True
            if is_in == lets_in:
                return
            await asyncio.sleep(0.01)


async def asked(person: Person, path: str, seen: str | None) -> httpx.Response:
    headers = {} if seen is None else {HEADER: seen}
    answer = await person.call("GET", path, headers=headers)
    assert answer.status_code == 200
    return answer


async def replayed(worker: Worker, seen: str, at: int = 0) -> None:
    """Wait until the worker knows that the standby has reached a position."""
    await wait_until(lambda: (replica_of(worker, at).replayed or 0) >= int(seen, 16))


async def test_clients_see_their_own_writes_while_the_standby_lags(pair: Pair, world: World) -> None:
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


async def test_a_standby_that_caught_up_serves_lists_and_history(pair: Pair, world: World) -> None:
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
        assert int(answer.headers.get(HEADER, sent.headers[HEADER]), 16) >= int(sent.headers[HEADER], 16)
        assert "old" in answer.text or "unread" in path
    told = await scrape(world.worker.url)
    assert told.value("replica_reads_total", outcome="answered") == len(paths)
    assert 0 <= told.value("replica_lag_seconds", replica="1") < 5


async def test_requests_without_a_position_go_to_the_primary(pair: Pair, world: World) -> None:
    ana, bo = world.people("ana", "bo")
    await ana.direct(bo)
    async with paused(pair):
        chat = await ana.direct(world.person("cy"))
        for seen in (None, "", "no position", "f" * 40, "-1", "0x1", "1_0"):
            listed = await asked(ana, "/chat/conversations/", seen)
            assert listed.json()["results"][0]["id"] == chat["id"]
            assert int(listed.headers[HEADER], 16) > 0


async def test_rows_missing_on_a_standby_are_read_from_the_primary(pair: Pair, world: World) -> None:
    ana, bo = world.people("ana", "bo")
    first = await asked(bo, "/chat/conversations/", None)
    await replayed(world.worker, first.headers[HEADER])
    async with paused(pair):
        chat = await ana.direct(bo)
        detail = await asked(bo, f"/chat/conversations/{chat['id']}/", first.headers[HEADER])
        assert detail.json()["id"] == chat["id"]


async def test_a_standby_that_lags_too_far_is_skipped(pair: Pair) -> None:
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
            await wait_until(lambda: worker.parts.replicas._next(0) is None)
            listed = await asked(bo, "/chat/conversations/", first.headers[HEADER])
            assert [one["id"] for one in listed.json()["results"]] == [chat["id"]]
        await world.close()


async def test_clients_do_not_notice_a_standby_that_hangs_or_stops(pair: Pair, world: World) -> None:
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
        await wait_until(lambda: replica.replayed is None)
    await wait_until(lambda: replica.replayed is not None)
    await asyncio.to_thread(pair.standby.stop, immediately=True)
    listed = await asked(ana, "/chat/conversations/", sent.headers[HEADER])
    assert listed.json()["results"][0]["id"] == chat["id"]
    await asyncio.to_thread(pair.standby.start)
    await wait_until(lambda: replica.replayed is not None)


async def test_no_older_standby_takes_back_what_another_has_shown(pair: Pair, tmp_path: Path) -> None:
    async with standby_of(pair.primary, tmp_path / "older") as older:
        urls = f"{pair.standby.url(NAME)} {older.url(NAME)}"
        settings = make_settings(
            "unused", database_url=pair.primary.url(NAME), replica_urls=urls, replica_max_lag_s=60.0
        )
        async with running(settings) as worker:
            world = World(worker)
            ana, bo = world.people("ana", "bo")
            chat = await ana.direct(bo)
            seen = (await asked(ana, "/chat/conversations/", None)).headers[HEADER]
            for at in (0, 1):
                await replayed(worker, seen, at)
            async with paused(pair, older):
                sent = await bo.call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "new"})
                await replayed(worker, sent.headers[HEADER])
                shown: list[bool] = []
                for _ in range(8):
                    listed = await asked(ana, "/chat/conversations/", seen)
                    seen = listed.headers[HEADER]
                    last = listed.json()["results"][0]["last_message"]
                    shown.append(last is not None and last["content"] == "new")
                assert shown == sorted(shown), "the list went back in time"
                assert shown[-1]
            await world.close()


async def test_a_standby_that_rejects_its_user_is_skipped(pair: Pair, world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "hi"})
    await replayed(world.worker, sent.headers[HEADER])
    rules = pair.standby.data / "pg_hba.conf"
    before = await asyncio.to_thread(rules.read_text)
    await asyncio.to_thread(rules.write_text, "local all all scram-sha-256\n")  # without any password: 28P01
    try:
        await reloaded(pair)
        await replica_of(world.worker).db.engine.dispose()  # existing connections stay
        listed = await asked(ana, "/chat/conversations/", sent.headers[HEADER])
        assert listed.json()["results"][0]["id"] == chat["id"]
    finally:
        await asyncio.to_thread(rules.write_text, before)
        await reloaded(pair, lets_in=True)
    await wait_until(lambda: replica_of(world.worker).replayed is not None)


async def test_a_standby_that_lacks_a_table_is_skipped(pair: Pair, world: World) -> None:
    replicas = world.worker.parts.replicas
    ana = world.person("ana")
    first = await asked(ana, "/chat/conversations/", None)
    await replayed(world.worker, first.headers[HEADER])
    asked_of: list[str] = []

    async def ask(tx: Tx) -> str:
        is_standby = (await tx.execute(text("SELECT pg_is_in_recovery()"))).scalar_one()
        asked_of.append("standby" if is_standby else "primary")
        if is_standby:
            await tx.execute(text("SELECT 1 FROM made_by_the_next_migration"))
        return "answer"

    answer, place = await replicas.read(ask)
    assert (answer, place, asked_of) == ("answer", None, ["standby", "primary"])
    assert replicas._counts.replica_reads["failed"] == 1


async def test_a_temporary_standby_as_primary_does_not_end_the_monitoring(pair: Pair) -> None:
    async with proxy_to(pair.standby.run_folder / ".s.PGSQL.5432") as proxy:
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/{NAME}"
        settings = make_settings("unused", database_url=url, replica_urls=pair.standby.url(NAME))
        db = Database(settings)
        replicas = Replicas(settings, db, db)
        watching = asyncio.create_task(replicas.run())
        try:
            assert await replicas.primary_position() is None  # 55000: recovery is in progress
            await wait_until(lambda: replicas._all[0].replayed is not None)
            assert not watching.done()
            proxy.target = pair.primary.run_folder / ".s.PGSQL.5432"
            proxy.disconnect()
            await wait_until(lambda: len(replicas._primary_positions) > 0)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await replicas.close()
            await db.close()


async def test_without_standbys_responses_do_not_mention_them(worker: Worker) -> None:
    world = World(worker)
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await ana.call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "hi"})
    listed = await asked(ana, "/chat/conversations/", "1")
    assert HEADER not in sent.headers
    assert HEADER not in listed.headers
    await world.close()
