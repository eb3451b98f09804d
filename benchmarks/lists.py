"""The conversation list of a busy user: 100 of 2,000 conversations, in a database with a million messages.

Run `make bench-lists`. Prints the duration of a page (p50 and p95 of 200 requests) and writes the plans of its
statements to plans/lists.txt.
"""

import argparse
import asyncio
import gc
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from wasgo_chat.conversations.rendering import conversation_page
from wasgo_chat.database import migrations
from wasgo_chat.database.session import Database
from wasgo_chat.development.embedded import Postgres
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.settings.config import Settings

CONVERSATIONS, MESSAGES = 2_000, 500
SEED = [
    "INSERT INTO users (id, username) SELECT 'u' || n, 'u' || n FROM generate_series(0, :conversations) AS n",
    """INSERT INTO conversations (id, conversation_type, title, last_seq, message_count, updated_at)
       SELECT md5('c' || n)::uuid, 'support', 'Case ' || n, :messages, :messages, now() - n * interval '1 minute'
       FROM generate_series(1, :conversations) AS n""",
    """INSERT INTO participants (conversation_id, user_id, role, read)
       SELECT md5('c' || n)::uuid, who.id, 'admin', int8multirange(int8range(1, :messages - n % 7))
       FROM generate_series(1, :conversations) AS n, LATERAL (VALUES ('u0'), ('u' || n)) AS who(id)""",
    """INSERT INTO messages (conversation_id, id, seq, number, sender_id, message_type, content, created_at)
       SELECT md5('c' || n)::uuid, gen_random_uuid(), m, m, CASE WHEN m % 2 = 0 THEN 'u0' ELSE 'u' || n END, 'text',
              repeat('word ', 10), now()
       FROM generate_series(1, :conversations) AS n, generate_series(1, :messages) AS m""",
    "ANALYZE",
]


async def measure(url: str, rounds: int) -> None:
    """Fill the database, request the page repeatedly, and print the durations."""
    settings = Settings.model_validate(
        {"database_url": url, "jwt_secret": "x" * 40, "statement_timeout_s": 600, "redis_url": None}
    )
    db = Database(settings)
    async with db.transaction() as tx:
        for statement in SEED:
            await tx.execute(text(statement), {"conversations": CONVERSATIONS, "messages": MESSAGES})
    actor, times = Actor("u0", username="u0"), []
    gc.collect()
    gc.freeze()  # as a worker does at start-up
    for _ in range(rounds):
        started = time.perf_counter()
        async with db.snapshot() as tx:
            page = await conversation_page(tx, actor, limit=100, cursor=None)
        times.append((time.perf_counter() - started) * 1000)
    assert len(page["results"]) == 100
    cuts = statistics.quantiles(times, n=20)
    print(f"100 of {CONVERSATIONS:,} conversations, {CONVERSATIONS * MESSAGES:,} messages, {rounds} pages:")
    print(f"p50 {statistics.median(times):.1f} ms, p95 {cuts[18]:.1f} ms")
    async with db.snapshot() as tx:
        await tx.execute(text("LOAD 'auto_explain'"))
        for setting in ("log_min_duration = 0", "log_analyze = on", "log_timing = off"):
            await tx.execute(text(f"SET LOCAL auto_explain.{setting}"))
        await conversation_page(tx, actor, limit=100, cursor=None)
    await db.close()


def write_plans(log: Path, target: Path) -> None:
    """Write the plans that PostgreSQL logged for one page, without their varying times."""
    lines = log.read_text().splitlines()
    plans = [
        line for line in lines[next(index for index, line in enumerate(lines) if "plan:" in line) :] if "\t" in line
    ]
    plans = [line for line in plans if not line.startswith("\tQuery Parameters")]
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(line.strip("\t") for line in plans) + "\n")
    print(f"plans: {target}")


def main() -> None:
    """Measure on a temporary server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="number of requests")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        postgres = Postgres(
            Path(folder) / "postgres", {"fsync": "off", "shared_buffers": "512MB", "max_wal_size": "4GB"}
        )
        postgres.start()
        try:
            url = Settings(database_url=postgres.url()).database_url
            migrations.upgrade(url)
            asyncio.run(measure(url, rounds))
            write_plans(Path(folder) / "postgres.log", Path(__file__).parent / "plans" / "lists.txt")
        finally:
            postgres.stop(immediately=True)


if __name__ == "__main__":
    main()
