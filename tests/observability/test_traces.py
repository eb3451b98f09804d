"""Traces: from a frame or a request to the last socket, over two workers, to an OTLP collector."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from websockets.asyncio.client import connect

from tests.notifications.servers import Receiver, receiver
from tests.support.processes import ServeProcess, create_job_conversation, serving
from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.world import NO_TLS, Json, SocketClient, wait_until
from wasgo_chat.identity.tokens import mint_user

TRACES = "/v1/traces"
PEOPLE = ["ana", "bo"]


class Spans:
    """The spans that a collector received, with their workers."""

    def __init__(self, taken: Receiver) -> None:
        self._taken = taken

    def all(self) -> list[tuple[str, Span]]:
        found: list[tuple[str, Span]] = []
        for request in self._taken.requests_to(TRACES):
            body = gzip.decompress(request.body) if request.body[:2] == b"\x1f\x8b" else request.body
            for of_worker in ExportTraceServiceRequest.FromString(body).resource_spans:
                who = {one.key: one.value.string_value for one in of_worker.resource.attributes}
                assert who["service.name"] == "wasgo-chat"
                for scope in of_worker.scope_spans:
                    found += [(who["service.instance.id"], span) for span in scope.spans]
        return found

    def named(self, name: str) -> list[Span]:
        return [span for _, span in self.all() if span.name == name]

    async def below(self, name: str, *, workers: int) -> dict[str, list[tuple[str, Span]]]:
        """Wait for the only trace with this root until some workers have delivered in it; returns its spans."""

        def trace() -> list[tuple[str, Span]]:
            (root,) = self.named(name) or [Span()]
            return [one for one in self.all() if root.trace_id and one[1].trace_id == root.trace_id]

        await wait_until(lambda: len({worker for worker, span in trace() if span.name == "deliver"}) >= workers)
        by_name: dict[str, list[tuple[str, Span]]] = {}
        for worker, span in trace():
            by_name.setdefault(span.name, []).append((worker, span))
        return by_name


def attributes(span: Span) -> dict[str, object]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


@pytest.fixture(scope="module")
async def traced(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[ServeProcess, Spans, Path]]:
    """Two workers on a separate database, as workers of other tests might consume its log first."""
    name = f"chat_traces_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    log = tmp_path_factory.mktemp("traces") / "log"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")  # milliseconds between exports
        async with receiver() as taken:
            more = {"OTLP_ENDPOINT": f"http://127.0.0.1:{taken.port}", "LOG_LEVEL": "DEBUG"}
            async with serving(name, log, workers=2, **more) as served:
                yield served, Spans(taken), log


async def crowd(served: ServeProcess, chat: Json, stack: AsyncExitStack) -> list[SocketClient]:
    """A socket on each of two workers: while one is stopped, the other accepts the connection."""
    sockets_open: list[SocketClient] = []
    for stopped, name in zip(served.workers(), ("ana", "bo"), strict=True):
        os.kill(stopped, signal.SIGSTOP)
        try:
            bearer = {"Authorization": f"Bearer {mint_user(served.settings, name, ttl_s=600)}"}
            url = f"{served.ws_url}/ws/chat/{chat['id']}/"
            live = SocketClient(await stack.enter_async_context(connect(url, additional_headers=bearer)))
            await live.receive("hello")
        finally:
            os.kill(stopped, signal.SIGCONT)
        sockets_open.append(live)
    return sockets_open


async def test_one_trace_leads_from_a_frame_to_the_sockets_of_both_workers(
    traced: tuple[ServeProcess, Spans, Path],
) -> None:
    served, spans, log = traced
    chat = await create_job_conversation(served, PEOPLE)
    async with AsyncExitStack() as stack:
        sockets_open = await crowd(served, chat, stack)
        await sockets_open[0].request("send_message", content="to be followed")
        for live in sockets_open[1:]:
            await live.receive("new_message")
    found = await spans.below("frame send_message", workers=2)
    ((here, root),) = found["frame send_message"]
    ((_, wait),) = found["wait for commit"]
    ((_, commit),) = found["commit"]
    ((_, publish),) = found["publish"]
    assert root.kind == Span.SPAN_KIND_SERVER
    assert wait.parent_span_id == root.span_id
    assert commit.parent_span_id == wait.span_id
    assert [link.span_id for link in commit.links] == [wait.span_id]
    assert publish.parent_span_id == wait.span_id
    deliveries = found["deliver"]
    assert len(deliveries) == 2
    assert sum(int(str(attributes(span)["sockets"])) for _, span in deliveries) == len(sockets_open)
    for worker, span in deliveries:
        assert span.parent_span_id == (wait.span_id if worker == here else publish.span_id)
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    told = [line for line in lines if line["event"] == "frame_received" and line["type"] == "send_message"]
    assert told[0]["trace_id"] == root.trace_id.hex()
    assert told[0]["span_id"] == root.span_id.hex()


async def test_a_request_continues_its_callers_trace_without_private_data(
    traced: tuple[ServeProcess, Spans, Path],
) -> None:
    served, spans, _ = traced
    chat = await create_job_conversation(served, PEOPLE)
    trace_id, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    bearer = {"Authorization": f"Bearer {mint_user(served.settings, 'ana', ttl_s=600)}"}
    client = httpx.AsyncClient(base_url=served.url, headers=bearer, verify=NO_TLS)
    async with AsyncExitStack() as stack, client:
        sockets_open = await crowd(served, chat, stack)
        body = {"conversation": chat["id"], "content": "secret words"}
        headers = {"traceparent": f"00-{trace_id}-{parent}-01"}
        sent = (await client.post("/chat/messages/", json=body, headers=headers)).json()
        await client.post(f"/chat/messages/{sent['id']}/edit/", json={"content": "other words"})
        await client.get("/chat/users/secret-person/?ticket=secret-ticket")
        for live in sockets_open:
            await live.wait_for("message_edited")
    found = await spans.below("POST /chat/messages/", workers=2)
    ((_, root),) = found["POST /chat/messages/"]
    assert (root.trace_id.hex(), root.parent_span_id.hex()) == (trace_id, parent)
    assert {"wait for commit", "commit", "publish", "deliver"} <= set(found)
    edited = await spans.below("POST /chat/messages/{message_id}/edit/", workers=2)
    assert {"publish", "deliver"} <= set(edited)
    await wait_until(lambda: len(spans.named("notifications consumer")) > 0)
    await wait_until(lambda: any(attributes(span).get("url.query") for _, span in spans.all()))
    everything = str(spans.all())
    assert "/chat/users/…/" in {attributes(span).get("url.path") for _, span in spans.all()}
    assert not [word for word in ("secret", "words", "ana") if word in everything]


def test_without_the_setting_the_sdk_is_not_loaded() -> None:
    program = (
        "import sys; from wasgo_chat.app import create_app; from wasgo_chat.settings.config import Settings\n"
        "create_app(Settings(database_url='postgresql://nobody@127.0.0.1/none', jwt_secret='x' * 40))\n"
        "ours = ('opentelemetry.sdk', 'opentelemetry.exporter', 'prometheus_client')\n"
        "print([name for name, module in sys.modules.items() if module is not None and name.startswith(ours)])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip().endswith("[]"), run.stdout
