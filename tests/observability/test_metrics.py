"""`GET /metrics`: values, aggregation over all workers, and who may read it."""

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.observability.scrape import scrape
from tests.support.processes import create_job_conversation, serving
from tests.support.workers import Worker, make_settings, running
from tests.support.world import NO_TLS, World, wait_until, world_with
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.observability.prometheus import metric_names
from wasgo_chat.telemetry.counters import COUNTERS, GAUGES, HISTOGRAMS, WorkerCounters

TOKEN = "a-token-for-those-who-scrape"


async def test_activity_of_a_worker_is_counted(database: str) -> None:
    async with world_with(make_settings(database, message_rate=3)) as world:
        url = world.worker.url
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        before = await scrape(url)
        async with bo.connect(chat) as live:
            await ana.send(chat, "one")
            await live.receive("new_message")
            await live.request("typing", is_typing=True)
            await live.send("nonsense")
            await live.receive("error")
            await ana.send(chat, "two")
            await ana.send(chat, "three")
            body = {"conversation": chat["id"], "content": "too many"}
            await ana.refused("POST", "/chat/messages/", body, status=429, code="rate_limited")
            now = await scrape(url)
        async with bo.connect(chat, after_seq=0) as back:
            for _ in range(3):
                await back.receive("new_message")
        later = await scrape(url)

    def grown(name: str, **labels: str) -> float:
        return now.value(name, **labels) - before.value(name, **labels)

    assert now.value("sockets") == 1
    assert now.value("channels") == 1
    assert grown("messages_total", type="text") == 3
    assert grown("deliveries_total") == 3
    assert grown("frames_in_total", type="typing") == 1
    assert grown("frames_in_total", type="malformed") == 1
    assert grown("frames_out_total", type="new_message") == 3
    assert grown("frames_out_total", type="hello") == 1
    assert grown("frames_out_total", type="ack") == 1
    assert grown("refusals_total", kind="message") == 1
    assert grown("http_requests_total", method="POST", route="/chat/messages/", status="2xx") == 3
    assert grown("http_requests_total", method="POST", route="/chat/messages/", status="4xx") == 1
    assert grown("batch_messages_sum") == grown("send_to_commit_seconds_count") == 3
    assert grown("commit_to_write_seconds_count") == 3
    assert grown("socket_opens_total") == 1
    assert now.value("database_up") == now.value("redis_up") == now.value("workers") == 1
    assert now.value("pool_size", pool="request") == 5
    assert later.value("events_replayed_total") - now.value("events_replayed_total") == 3


async def test_messages_committed_by_another_worker_are_measured_here(world: World, other_worker: Worker) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    counts = other_worker.parts.metrics.counts
    async with bo.connect(chat, worker=other_worker) as live:
        before = sum(counts.commit_to_write_elsewhere_seconds.counts)
        await wait_until(lambda: world.worker.parts.broker.has_peers)
        await ana.send(chat, "from there")
        await live.receive("new_message")
        assert sum(counts.commit_to_write_elsewhere_seconds.counts) == before + 1


async def test_two_workers_are_added_up_and_a_killed_one_leaves_its_counters(database: str, tmp_path: Path) -> None:
    async with serving(database, tmp_path / "log", workers=2) as served:
        chat = await create_job_conversation(served, ["ana"])
        bearer = {"Authorization": f"Bearer {mint_user(served.settings, 'ana', ttl_s=600)}"}

        async def texts(*, workers: int, at_least: float = 0) -> float:
            """Wait until some workers report some number of messages."""
            async with asyncio.timeout(20):
                while True:
                    found = await scrape(served.url)
                    told = found.value("messages_total", type="text")
                    if found.value("workers") == workers and told >= at_least:
                        return told
                    await asyncio.sleep(0.05)

        before = await texts(workers=2)
        for number in range(20):  # separate connections, so that both workers get some
            async with httpx.AsyncClient(base_url=served.url, headers=bearer, verify=NO_TLS) as client:
                sent = await client.post("/chat/messages/", json={"conversation": chat["id"], "content": str(number)})
                assert sent.status_code == 201
        await texts(workers=2, at_least=before + 20)
        killed = served.workers()[0]
        os.kill(killed, signal.SIGKILL)
        await wait_until(lambda: killed not in served.workers() and len(served.workers()) == 2)
        assert await texts(workers=2) == before + 20


async def test_a_configured_token_gives_access_to_the_metrics_and_nothing_else_does(database: str) -> None:
    async with running(make_settings(database, metrics_token=TOKEN)) as worker:
        async with httpx.AsyncClient(base_url=worker.url, verify=NO_TLS) as client:
            assert (await client.get("/metrics")).status_code == 401
            for wrong in (f"Bearer {TOKEN}x", TOKEN, "Bearer", f"Basic {TOKEN}"):
                assert (await client.get("/metrics", headers={"Authorization": wrong})).status_code == 401
        assert (await scrape(worker.url, Authorization=f"Bearer {TOKEN}")).value("workers") == 1


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_without_a_token_requests_through_a_proxy_get_404(worker: Worker, header: str) -> None:
    async with httpx.AsyncClient(base_url=worker.url, verify=NO_TLS) as client:
        answer = await client.get("/metrics", headers={header: "10.0.0.1"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_trusted_proxy_identifies_internal_clients(database: str) -> None:
    async with running(make_settings(database, trusted_proxies=["127.0.0.1"])) as worker:
        assert (await scrape(worker.url, **{"X-Forwarded-For": "10.0.0.1"})).value("workers") == 1
        async with httpx.AsyncClient(base_url=worker.url, verify=NO_TLS) as client:
            assert (await client.get("/metrics", headers={"X-Forwarded-For": "93.184.216.34"})).status_code == 404


async def test_openmetrics_is_sent_on_request(worker: Worker) -> None:
    async with httpx.AsyncClient(base_url=worker.url, verify=NO_TLS) as client:
        plain = await client.get("/metrics")
        asked = await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert asked.headers["content-type"].startswith("application/openmetrics-text")
    assert asked.text.endswith("# EOF\n")


def test_every_metric_has_a_description_and_the_other_way_round() -> None:
    assert set(WorkerCounters.__slots__) == {*COUNTERS, *HISTOGRAMS}
    assert len(metric_names()) == 1 + len(COUNTERS) + 3 * len(HISTOGRAMS) + len(GAUGES)
    for name, counted in COUNTERS.items():
        assert hasattr(getattr(WorkerCounters(), name), "keys") == bool(counted.labels), name


async def test_labels_never_come_from_clients(database: str) -> None:
    async with world_with(make_settings(database)) as world:
        (ana,) = world.people("ana")
        chat = await ana.direct(world.person("bo"))
        await ana.client.request("PROPFIND", "/chat/messages/")
        await ana.client.get(f"/chat/conversations/{chat['id']}/nothing/{ana.id}/")
        await ana.client.get(f"/chat/users/{ana.id}/")
        async with ana.connect(chat) as live:
            await live.send(ana.id)
            await live.receive("error")
        found = await scrape(world.worker.url)
    assert ana.id not in found.text
    assert chat["id"] not in found.text
    assert "PROPFIND" not in found.text
    assert found.value("http_requests_total", method="other", route="/chat/messages/", status="4xx") == 1
