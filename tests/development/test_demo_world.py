"""The demo world: created once, with everything that the demo page shows."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.support.servers import TEMPLATE, create_database, database_url
from tests.support.workers import make_settings, running
from wasgo_chat.development import demo_users, demo_world


async def test_every_type_and_state_exists_and_a_second_start_adds_nothing(tmp_path: Path) -> None:
    name = f"demo_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    settings = make_settings(name, storage_dir=tmp_path / "attachments")
    first = await demo_world.seed(settings)
    assert await demo_world.seed(settings) == first
    async with running(settings) as worker, httpx.AsyncClient(base_url=worker.url) as client:
        token = {"Authorization": f"Bearer {demo_users.demo_token(settings, 'ana')}"}

        async def get(path: str) -> Any:
            answer = await client.get(path, headers=token)
            assert answer.status_code == 200, answer.text
            return answer.json()

        listed = (await get("/chat/conversations/"))["results"]
        archived = (await get("/chat/conversations/?archived=true"))["results"]
        kinds = Counter(one["conversation_type"] for one in listed)
        assert kinds == {"job": 3, "direct": 2, "bid": 1, "request": 1, "support": 1, "dispute": 1}
        assert [one["title"] for one in archived] == ["Gutters, front side"]
        assert [one["title"] for one in listed if one["status"] == "closed"] == ["Lamp in the hall"]
        fence = next(one for one in listed if one["id"] == str(first))
        assert (fence["title"], fence["last_seq"], fence["unread_count"]) == ("Paint the fence", 2, 1)
        kitchen = next(one["id"] for one in listed if one["title"] == "Tiles for the kitchen")
        said = (await get(f"/chat/messages/?conversation={kitchen}&limit=100"))["results"]
        assert {one["message_type"] for one in said} == {"text", "image", "file", "location", "system"}
        assert any(one["is_edited"] for one in said)
        assert any(one["is_deleted"] for one in said)
        assert any(one["reply_preview"] for one in said)
        assert any(one["mentions"] for one in said)
        times = [one["created_at"] for one in said]
        assert times == sorted(times, reverse=True)
        assert len({moment[:10] for moment in times}) >= 3


async def test_the_demo_token_route_returns_accepted_tokens(database: str) -> None:
    settings = make_settings(database)
    async with running(settings) as worker, httpx.AsyncClient(base_url=worker.url) as client:
        assert (await client.get("/demo/users/")).status_code == 404  # only in `dev`
        worker.app.include_router(demo_users.demo_users_route(settings))
        users = (await client.get("/demo/users/")).json()["results"]
        assert [one["id"] for one in users] == list(demo_users.DEMO_USERS)
        assert [one["id"] for one in users if one["is_staff"]] == ["sam"]
        for one in users:
            answer = await client.get("/chat/conversations/", headers={"Authorization": f"Bearer {one['token']}"})
            assert answer.status_code == 200
