"""The global feed: throughput of the sequencer and of 1 to 8 consumers, lag under load, and bytes per event.

Run `make bench-feed`. A consumer's handler reads the messages of its events, as a search index or a webhook does.

Throughput: the logs have a backlog, as after an import. The sequencer appends all of it, then each number of consumers
handles all of it. CPU seconds are those of this process, which runs both, and of PostgreSQL.

Lag: messages are sent through the group commit of a worker at a fixed rate. The lag of the sequencer is the time from
the start of the transaction that stores a message to that of the one that puts it into the feed. The lag of a consumer
is the time until its handler is called.
"""

import argparse
import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from benchmarks.cluster import Cluster, run_all
from benchmarks.systems.base import SECRET
from wasgo_chat.app import create_app
from wasgo_chat.core.tasks import TaskSet
from wasgo_chat.database import migrations
from wasgo_chat.database.after_commit import CommitListeners
from wasgo_chat.database.session import Database
from wasgo_chat.events.log import LogAdvanced
from wasgo_chat.feed.handler import FeedEvent
from wasgo_chat.feed.sequencer import FeedAdvanced
from wasgo_chat.feed.worker_feed import ConsumerToRun, WorkerFeed
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.messages.schemas import SendMessage
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters
from wasgo_chat.telemetry.logging import configure_logging
from wasgo_chat.worker import Worker

CONVERSATIONS = 2_000
CONSUMERS = (1, 2, 4, 8)
RATES = (20, 500)

_CONVERSATIONS = """INSERT INTO conversations (id, conversation_type, direct_pair, last_seq, message_count)
    SELECT md5('p' || n)::uuid, 'direct', ARRAY['a' || n, 'b' || n], $2::int, $2::int
    FROM generate_series(1, $1::int) AS n"""
_USERS = """INSERT INTO users (id, username) SELECT k || n, k || n
    FROM generate_series(1, $1::int) AS n, unnest(ARRAY['a', 'b']) AS k"""
_MEMBERS = """INSERT INTO participants (conversation_id, user_id, role)
    SELECT md5('p' || n)::uuid, k || n, 'participant'
    FROM generate_series(1, $1::int) AS n, unnest(ARRAY['a', 'b']) AS k"""
_MESSAGES = """INSERT INTO messages (conversation_id, id, seq, number, sender_id, message_type, content, created_at)
    SELECT md5('p' || n)::uuid, md5(n || 'm' || s)::uuid, s, s, 'a' || n, 'text', repeat('word ', 12), now()
    FROM generate_series(1, $1::int) AS n, generate_series(1, $2::int) AS s"""
_EVENTS = """INSERT INTO events (conversation_id, seq, type, actor_id, message_id, revision, created_at)
    SELECT conversation_id, seq, 'new_message', sender_id, id, 1, created_at FROM messages"""
_PENDING = "INSERT INTO pending (conversation_id, head) SELECT id, last_seq FROM conversations"
_READ = """SELECT m.id, m.content FROM unnest($1::uuid[], $2::bigint[]) AS k(conversation_id, seq)
    JOIN messages m ON m.conversation_id = k.conversation_id AND m.seq = k.seq"""
_BYTES = """SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'feed'::regclass"""
_LAGS = """SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP
    (ORDER BY 1000 * extract(epoch FROM sequenced_at - created_at)::float) FROM feed WHERE created_at > $1"""
_REGISTER = """INSERT INTO feed_offsets (consumer, shard, position, sequenced_at)
    SELECT $1::text, 0, 0, min(sequenced_at) FROM feed"""


class Handled:
    """What a consumer has handled: how many events, and how late each was."""

    def __init__(self) -> None:
        self.events = 0
        self.lags: list[float] = []

    async def __call__(
        self, connection: "asyncpg.Connection[asyncpg.Record]", events: Sequence[FeedEvent]
    ) -> Sequence[object]:
        now = datetime.now(UTC)
        await connection.fetch(_READ, [event.conversation_id for event in events], [event.seq for event in events])
        self.events += len(events)
        self.lags += [(now - event.created_at).total_seconds() for event in events]
        return []


def settings_of(cluster: Cluster, name: str) -> Settings:
    """Settings for a migrated database with the conversations and their members."""
    values = {
        "database_url": cluster.fresh(name),
        "jwt_secret": SECRET,
        "redis_url": cluster.valkey.url,
        "message_rate": 0,
    }
    settings = Settings.model_validate(values)
    migrations.upgrade(settings.database_url)
    return settings


@asynccontextmanager
async def feed_of(
    settings: Settings, consumers: Mapping[str, Handled], listeners: CommitListeners | None = None
) -> AsyncIterator[WorkerFeed]:
    """The feed of a worker that does nothing else. Commits elsewhere in this process wake it through `listeners`."""
    counts = WorkerCounters()
    db = Database(settings, counts=counts, listeners=listeners)
    keyed_db = Database(settings, pool_size=1 + len(consumers), name="keyed", generic_plans=True, counts=counts)
    background_db = Database(settings, pool_size=1, name="background", counts=counts)
    to_run = [ConsumerToRun(name, handled, has_history=False) for name, handled in consumers.items()]
    feed = WorkerFeed(db, keyed_db, background_db, to_run, keep_days=7, counts=counts)
    db.listeners.add(feed.logs_advanced, LogAdvanced)
    db.listeners.add(feed.feed_advanced, FeedAdvanced)
    tasks = TaskSet()
    for loop in feed.loops:
        tasks.spawn(loop())
    try:
        yield feed
    finally:
        await tasks.stop()
        await feed.close()
        for one in (background_db, keyed_db, db):
            await one.close()


async def drained(handled: Iterable[Handled], events: int, url: str) -> float:
    """Wait until the consumers, or without any the sequencer, have finished. Returns the seconds."""
    began, counted = time.perf_counter(), list(handled)
    while True:
        if counted:
            is_done = all(one.events >= events for one in counted)
        else:
            is_done = await value(url, "SELECT COALESCE(max(position), 0) FROM feed_end") >= events
        if is_done:
            return time.perf_counter() - began
        await asyncio.sleep(0.02)


async def value(url: str, statement: str, *arguments: Any) -> Any:
    """Fetch a single value on a new connection."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close()


async def measure_throughput(cluster: Cluster, settings: Settings, events: int) -> None:
    """Print what the sequencer, and then each number of consumers, needs for all events."""
    url = settings.database_url
    before = cpu(cluster)
    async with feed_of(settings, {}):
        seconds = await drained([], events, url)
    show("sequencer", events, seconds, before, cpu(cluster))
    print(f"{await value(url, _BYTES) / events:.0f} bytes per event in the feed, indexes included")
    for number in CONSUMERS:
        consumers = {f"benchmark_{number}_{n}": Handled() for n in range(number)}
        for name in consumers:
            # A consumer without history begins at the end of the feed; these have to handle all of it.
            await value(url, _REGISTER, name)
        before = cpu(cluster)
        async with feed_of(settings, consumers):
            seconds = await drained(consumers.values(), events, url)
        show(f"{number} consumer{'s' * (number > 1)}", number * events, seconds, before, cpu(cluster))


async def measure_lag(cluster: Cluster, settings: Settings, conversations: int, seconds: float) -> None:
    """Print the lags while messages are sent, one to a conversation at a time."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        worker: Worker = app.state.worker
        handled = Handled()
        async with feed_of(settings, {"benchmark_lag": handled}, worker.listeners):
            await asyncio.sleep(1.5)  # until the roles are taken
            for rate in RATES:
                handled.lags.clear()
                began = datetime.now(UTC)
                await send(worker, rate, seconds, conversations)
                await asyncio.sleep(1.5)
                lags = sorted(handled.lags)
                in_feed = await value(settings.database_url, _LAGS, began)
                print(f"{rate} messages/s: sequencer p50 {in_feed[0]:.0f} ms, p99 {in_feed[1]:.0f} ms; consumer p50 "
                      f"{1000 * lags[len(lags) // 2]:.0f} ms, p99 {1000 * lags[len(lags) * 99 // 100]:.0f} ms "
                      f"({len(lags)} events)")  # fmt: skip


async def send(worker: Worker, rate: int, seconds: float, conversations: int) -> None:
    """Send messages at a fixed rate, regardless of how long each takes."""
    sends = []
    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        at = 1 + number % conversations
        chat = UUID(hashlib.md5(f"p{at}".encode(), usedforsecurity=False).hexdigest())
        body = SendMessage(
            conversation=chat, content="See you on Friday at the usual spot", client_id=f"{rate}-{number}"
        )
        sends.append(worker.group_commit.send(Actor(f"a{at}", username=f"a{at}"), chat, body))
    await asyncio.gather(*sends)


def cpu(cluster: Cluster) -> tuple[float, float]:
    """CPU seconds so far: of this process, and of PostgreSQL."""
    return time.process_time(), cluster.cpu()["postgres"]


def show(what: str, events: int, seconds: float, before: tuple[float, float], after: tuple[float, float]) -> None:
    """Print a throughput and its cost."""
    own, postgres = (1000 * 1000 * (now - then) / events for then, now in zip(before, after, strict=True))
    print(f"{what:12} {events / seconds:9,.0f} events/s; CPU ms per 1,000 events: process {own:.1f}, "
          f"PostgreSQL {postgres:.1f}, sum {own + postgres:.1f}", flush=True)  # fmt: skip


def main() -> None:
    """Measure on a temporary server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="the backlog; default: 100,000")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long messages are sent at each rate")
    options = parser.parse_args()
    configure_logging("ERROR", as_json=False)
    with Cluster() as cluster:
        settings = settings_of(cluster, "feed")
        each = options.events // CONVERSATIONS
        seed: list[tuple[str, list[int]]] = [
            (_USERS, [CONVERSATIONS]), (_CONVERSATIONS, [CONVERSATIONS, each]), (_MEMBERS, [CONVERSATIONS]),
            (_MESSAGES, [CONVERSATIONS, each]), (_EVENTS, []), (_PENDING, []), ("ANALYZE", []),
        ]  # fmt: skip
        run_all(settings.database_url, seed)
        uvloop.run(measure_throughput(cluster, settings, CONVERSATIONS * each))
        settings = settings_of(cluster, "lag")
        run_all(settings.database_url, [*seed[:1], (_CONVERSATIONS, [CONVERSATIONS, 0]), seed[2], ("ANALYZE", [])])
        uvloop.run(measure_lag(cluster, settings, CONVERSATIONS, options.seconds))


if __name__ == "__main__":
    main()
