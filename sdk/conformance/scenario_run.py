"""One run of a scenario: its users and conversation, the steps of the harness, and the comparison with a new snapshot.

The client under test is always `ana`. The harness acts for all other users, and bypasses the proxy.
"""

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from sdk.conformance.proxy import Proxy, parse_rules
from wasgo_chat.database.session import Database
from wasgo_chat.events.epochs import begin_epoch
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user
from wasgo_chat.settings.config import Settings

Json = dict[str, Any]
SCENARIOS = Path(__file__).parent / "scenarios"
ERASURE_TIMEOUT_S = 30.0
_LOSE = """
UPDATE conversations SET last_seq = last_seq - :lost, message_count = message_count - :lost WHERE id = CAST(:id AS uuid)
"""
_LOSE_ROWS = """
DELETE FROM {} x USING conversations c
WHERE c.id = CAST(:id AS uuid) AND x.conversation_id = c.id AND x.seq > c.last_seq
"""
ROLES = {"ana": "admin", "bo": "participant", "cy": "observer"}


class StepFailed(Exception):
    """The harness could not perform a step: the scenario is wrong, not the client."""


def load_scenarios() -> dict[str, Json]:
    """All scenarios by name. One with `for_each` becomes one scenario per value, with `"$n"` replaced by the value."""
    scenarios: dict[str, Json] = {}
    for path in sorted(SCENARIOS.glob("*.json")):
        text = path.read_text()
        for value in json.loads(text).get("for_each", [None]):
            name = path.stem if value is None else f"{path.stem}-{value}"
            scenarios[name] = json.loads(text.replace('"$n"', json.dumps(value)))
    return scenarios


def scenario_names() -> list[str]:
    """The names of all scenarios."""
    return list(load_scenarios())


class ScenarioRun:
    """A scenario in progress. Each run has its own users, conversation and proxy."""

    def __init__(self, url: str, settings: Settings, proxy: Proxy, scenario: Json) -> None:
        self.id = secrets.token_hex(4)
        self.scenario = scenario
        self.conversation: Json = {}
        self._settings = settings
        self._proxy = proxy
        # A request on an idle connection fails if the service closes that connection at the same moment.
        self._http = httpx.AsyncClient(base_url=url, limits=httpx.Limits(max_keepalive_connections=0))

    @classmethod
    async def start(cls, port: int, settings: Settings, name: str) -> "ScenarioRun":
        """Create the conversation, perform the `before` steps, and start a proxy for the service at `port`."""
        run = cls(f"http://127.0.0.1:{port}", settings, Proxy(port), load_scenarios()[name])
        await run._proxy.start()
        participants = [{"user_id": run.user_id(one), "role": role, "username": one} for one, role in ROLES.items()]
        body = {"title": "Paint the fence", "participants": participants}
        run.conversation = await run._request("service", "PUT", f"/jobs/{run.id}/conversation/", body)
        for step in run.scenario.get("before", []):
            await run.perform(step)
        return run

    def user_id(self, name: str) -> str:
        """The id that a user of the scenario has in this run."""
        return f"{name}-{self.id}"

    def plan(self) -> Json:
        """Everything that a driver needs."""
        return {
            "run": self.id,
            "url": f"http://127.0.0.1:{self._proxy.port}",
            "user": self.user_id("ana"),
            "conversation": self.conversation["id"],
            "token_ttl_s": self.scenario.get("token_ttl_s", 3600),
            "steps": self.scenario["steps"],
        }

    async def finish(self) -> None:
        """Close all connections."""
        await self._proxy.stop()
        await self._http.aclose()

    async def perform(self, step: Json) -> None:
        """Perform one step of the harness.

        Raises:
            StepFailed: the service rejected it, or there is no such step.
        """
        match step["harness"]:
            case "faults":
                self._proxy.rules = parse_rules(step["rules"])
            case "disconnect":
                self._proxy.disconnect_sockets()
            case "refuse":
                self._proxy.refuses_connections = step["is"]
                if step["is"]:
                    self._proxy.disconnect_sockets()
            case "pause":
                await asyncio.sleep(step["seconds"])
            case "revoke":
                await self._request("service", "POST", f"/chat/users/{self.user_id('ana')}/revoke/")
            case "restore":
                await self._restore(step["without"])
            case "erase":
                await self._erase(self.user_id(step["user"]))
            case action:
                for index in range(step.get("times", 1)):
                    await self._act(action, step, index)

    async def _act(self, action: str, step: Json, index: int) -> None:
        actor, path = step.get("as", "bo"), f"/chat/conversations/{self.conversation['id']}"
        user = {"user_id": self.user_id(step["user"])} if "user" in step else {}
        match action:
            case "send":
                body = {"conversation": self.conversation["id"], "content": step["content"].replace("$i", str(index))}
                if "reply_to" in step:
                    body["reply_to"] = await self._message_id(step["reply_to"])
                await self._request(actor, "POST", "/chat/messages/", body)
            case "edit" | "delete" | "react":
                message_id = await self._message_id(step["message"])
                names = ("content", "emoji", "action")
                body = {name: step[name] for name in names if name in step}
                await self._request(actor, "POST", f"/chat/messages/{message_id}/{action}/", body)
            case "add":
                await self._request(actor, "POST", f"{path}/add_participant/", user)
            case "remove":
                await self._request(actor, "POST", f"{path}/remove_participant/", user)
            case "set_role":
                participant = f"{path}/participants/{user['user_id']}/"
                await self._request("service", "PATCH", participant, {"role": step["role"]})
            case "update":
                await self._request("service", "PATCH", f"{path}/", step["changes"])
            case _:
                raise StepFailed(f"unknown harness step {action!r}")

    async def _erase(self, user_id: str) -> None:
        """Erase a user, and wait until the erasure is complete."""
        path = f"/chat/users/{user_id}/"
        await self._request("service", "DELETE", path)
        async with asyncio.timeout(ERASURE_TIMEOUT_S):
            while (await self._request("service", "GET", f"{path}erasure/"))["state"] != "done":  # noqa: ASYNC110  HTTP has nothing to wait for
                await asyncio.sleep(0.1)

    async def _restore(self, lost: int) -> None:
        """Make the conversation's log lose its last events, all of them messages, as a restored backup lacks them."""
        db = Database(self._settings)
        try:
            async with db.transaction() as tx:
                await tx.execute(text(_LOSE), {"id": self.conversation["id"], "lost": lost})
                for table in ("messages", "events"):
                    await tx.execute(text(_LOSE_ROWS.format(table)), {"id": self.conversation["id"]})
                await begin_epoch(tx)
        finally:
            await db.close()

    async def compare(self, state: Json) -> Json:
        """Compare a client's copy with a new snapshot: `same`, and `differs` with both values of each difference."""
        conversation = await self._request("bo", "GET", f"/chat/conversations/{self.conversation['id']}/")
        page = await self._request("bo", "GET", f"/chat/messages/?conversation={self.conversation['id']}&limit=50")
        expected = {
            "last_seq": conversation["last_seq"],
            "title": conversation["title"],
            "status": conversation["status"],
            "metadata": conversation["metadata"],
            "participants": {one["user"]["id"]: one["role"] for one in conversation["participants"]},
            "messages": [_comparable(message) for message in reversed(page["results"])],
        }
        actual = {**state, "messages": [_comparable(message) for message in state["messages"]][-50:]}
        different = [name for name, value in expected.items() if actual.get(name) != value]
        differs = {name: [actual.get(name), expected[name]] for name in different}
        return {"same": not different, "differs": differs}

    async def _message_id(self, content: str) -> str:
        """The id of the message that has this content now."""
        page = await self._request("bo", "GET", f"/chat/messages/?conversation={self.conversation['id']}&limit=100")
        for message in page["results"]:
            if message["content"] == content:
                return str(message["id"])
        raise StepFailed(f"no message has the content {content!r}")

    async def _request(self, actor: str, method: str, path: str, body: Json | None = None) -> Json:
        if actor == "service":
            token = mint_service(self._settings, "harness", list(SCOPES), ttl_s=60)
        else:
            token = mint_user(self._settings, self.user_id(actor), ttl_s=60, username=actor)
        headers = {"Authorization": f"Bearer {token}"}
        response = await self._http.request(method, path, json=body, headers=headers)
        if response.status_code >= 400:
            raise StepFailed(f"{method} {path}: {response.text}")
        result: Json = response.json() if response.content else {}
        return result


def _comparable(message: Json) -> Json:
    """The parts of a message that must agree. `me` is in responses only, and signed URLs differ in each response."""
    names = ("id", "seq", "message_type", "content", "reply_to", "reply_preview", "mentions", "metadata", "client_id")
    history = ("revision", "is_edited", "edited_at", "is_deleted", "deleted_at", "created_at")
    reactions = {one["emoji"]: sorted(one["user_ids"]) for one in message["reactions"]}
    sender = message["sender"]["id"] if message["sender"] else None
    return {**{name: message[name] for name in (*names, *history)}, "reactions": reactions, "sender": sender}
