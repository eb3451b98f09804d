"""Two real worker processes with a real Redis between them, and a kill of one of them."""

import asyncio
import os
import signal
from pathlib import Path

import httpx

from tests.support.processes import ServeProcess, create_job_conversation, serving
from tests.support.retrying_clients import ReconnectingClient
from tests.support.world import Json, wait_until
from wasgo_chat.identity.tokens import mint_user

CLIENTS = 10
MESSAGES = 30


async def history(served: ServeProcess, chat: Json, user: str) -> list[Json]:
    bearer = mint_user(served.settings, user, ttl_s=600)
    found: list[Json] = []
    async with httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {bearer}"}) as client:
        cursor = None
        while True:
            params = {
                "conversation": chat["id"],
                "after_seq": 0,
                "limit": 100,
                **({"cursor": cursor} if cursor else {}),
            }
            page = (await client.get("/chat/messages/", params=params)).json()
            found += page["results"]
            cursor = page["next"]
            if cursor is None:
                return found


async def test_a_worker_killed_while_ten_clients_write_loses_and_doubles_nothing(database: str, tmp_path: Path) -> None:
    users = [f"writer-{number}" for number in range(CLIENTS)]
    total = CLIENTS * MESSAGES
    async with serving(database, tmp_path / "log", workers=2) as served:
        chat = await create_job_conversation(served, users)
        clients = [
            ReconnectingClient(served.ws_url, mint_user(served.settings, user, ttl_s=600), chat, user) for user in users
        ]
        living = [asyncio.create_task(client.run(MESSAGES, total)) for client in clients]
        await wait_until(lambda: sum(len(client.acked) for client in clients) >= total // 3)
        assert len(served.workers()) == 2
        os.kill(served.busiest_worker(), signal.SIGKILL)
        await asyncio.gather(*living)
        stored = await history(served, chat, users[0])

    assert sum(client.reconnects for client in clients) > 0, "the kill disconnected no client"
    assert [message["seq"] for message in stored] == list(range(1, total + 1))
    by_client_id = {message["client_id"]: message["seq"] for message in stored}
    assert len(by_client_id) == total
    for client in clients:
        assert client.acked == {key: seq for key, seq in by_client_id.items() if key in client.acked}
        assert client.seen == list(range(1, total + 1))
        own = [message["content"] for message in stored if message["sender"]["id"] == client.name]
        assert own == [f"{client.name}-{number}" for number in range(MESSAGES)]


async def test_no_worker_outlives_its_killed_parent(database: str, tmp_path: Path) -> None:
    async with serving(database, tmp_path / "log", workers=2) as served:
        assert len(served.workers()) == 2
        served.process.kill()
        await served.wait_port_closed()
