"""Metrics of a machine: the totals of all its workers, ended ones included."""

import os
from pathlib import Path

from tests.support.workers import Worker, make_settings, running
from tests.support.world import World, wait_until
from wasgo_chat.telemetry.aggregation import Metrics, MetricsSummary, merge_exited_worker


async def figures_of(worker: Worker) -> MetricsSummary:
    found: MetricsSummary = await worker.parts.metrics.summary()
    return found


async def test_activity_appears_in_the_metrics(database: str) -> None:
    async with running(make_settings(database)) as worker:
        world = World(worker)
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        before = await figures_of(worker)
        async with ana.connect(chat), bo.connect(chat) as live:
            await ana.send(chat, "by HTTP")
            await live.receive("new_message")
            await live.request("send_message", content="by socket")
            during = await figures_of(worker)
        await wait_until(lambda: worker.hub.sockets == 0)
        after = await figures_of(worker)
        await world.close()
    assert during["workers"] == 1
    assert (during["sockets"], after["sockets"]) == (2, 0)
    assert during["messages"].get("text", 0) - before["messages"].get("text", 0) == 2
    assert during["deliveries"] - before["deliveries"] == 4
    assert during["commit_to_write"]["count"] - before["commit_to_write"]["count"] == 2
    assert len(during["commit_to_write"]["counts"]) == len(during["commit_to_write"]["bounds"]) + 1
    assert during["consumer_lag_events"] is not None
    assert during["dead_deliveries"] is not None


def left_by(worker: str, folder: Path, *, texts: int, sockets: int) -> Metrics:
    """The metrics of a worker in its file, with the name of another process."""
    metrics = Metrics(worker, folder)
    metrics.counts.messages["text"] = texts
    metrics.counts.batch_messages.observe(3, texts)
    metrics.register_gauge("sockets", lambda: sockets)
    metrics.write()
    (folder / f"{os.getpid()}.json").rename(folder / f"{worker}.json")
    return metrics


async def test_workers_add_up_and_an_ended_one_leaves_its_counters_only(tmp_path: Path) -> None:
    asked = Metrics("asked", tmp_path)
    left_by("1", tmp_path, texts=5, sockets=3)
    left_by("2", tmp_path, texts=7, sockets=4)
    both = await asked.summary()
    assert (both["workers"], both["messages"]["text"], both["sockets"]) == (3, 12, 7)
    merge_exited_worker(tmp_path, 1)
    merge_exited_worker(tmp_path, 1)  # a second time changes nothing
    one = await asked.summary()
    assert (one["workers"], one["messages"]["text"], one["sockets"]) == (2, 12, 4)
    merge_exited_worker(tmp_path, 2)
    none = await asked.aggregate()
    assert none.counters["messages"] == {"text": 12}
    assert sum(none.histograms["batch_messages"].counts) == 12
    assert sorted(os.listdir(tmp_path)) == sorted([f"{os.getpid()}.json", "ended.json"])


async def test_a_scrape_while_a_worker_is_folded_counts_it_once(tmp_path: Path) -> None:
    asked = Metrics("asked", tmp_path)
    left_by("1", tmp_path, texts=5, sockets=3)
    kept = (tmp_path / "1.json").read_bytes()
    merge_exited_worker(tmp_path, 1)
    (tmp_path / "1.json").write_bytes(kept)  # the state between the two steps of the fold
    assert (await asked.summary())["messages"]["text"] == 5


async def test_truncated_and_missing_files_lose_only_their_own_values(tmp_path: Path) -> None:
    asked = Metrics("asked", tmp_path)
    (tmp_path / "1.json").write_bytes(b'{"names":["1"],"counters":{"mess')
    assert (await asked.summary())["workers"] == 1
    merge_exited_worker(tmp_path, 1)
    merge_exited_worker(tmp_path, 2)
    assert (await Metrics("lost", tmp_path / "gone").summary())["workers"] == 1
