"""`/healthz` and `/readyz`: alive, and ready to serve."""

import asyncio
import os
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import Worker, make_settings, running
from tests.support.world import NO_TLS, count_queries, rows, wait_for, wait_until
from wasgo_chat.development.embedded import Valkey
from wasgo_chat.observability import schema_check


async def asked(worker: Worker) -> tuple[int, str, dict[str, str]]:
    async with httpx.AsyncClient(base_url=worker.url, verify=NO_TLS) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        answer = await client.get("/readyz")
    return answer.status_code, answer.json()["status"], answer.json()["checks"]


@pytest.fixture(scope="module")
async def own() -> AsyncIterator[Worker]:
    """A worker on a separate database."""
    name = f"chat_health_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    async with running(make_settings(name, redis_url=None)) as worker:
        yield worker


async def test_a_healthy_worker_is_alive_and_ready(worker: Worker) -> None:
    assert await asked(worker) == (200, "ready", {"database": "ok", "migrations": "ok", "redis": "ok"})


async def test_requests_in_a_short_time_share_a_check(own: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_check, "SCHEMA_CHECK_S", 60.0)
    await asked(own)
    with count_queries(own, max=0):
        assert (await asked(own))[0] == 200


async def test_an_outdated_schema_is_not_ready_and_a_newer_one_is(own: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_check, "SCHEMA_CHECK_S", 0.0)

    async def at(revision: str) -> tuple[int, str, dict[str, str]]:
        async with own.db.engine.begin() as connection:
            await connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
        return await asked(own)

    ((head,),) = await rows(own, "SELECT version_num FROM alembic_version")
    ok = {"database": "ok", "redis": "none"}
    assert await at("0001") == (503, "not_ready", {**ok, "migrations": "behind"})
    assert await at("9999") == (200, "ready", {**ok, "migrations": "ahead"})
    assert await at(head) == (200, "ready", {**ok, "migrations": "ok"})
    async with own.db.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE alembic_version RENAME TO elsewhere")
    assert await asked(own) == (503, "not_ready", {**ok, "migrations": "behind"})
    async with own.db.engine.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO alembic_version")


async def test_an_unreachable_database_is_reported(own: Worker) -> None:
    own.db.breaker.is_open = True
    try:
        assert await asked(own) == (
            503,
            "not_ready",
            {"database": "unavailable", "migrations": "unknown", "redis": "none"},
        )
    finally:
        own.db.breaker.is_open = False


async def test_a_draining_worker_is_alive_and_not_ready(own: Worker) -> None:
    own.parts.is_draining = True
    try:
        assert (await asked(own))[:2] == (503, "draining")
    finally:
        own.parts.is_draining = False


async def test_without_redis_it_is_ready_and_degraded(database: str) -> None:
    valkey = Valkey()
    valkey.start()
    async with running(make_settings(database, redis_url=valkey.url)) as worker:
        broker = worker.parts.broker
        await wait_until(lambda: broker.is_up)
        assert (await asked(worker))[2]["redis"] == "ok"
        valkey.stop()
        await wait_until(lambda: not broker.is_up)
        assert await asked(worker) == (200, "ready", {"database": "ok", "migrations": "ok", "redis": "degraded"})
        metrics = worker.parts.metrics
        await wait_until(lambda: metrics.collect().gauges["redis_up"][""] == 0)


async def test_concurrent_requests_share_a_check(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any client may send them, and they are not counted."""
    database = worker.app.state.worker.db
    ping, pings, may_continue = database.ping, 0, asyncio.Event()

    async def slow_ping() -> None:
        nonlocal pings
        pings += 1
        await may_continue.wait()
        await ping()

    monkeypatch.setattr(database, "ping", slow_ping)
    requests: list[asyncio.Task[tuple[int, str, dict[str, str]]]] = []

    async def has_begun() -> bool:
        """Requests may still share the check of an earlier test."""
        requests.append(asyncio.create_task(asked(worker)))
        return pings == 1

    await wait_for(has_begun)
    requests += [asyncio.create_task(asked(worker)) for _ in range(5)]
    async with httpx.AsyncClient(base_url=worker.url, verify=NO_TLS) as client:
        await client.get("/healthz")
    may_continue.set()
    for status, _, checks in await asyncio.gather(*requests):
        assert (status, checks["database"]) == (200, "ok")
    assert pings < 5
