"""Generic plans of pinned connections follow growing tables, without waiting for an ANALYZE."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.workers import Worker
from wasgo_chat.database import pinned
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.database.session import Database

TABLES = """
DROP TABLE IF EXISTS plans_a, plans_b;
CREATE TABLE plans_a (id int PRIMARY KEY, b int);
CREATE TABLE plans_b (id int PRIMARY KEY, of int, said text);
CREATE INDEX plans_b_of ON plans_b (of);
INSERT INTO plans_a VALUES (1, 1);
INSERT INTO plans_b VALUES (1, 1, 'one');
ANALYZE plans_a; ANALYZE plans_b
"""
ASKED = """
SELECT b.said FROM unnest($1::int[]) AS k(id) JOIN plans_a a ON a.id = k.id LEFT JOIN plans_b b ON b.id = a.b
"""
GROWN = """
INSERT INTO plans_a SELECT n, n FROM generate_series(2, 20000) AS n;
INSERT INTO plans_b SELECT n, n, 'more' FROM generate_series(2, 20000) AS n
"""
NAME = "SELECT name FROM pg_prepared_statements WHERE statement = $1"


@pytest.fixture
async def by_key(worker: Worker) -> AsyncIterator[Database]:
    db = Database(worker.settings, pool_size=1, generic_plans=True)
    yield db
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE IF EXISTS plans_a, plans_b")
    await db.close()


async def plan(held: PinnedConnection) -> str:
    """The plan that the connection uses now."""
    async with held.transaction() as connection:
        name = await connection.fetchval(NAME, ASKED)
        lines = await connection.fetch(f'EXPLAIN EXECUTE "{name}" (ARRAY[1])')
    return "\n".join(line[0] for line in lines)


async def test_a_plan_made_for_a_small_table_is_replaced(by_key: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "FIRST_PLANS_S", 3600.0)
    kept = PinnedConnection(by_key)
    async with kept.transaction() as connection:
        await connection.execute(TABLES)
    await kept.fetch(ASKED, [1])
    short = await plan(kept)
    async with kept.transaction() as connection:
        await connection.execute(GROWN)
    assert await plan(kept) == short, "nothing else renews it that early"
    kept._plans_max_age_s = 0.0
    await kept.fetch(ASKED, [1])
    long = await plan(kept)
    await kept.close()
    assert long != short
    assert long.count("Index Cond") == 2, long


async def test_plans_are_kept_for_increasing_periods(by_key: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "FIRST_PLANS_S", 0.01)
    monkeypatch.setattr(pinned, "PLANS_S", 0.04)
    held = PinnedConnection(by_key)
    kept = []
    for _ in range(5):
        await held.fetch("SELECT 1")
        kept.append(held._plans_max_age_s)
        await asyncio.sleep(0.05)
    await held.close()
    assert kept == [0.01, 0.02, 0.04, 0.04, 0.04]
