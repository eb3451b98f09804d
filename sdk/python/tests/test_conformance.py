"""The driver of the conformance kit for this client: sdk/conformance/README.md says what the steps mean."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sdk_door import Stage
from wasgo_chat_client import Chat, ChatError, Conversation, FileOutbox

Json = dict[str, Any]
AT_ONCE = 6
PATIENCE_S = 90.0


class Driver:
    """One scenario, played by this client."""

    def __init__(self, door: httpx.AsyncClient, programme: Json, folder: Path) -> None:
        self.door = door
        self.programme = programme
        self.chat: Chat | None = None
        self.outbox = FileOutbox(folder / programme["play"])

    @property
    def conversation(self) -> Conversation:
        assert self.chat is not None
        return self.chat.conversation(self.programme["conversation"])

    async def call(self, path: str, **body: Any) -> Any:
        response = await self.door.post(path, json={"play": self.programme["play"], **body})
        assert response.status_code == 200, response.text
        return response.json()

    async def token(self, reason: str) -> str:
        asked = {"user": self.programme["user"], "ttl_s": self.programme["token_ttl_s"]}
        return str((await self.door.post("/token", json=asked)).json()["token"])

    async def play(self) -> None:
        try:
            for step in self.programme["steps"]:
                await self.step(step)
        finally:
            await self.stop()
            self.outbox.close()
            await self.call("/end")

    async def step(self, step: Json) -> None:
        if "stage" in step:
            await self.call("/do", step=step)
        elif "client" in step:
            await self.act(step)
        else:
            await until(lambda: self.is_so(step), step)

    async def act(self, step: Json) -> None:
        match step["client"]:
            case "follow":
                self.chat = Chat(self.programme["url"], self.token, outbox=self.outbox)
                _ = self.conversation
                await self.chat.start()
            case "reload":
                await self.stop()
            case "send":
                self.conversation.send(step["content"])
            case "edit":
                await self.insist(lambda: self.conversation.edit(self.id_of(step), step["content"]), step)
            case "delete":
                await self.insist(lambda: self.conversation.delete(self.id_of(step)), step)
            case "react":
                await self.insist(
                    lambda: self.conversation.react(self.id_of(step), step["emoji"], step["action"]), step
                )
            case "read_all":
                await self.conversation.mark_read()
            case verb:
                raise AssertionError(f"there is no step {verb}")

    async def insist(self, act: Callable[[], Awaitable[object]], step: Json) -> None:
        """These are safe to repeat, and a connection may be just coming back."""

        async def done() -> bool:
            try:
                await act()
            except ChatError:
                return False
            return True

        await until(done, step)

    async def is_so(self, step: Json) -> bool:
        here = self.conversation
        match step["await"]:
            case "status":
                return bool(here.status == step["is"])
            case "pending":
                return sum(one.failed is None for one in here.pending) == int(step["count"])
            case "failed":
                return sum(one.failed is not None for one in here.pending) == int(step["count"])
            case "unread":
                return here.unread == int(step["count"])
            case "stored":
                return sum(bool(one["content"] == step["content"]) for one in here.messages) == int(step["count"])
            case "in_sync":
                return bool(here.status == "live" and await self.is_same())
        raise AssertionError(f"nothing is called {step['await']}")

    async def is_same(self) -> bool:
        replica = self.conversation.replica
        assert replica is not None
        state = {
            "last": replica.last,
            "title": replica.conversation["title"],
            "status": replica.conversation["status"],
            "metadata": replica.conversation["metadata"],
            "participants": {user_id: one["role"] for user_id, one in replica.participants.items()},
            "messages": replica.ordered(),
        }
        return bool((await self.call("/compare", state=state))["same"])

    def id_of(self, step: Json) -> str:
        return next((one["id"] for one in self.conversation.messages if one["content"] == step["message"]), "nothing")

    async def stop(self) -> None:
        if self.chat is not None:
            await self.chat.stop()
            self.chat = None


async def until(is_so: Callable[[], Awaitable[bool]], step: Json) -> None:
    end = time.monotonic() + PATIENCE_S
    while not await is_so():
        assert time.monotonic() < end, f"it never came: {step}"
        await asyncio.sleep(0.15 if step.get("await") == "in_sync" else 0.02)


@pytest.fixture(scope="session")
async def playing(
    stage: Stage, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Any]]:
    """The scenarios that are to be tested, some at once: each has a proxy of its own."""
    folder = tmp_path_factory.mktemp("outboxes")
    turn = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=stage.door, timeout=60) as door:

        async def play(name: str) -> None:
            async with turn:
                programme = (await door.post("/begin", json={"name": name})).json()
                await Driver(door, programme, folder).play()

        there = (await door.get("/scenarios")).json()
        wanted = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
        tasks = {name: asyncio.create_task(play(name)) for name in there if name in wanted}
        yield tasks
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def names() -> list[str]:
    """The names of all scenarios, as the stage gives them."""
    found: list[str] = []
    for path in sorted((Path(__file__).parents[2] / "conformance" / "scenarios").glob("*.json")):
        values = json.loads(path.read_text()).get("for_each")
        found += [path.stem] if values is None else [f"{path.stem}-{value}" for value in values]
    return found


@pytest.mark.parametrize("name", names())
async def test_scenario(playing: dict[str, Any], name: str) -> None:
    await playing[name]
