"""One performance of a scenario: its people and conversation, the stage's steps, the comparison at the end.

The client under test is always `ana`. Everybody else is played here, past the proxy.
"""

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import httpx

from sdk.conformance.proxy import Proxy, rules_of
from wasgo_chat.core.config import Settings
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user

Json = dict[str, Any]
SCENARIOS = Path(__file__).parent / "scenarios"
ERASED_S = 30.0
ROLES = {"ana": "admin", "bo": "participant", "cy": "observer"}


class PlayFailed(Exception):
    """A step of the stage could not be done: the scenario is wrong, not the client."""


def load_scenarios() -> dict[str, Json]:
    """Every scenario by name; one with `for_each` is as many, `$n` in it replaced."""
    found: dict[str, Json] = {}
    for path in sorted(SCENARIOS.glob("*.json")):
        text = path.read_text()
        for value in json.loads(text).get("for_each", [None]):
            name = path.stem if value is None else f"{path.stem}-{value}"
            found[name] = json.loads(text.replace('"$n"', json.dumps(value)))
    return found


def scenario_names() -> list[str]:
    """The names of all scenarios."""
    return list(load_scenarios())


class Play:
    """A scenario being performed."""

    def __init__(self, url: str, settings: Settings, proxy: Proxy, scenario: Json) -> None:
        self.id = secrets.token_hex(4)
        self.scenario = scenario
        self.chat: Json = {}
        self._settings = settings
        self._proxy = proxy
        self._http = httpx.AsyncClient(base_url=url)

    @classmethod
    async def begin(cls, port: int, settings: Settings, name: str) -> "Play":
        """Make the people, the conversation, and a proxy before the service at `port`."""
        play = cls(f"http://127.0.0.1:{port}", settings, Proxy(port), load_scenarios()[name])
        await play._proxy.start()
        people = [{"user_id": play.user(one), "role": role, "username": one} for one, role in ROLES.items()]
        body = {"title": "Paint the fence", "participants": people}
        play.chat = await play._call("service", "PUT", f"/jobs/{play.id}/conversation/", body)
        for step in play.scenario.get("before", []):
            await play.do(step)
        return play

    def user(self, name: str) -> str:
        """The user id of a person of this play."""
        return f"{name}-{self.id}"

    def programme(self) -> Json:
        """What a driver needs."""
        return {
            "play": self.id,
            "url": f"http://127.0.0.1:{self._proxy.port}",
            "user": self.user("ana"),
            "conversation": self.chat["id"],
            "token_ttl_s": self.scenario.get("token_ttl_s", 3600),
            "steps": self.scenario["steps"],
        }

    async def end(self) -> None:
        """Break everything off."""
        await self._proxy.stop()
        await self._http.aclose()

    async def do(self, step: Json) -> None:
        """One step of the stage. Raises PlayFailed where it cannot be done."""
        match step["stage"]:
            case "faults":
                self._proxy.rules = rules_of(step["rules"])
            case "cut":
                self._proxy.cut()
            case "refuse":
                self._proxy.refuses = step["is"]
                if step["is"]:
                    self._proxy.cut()
            case "pause":
                await asyncio.sleep(step["seconds"])
            case "revoke":
                await self._call("service", "POST", f"/chat/users/{self.user('ana')}/revoke/")
            case "erase":
                await self._erase(self.user(step["user"]))
            case verb:
                for at in range(step.get("times", 1)):
                    await self._act(verb, step, at)

    async def _act(self, verb: str, step: Json, at: int) -> None:
        who, here = step.get("as", "bo"), f"/chat/conversations/{self.chat['id']}"
        user = {"user_id": self.user(step["user"])} if "user" in step else {}
        match verb:
            case "send":
                body = {"conversation": self.chat["id"], "content": step["content"].replace("$i", str(at))}
                if "reply_to" in step:
                    body["reply_to"] = await self._message(step["reply_to"])
                await self._call(who, "POST", "/chat/messages/", body)
            case "edit" | "delete" | "react":
                message_id = await self._message(step["message"])
                names = ("content", "emoji", "action")
                body = {name: step[name] for name in names if name in step}
                await self._call(who, "POST", f"/chat/messages/{message_id}/{verb}/", body)
            case "add":
                await self._call(who, "POST", f"{here}/add_participant/", user)
            case "remove":
                await self._call(who, "POST", f"{here}/remove_participant/", user)
            case "promote":
                path = f"{here}/participants/{user['user_id']}/"
                await self._call("service", "PATCH", path, {"role": step["role"]})
            case "update":
                await self._call("service", "PATCH", f"{here}/", step["changes"])
            case _:
                raise PlayFailed(f"there is no step {verb}")

    async def _erase(self, user_id: str) -> None:
        """Erase a person; returns when nothing of it is left to do."""
        path = f"/chat/users/{user_id}/"
        await self._call("service", "DELETE", path)
        async with asyncio.timeout(ERASED_S):
            while (await self._call("service", "GET", f"{path}erasure/"))["state"] != "done":  # noqa: ASYNC110  HTTP has nothing to wait for
                await asyncio.sleep(0.1)

    async def compare(self, state: Json) -> Json:
        """Whether a client's copy is the same as a fresh snapshot, and where it is not."""
        detail = await self._call("bo", "GET", f"/chat/conversations/{self.chat['id']}/")
        page = await self._call("bo", "GET", f"/chat/messages/?conversation={self.chat['id']}&limit=50")
        fresh = {
            "last": detail["last_seq"],
            "title": detail["title"],
            "status": detail["status"],
            "metadata": detail["metadata"],
            "participants": {one["user"]["id"]: one["role"] for one in detail["participants"]},
            "messages": [_said(one) for one in reversed(page["results"])],
        }
        given = {**state, "messages": [_said(one) for one in state["messages"]][-50:]}
        wrong = [name for name, value in fresh.items() if given.get(name) != value]
        return {"same": not wrong, "differs": {name: [given.get(name), fresh[name]] for name in wrong}}

    async def _message(self, content: str) -> str:
        """The id of the message that says this now."""
        page = await self._call("bo", "GET", f"/chat/messages/?conversation={self.chat['id']}&limit=100")
        for one in page["results"]:
            if one["content"] == content:
                return str(one["id"])
        raise PlayFailed(f"nobody said {content!r}")

    async def _call(self, who: str, method: str, path: str, body: Json | None = None) -> Json:
        if who == "service":
            token = mint_service(self._settings, "stage", list(SCOPES), ttl_s=60)
        else:
            token = mint_user(self._settings, self.user(who), ttl_s=60, username=who)
        headers = {"Authorization": f"Bearer {token}"}
        response = await self._http.request(method, path, json=body, headers=headers)
        if response.status_code >= 400:
            raise PlayFailed(f"{method} {path}: {response.text}")
        answer: Json = response.json() if response.content else {}
        return answer


def _said(message: Json) -> Json:
    """What of a message has to agree; `me` is in answers only, and links are new in each."""
    names = ("id", "seq", "message_type", "content", "reply_to", "reply_preview", "mentions", "metadata", "client_id")
    flags = ("revision", "is_edited", "edited_at", "is_deleted", "deleted_at", "created_at")
    reactions = {one["emoji"]: sorted(one["user_ids"]) for one in message["reactions"]}
    sender = message["sender"]["id"] if message["sender"] else None
    return {**{name: message[name] for name in (*names, *flags)}, "reactions": reactions, "sender": sender}
