"""The driver of the conformance kit for this client. sdk/conformance/README.md documents the steps."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness_client import Harness
from wasgo_chat_client import Chat, ChatError, Conversation, FileOutbox

Json = dict[str, Any]
MAX_CONCURRENT_RUNS = 6
TIMEOUT_S = 90.0


class Driver:
    """Performs one scenario with this client."""

    def __init__(self, control: httpx.AsyncClient, plan: Json, folder: Path) -> None:
        self.control = control
        self.plan = plan
        self.chat: Chat | None = None
        self.outbox = FileOutbox(folder / plan["run"])

    @property
    def conversation(self) -> Conversation:
        assert self.chat is not None
        return self.chat.conversation(self.plan["conversation"])

    async def call(self, path: str, **body: Any) -> Any:
        response = await self.control.post(path, json={"run": self.plan["run"], **body})
        assert response.status_code == 200, response.text
        return response.json()

    async def token(self, reason: str) -> str:
        body = {"user": self.plan["user"], "ttl_s": self.plan["token_ttl_s"]}
        return str((await self.control.post("/token", json=body)).json()["token"])

    async def run(self) -> None:
        try:
            for step in self.plan["steps"]:
                await self.perform(step)
        finally:
            await self.stop()
            self.outbox.close()
            await self.call("/finish")

    async def perform(self, step: Json) -> None:
        if "harness" in step:
            await self.call("/step", step=step)
        elif "client" in step:
            await self.act(step)
        else:
            await wait_until(lambda: self.holds(step), step)

    async def act(self, step: Json) -> None:
        match step["client"]:
            case "follow":
                self.chat = Chat(self.plan["url"], self.token, outbox=self.outbox)
                _ = self.conversation
                await self.chat.start()
            case "reload":
                await self.stop()
            case "send":
                self.conversation.send(step["content"])
            case "edit":
                await self.retry(lambda: self.conversation.edit(self.message_id(step), step["content"]), step)
            case "delete":
                await self.retry(lambda: self.conversation.delete(self.message_id(step)), step)
            case "react":
                await self.retry(
                    lambda: self.conversation.react(self.message_id(step), step["emoji"], step["action"]), step
                )
            case "read_all":
                await self.conversation.mark_read()
            case action:
                raise AssertionError(f"unknown client step {action!r}")

    async def retry(self, act: Callable[[], Awaitable[object]], step: Json) -> None:
        """Retry an idempotent action, because the client may be reconnecting."""

        async def succeeds() -> bool:
            try:
                await act()
            except ChatError:
                return False
            return True

        await wait_until(succeeds, step)

    async def holds(self, step: Json) -> bool:
        conversation = self.conversation
        match step["await"]:
            case "status":
                return bool(conversation.status == step["is"])
            case "pending":
                return sum(message.failed is None for message in conversation.pending) == int(step["count"])
            case "failed":
                return sum(message.failed is not None for message in conversation.pending) == int(step["count"])
            case "unread":
                return conversation.unread == int(step["count"])
            case "stored":
                found = [message for message in conversation.messages if message["content"] == step["content"]]
                return len(found) == int(step["count"])
            case "in_sync":
                return bool(conversation.status == "live" and await self.is_same())
            case condition:
                raise AssertionError(f"unknown condition {condition!r}")

    async def is_same(self) -> bool:
        replica = self.conversation.replica
        assert replica is not None
        state = {
            "last_seq": replica.last_seq,
            "title": replica.conversation["title"],
            "status": replica.conversation["status"],
            "metadata": replica.conversation["metadata"],
            "participants": {user_id: one["role"] for user_id, one in replica.participants.items()},
            "messages": replica.ordered_messages(),
        }
        return bool((await self.call("/compare", state=state))["same"])

    def message_id(self, step: Json) -> str:
        found = (one["id"] for one in self.conversation.messages if one["content"] == step["message"])
        return next(found, "not found")

    async def stop(self) -> None:
        if self.chat is not None:
            await self.chat.stop()
            self.chat = None


async def wait_until(condition: Callable[[], Awaitable[bool]], step: Json) -> None:
    """Poll a condition until it holds."""
    deadline = time.monotonic() + TIMEOUT_S
    while not await condition():
        assert time.monotonic() < deadline, f"timed out after {TIMEOUT_S:g} s: {step}"
        await asyncio.sleep(0.15 if step.get("await") == "in_sync" else 0.02)


@pytest.fixture(scope="session")
async def runs(
    harness: Harness, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Any]]:
    """A task per selected scenario. Several run at once, because each has its own proxy."""
    folder = tmp_path_factory.mktemp("outboxes")
    limit = asyncio.Semaphore(MAX_CONCURRENT_RUNS)
    async with httpx.AsyncClient(base_url=harness.control, timeout=60) as control:

        async def run(name: str) -> None:
            async with limit:
                plan = (await control.post("/start", json={"name": name})).json()
                await Driver(control, plan, folder).run()

        available = (await control.get("/scenarios")).json()
        selected = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
        tasks = {name: asyncio.create_task(run(name)) for name in available if name in selected}
        yield tasks
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def scenario_names() -> list[str]:
    """The names of all scenarios, the same that the harness returns."""
    names: list[str] = []
    for path in sorted((Path(__file__).parents[2] / "conformance" / "scenarios").glob("*.json")):
        values = json.loads(path.read_text()).get("for_each")
        names += [path.stem] if values is None else [f"{path.stem}-{value}" for value in values]
    return names


@pytest.mark.parametrize("name", scenario_names())
async def test_scenario(runs: dict[str, Any], name: str) -> None:
    await runs[name]
