"""Marked content, tokens and addresses pass through every route, and the service writes none of them to its logs."""

import json
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.notifications.browser import Browser
from tests.notifications.notification_world import VAPID_KEY, WEBHOOK_SECRET
from tests.notifications.servers import Mailbox, Receiver, mailbox, receiver
from tests.support.processes import ServeProcess, serving
from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.world import SocketClient, wait_until
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user

MARK = "canary" + secrets.token_hex(6)
WORDS = f"Words{MARK.upper()}"
ADDRESS = f"{MARK}@people.example"
CRASHES = f"ALTER TABLE messages ADD CONSTRAINT crash CHECK (content NOT LIKE '%{WORDS} crash%')"


@dataclass
class Scene:
    """A `serve` at DEBUG with every channel, and everything that it sends."""

    served: ServeProcess
    log: Path
    mails: Mailbox
    hooks: Receiver
    browser: Browser
    said: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=lambda: [MARK, WORDS, ADDRESS])

    def bearer(self, token: str) -> dict[str, str]:
        self.secrets += [token, token.rpartition(".")[2]]
        return {"Authorization": f"Bearer {token}"}

    async def call(self, client: httpx.AsyncClient, method: str, path: str, **more: Any) -> Any:
        answer = await client.request(method, path, **more)
        if answer.status_code >= 400:
            self.said.append(answer.text + str(answer.headers))
        return answer


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    name = f"chat_canary_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    connection = await asyncpg.connect(database_url(name))
    await connection.execute(CRASHES)
    await connection.close()
    async with mailbox() as mails, receiver() as hooks:
        settings = {
            "LOG_LEVEL": "DEBUG",
            "STORAGE_DIR": str(tmp_path / "files"),
            "SMTP_URL": f"smtp://127.0.0.1:{mails.port}",
            "MAIL_FROM": "chat@wasgo.example",
            "PUBLIC_URL": "https://chat.wasgo.example",
            "NOTIFY_WEBHOOK_URL": f"http://127.0.0.1:{hooks.port}/hook",
            "NOTIFY_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "VAPID_PRIVATE_KEY": VAPID_KEY,
            "VAPID_SUBJECT": "mailto:ops@wasgo.example",
            "PUSH_TO_PRIVATE_ADDRESSES": "true",
            "NOTIFY_DELAY_S": "0",
        }
        async with serving(name, tmp_path / "log", workers=1, **settings) as served:
            browser = Browser(f"http://127.0.0.1:{hooks.port}")
            yield Scene(served, tmp_path / "log", mails, hooks, browser)


async def by_http(scene: Scene, client: httpx.AsyncClient, chat: str, ana: dict[str, str], bo: dict[str, str]) -> None:
    body = {"conversation": chat, "content": WORDS, "mentions": ["bo"], "metadata": {"x": WORDS}}
    for more in ({}, {"content": f"{WORDS} crash"}, {f"extra {MARK}": 1}, {"message_type": WORDS}, {"reply_to": WORDS}):
        await scene.call(client, "POST", "/chat/messages/", json={**body, **more}, headers=ana)
    await scene.call(client, "POST", "/chat/messages/", content=f"{{{WORDS}", headers=ana)
    files = {"files": (f"{MARK}.html", f"<html>{WORDS}".encode())}
    fields = {"conversation": chat, "message_type": "file"}
    sent = (await scene.call(client, "POST", "/chat/messages/", data=fields, files=files, headers=ana)).json()
    link = httpx.URL(sent["attachments"][0]["url"])
    scene.secrets.append(link.params["signature"])
    for path in (link.raw_path.decode(), link.raw_path.decode() + "x"):
        await scene.call(client, "GET", path)
    for path in (f"/nowhere/{MARK}", f"/chat/messages/{WORDS}/", f"/chat/users/{ADDRESS}/", f"/x?token={MARK}"):
        await scene.call(client, "GET", path, headers=bo)
    await scene.call(client, "GET", "/chat/notifications/", headers={"Authorization": f"Bearer {MARK}.{MARK}.{MARK}"})
    await scene.call(client, "PUT", "/chat/notifications/preferences/", json={"level": WORDS}, headers=bo)


async def by_socket(scene: Scene, client: httpx.AsyncClient, chat: str, ana: dict[str, str]) -> None:
    ticket = (await client.post("/chat/ws_tickets/", headers=ana)).json()["ticket"]
    scene.secrets.append(ticket)
    url = f"{scene.served.ws_url}/ws/chat/{chat}/?ticket="
    async with connect(url + ticket) as connection:
        live = SocketClient(connection)
        await live.receive("hello")
        for more in ({}, {"content": f"{WORDS} crash"}, {f"x {MARK}": WORDS}, {"message_type": WORDS}):
            answer = await live.request("send_message", **{"content": WORDS, "client_id": MARK, **more})
            if answer["type"] == "error":
                scene.said.append(json.dumps({**answer, "ref": None}))
        await live.request("refresh_token", token=f"{MARK}.{MARK}.{MARK}")
        await connection.send(f"{{{WORDS}")
    async with connect(url + ticket) as connection:  # used
        scene.said.append((await SocketClient(connection).wait_closed())[1])
    with pytest.raises(InvalidStatus):
        await connect(url + MARK, origin=f"https://{MARK}.example")  # type: ignore[arg-type]  # an origin is text


async def delivered(scene: Scene) -> None:
    """Wait for one delivery of each channel. A failure names the missing ones, with what the service logged."""

    def missing() -> list[str]:
        arrived = {
            "email": scene.mails.received,
            "webhook": scene.hooks.requests_to("/hook"),
            "push": scene.hooks.requests_to(scene.browser.path),
        }
        return [channel for channel, requests in arrived.items() if not requests]

    try:
        await wait_until(lambda: not missing())
    except TimeoutError:
        lines = scene.log.read_text().splitlines()
        unusual = [line for line in lines if "deliver" in line or '"level":"debug"' not in line][-40:]
        pytest.fail(f"nothing arrived by {missing()}:\n" + "\n".join(unusual))


async def test_logs_contain_no_content_token_or_address(scene: Scene) -> None:
    settings = scene.served.settings
    service = scene.bearer(mint_service(settings, "platform", list(SCOPES), ttl_s=600))
    ana, bo = (scene.bearer(mint_user(settings, name, ttl_s=600)) for name in ("ana", "bo"))
    async with httpx.AsyncClient(base_url=scene.served.url) as client:
        people = {"participants": [{"user_id": "ana"}, {"user_id": "bo"}], "title": "Fence"}
        chat = (await client.put("/jobs/canary/conversation/", json=people, headers=service)).json()["id"]
        await client.put("/chat/users/bo/", json={"email": ADDRESS}, headers=service)
        await client.post("/chat/push_subscriptions/", json=scene.browser.subscription, headers=bo)
        await by_http(scene, client, chat, ana, bo)
        await by_socket(scene, client, chat, ana)
        await delivered(scene)
        mail = scene.mails.received[0][1]
        stop = httpx.URL(mail["List-Unsubscribe"].strip("<>")).raw_path.decode()
        scene.secrets.append(stop.split("/")[-2])
        assert (await client.post(stop)).status_code == 200
        text = mail.get_body(("plain",))
        assert text is not None
        scene.said.append(text.get_content())
        numbers = (await client.get("/metrics")).text
        assert 'wasgo_chat_messages_total{type="text"}' in numbers
        assert not [secret for secret in (*scene.secrets, chat) if secret.lower() in numbers.lower()]
    scene.said += [request.body.decode() for request in scene.hooks.requests_to("/hook")]
    scene.said += [
        json.dumps(scene.browser.read(request.body)) for request in scene.hooks.requests_to(scene.browser.path)
    ]
    log = scene.log.read_text()
    assert log.count('"exc_value":"SQLSTATE 23514"') >= 2, "nothing has crashed"
    assert '"path":"/chat/notifications/unsubscribe/…/"' in log
    scene.secrets += [WEBHOOK_SECRET, VAPID_KEY, scene.browser.subscription["endpoint"]]
    for secret in scene.secrets:
        assert secret.lower() not in log.lower(), [line for line in log.splitlines() if secret.lower() in line.lower()]
    words = [one for one in scene.said if WORDS in one or ADDRESS in one or (MARK in one and "unsubscribe" not in one)]
    assert not words, words
