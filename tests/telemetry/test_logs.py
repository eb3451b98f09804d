"""Logs: enough to follow a message at DEBUG, and never a token or message content."""

import json
import re
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from tests.support.processes import serving
from tests.support.world import SocketClient
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user


async def test_debug_logs_follow_a_message_without_token_or_content(database: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with serving(database, log, workers=1, LOG_LEVEL="DEBUG") as served:
        platform = mint_service(served.settings, "platform", list(SCOPES), ttl_s=600)
        ana = mint_user(served.settings, "ana-of-the-logs", ttl_s=600)
        async with httpx.AsyncClient(base_url=served.url) as client:
            headers = {"Authorization": f"Bearer {platform}"}
            people = {"participants": [{"user_id": "ana-of-the-logs"}]}
            made = (await client.put("/jobs/logs/conversation/", json=people, headers=headers)).json()
            headers = {"Authorization": f"Bearer {ana}"}
            ticket = (await client.post("/chat/ws_tickets/", headers=headers)).json()["ticket"]
        async with connect(f"{served.ws_url}/ws/chat/{made['id']}/?ticket={ticket}") as connection:
            live = SocketClient(connection)
            await live.receive("hello")
            await live.request("send_message", content="the secret words")
            await live.request("edit_message", message_id=made["id"], content="other secret words")
    text = log.read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    sent = next(line for line in lines if line["event"] == "frame_received" and line["type"] == "send_message")
    assert sent["user"] == "ana-of-the-logs"
    assert sent["conversation"] == made["id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", sent["connection"])
    assert re.fullmatch(r"[0-9a-f-]{36}", sent["request"])
    assert any(line["event"] == "frame_refused" and line["code"] == "not_found" for line in lines)
    assert any(line["event"] == "events_published" and line["conversation"] == made["id"] for line in lines)
    for secret in ("secret words", platform, ana, ticket, ana.split(".")[2]):
        assert secret not in text


async def test_the_log_names_the_service_that_read_and_its_user(database: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with serving(database, log, workers=1, LOG_LEVEL="INFO") as served:
        assistant = mint_service(served.settings, "assistant", ["chat:act_as"], ttl_s=600)
        headers = {"Authorization": f"Bearer {assistant}", "X-Act-As": "bo-of-the-logs"}
        async with httpx.AsyncClient(base_url=served.url, headers=headers) as client:
            assert (await client.get("/chat/messages/")).status_code == 200
        async with connect(f"{served.ws_url}/ws/chat/", additional_headers=headers) as connection:
            await SocketClient(connection).receive("hello")
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    paths = {(line["event"], line["path"]) for line in lines if line.get("service") == "assistant"}
    assert paths == {("request", "/chat/messages/"), ("socket", "/ws/chat/")}
    assert {line["user"] for line in lines if line.get("service") == "assistant"} == {"bo-of-the-logs"}
