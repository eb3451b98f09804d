"""Write throughput of PostgreSQL with asyncpg alone: single messages and batches, numbered per conversation."""

import asyncio
import time
from uuid import uuid4

import asyncpg
import uvloop

from benchmarks.run import Run, per_thousand

CONVERSATIONS = 500
_TABLES = """CREATE TABLE heads (id int PRIMARY KEY, last_seq bigint NOT NULL DEFAULT 0);
CREATE TABLE stored (head int NOT NULL, seq bigint NOT NULL, id uuid NOT NULL, content text NOT NULL,
                   PRIMARY KEY (head, seq));
CREATE UNIQUE INDEX ON stored (id);"""
_ONE = """WITH advanced AS (UPDATE heads SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq)
INSERT INTO stored SELECT $1, last_seq, $2, $3 FROM advanced"""
_MANY = """WITH input AS (
    SELECT head, id, content, row_number() OVER (PARTITION BY head ORDER BY at) AS ordinal
    FROM unnest($1::int[], $2::uuid[], $3::text[]) WITH ORDINALITY AS g(head, id, content, at)
), advanced AS (
    UPDATE heads SET last_seq = last_seq + n FROM (SELECT head, count(*) AS n FROM input GROUP BY head) AS c
    WHERE heads.id = c.head RETURNING heads.id, last_seq - n AS base
)
INSERT INTO stored SELECT head, base + ordinal, input.id, content FROM input JOIN advanced ON advanced.id = head"""
_TEXT = "word " * 20


def measure(run: Run) -> None:
    """Measure one and eight connections with one message per commit, and batches of 10 and 100 on one connection."""
    url = run.cluster.fresh("inserts")
    uvloop.run(_prepare(url))
    seconds = 0.5 if run.quick else 2.0
    for case, connections, batch in (("1 a commit, 1 connection", 1, 1), ("1 a commit, 8 connections", 8, 1),
                                     ("10 a commit", 1, 10), ("100 a commit", 1, 100)):  # fmt: skip
        before, cpu = run.cluster.cpu(), time.process_time()
        rows = uvloop.run(_store(url, connections, batch, seconds))
        spent = {"server": time.process_time() - cpu, "postgres": run.cluster.cpu()["postgres"] - before["postgres"]}
        run.add("inserts", case, "asyncpg", connections, messages_s=rows / seconds, **per_thousand(spent, rows))


async def _prepare(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(_TABLES)
    await connection.execute("INSERT INTO heads SELECT n FROM generate_series(1, $1::int) AS n", CONVERSATIONS)
    await connection.close()


async def _store(url: str, connections: int, batch: int, seconds: float) -> int:
    deadline = time.perf_counter() + seconds

    async def write(writer: int) -> int:
        connection = await asyncpg.connect(url)
        count = writer * 61
        first = count
        while time.perf_counter() < deadline:
            if batch == 1:
                await connection.execute(_ONE, 1 + count % CONVERSATIONS, uuid4(), _TEXT)
            else:
                heads = [1 + n % CONVERSATIONS for n in range(count, count + batch)]
                await connection.execute(_MANY, heads, [uuid4() for _ in heads], [_TEXT] * batch)
            count += batch
        await connection.close()
        return count - first

    return sum(await asyncio.gather(*(write(number) for number in range(connections))))
