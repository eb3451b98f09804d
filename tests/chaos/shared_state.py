"""The state that the clients of a chaos run share: conversations, HTTP connections, and the history."""

import asyncio
import random
import time
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx

from tests.chaos.environment import Environment
from tests.chaos.history import Change, History
from tests.support.world import NO_TLS, Json
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user

TOKEN_S = 6 * 3600
HTTP_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Scale:
    """The size of a run: conversations, senders in each, and messages per second over all of them.

    `longest_s` is how long at most a fault lasts, `window` how many messages of a client may be on their way.
    """

    conversations: int
    senders: int
    rate: float
    max_fault_s: float
    window: int = 4


@dataclass(slots=True)
class ContestedMessage:
    """A message that several users edit, delete and react to."""

    conversation: str
    message_id: str
    user: str


class SharedState:
    """The state that all clients share."""

    def __init__(self, stage: Environment, size: Scale, rng: random.Random) -> None:
        self.environment = stage
        self.scale = size
        self.rng = rng
        self.history = History()
        self.is_sending = True
        self.is_over = False
        self.sent_at: dict[str, float] = {}
        self.acked = 0
        self.delays = array("f")
        self.closes: Counter[str] = Counter()
        self.contested: asyncio.Queue[ContestedMessage | None] = asyncio.Queue()
        """Messages to change concurrently; None at the end."""
        self._bearers: dict[str, str] = {}
        self._service = mint_service(stage.settings, "chaos", list(SCOPES), ttl_s=TOKEN_S)
        limits = httpx.Limits(max_connections=40, max_keepalive_connections=20)
        self._http = httpx.AsyncClient(verify=NO_TLS, timeout=HTTP_TIMEOUT_S, limits=limits)

    def bearer(self, user: str) -> str:
        """A token of that user."""
        if user not in self._bearers:
            self._bearers[user] = mint_user(self.environment.settings, user, ttl_s=TOKEN_S)
        return self._bearers[user]

    def port(self) -> int:
        """Any `serve`."""
        return self.rng.choice(self.environment.services).port

    async def create_conversation(self, number: int, people: dict[str, str]) -> str:
        """Create a conversation of these users, with their roles, before any fault."""
        body = {"participants": [{"user_id": user, "role": role} for user, role in people.items()]}
        status, made = await self.call("PUT", f"/jobs/chaos-{number}/conversation/", body, bearer=self._service) or (
            0,
            {},
        )
        assert status == 201, made
        return str(made["id"])

    async def call(
        self, method: str, path: str, body: Json | None = None, *, user: str = "", bearer: str = ""
    ) -> tuple[int, Json] | None:
        """One request to any `serve`; None if its outcome is unknown."""
        headers = {"Authorization": f"Bearer {bearer or self.bearer(user)}"}
        url = f"http://127.0.0.1:{self.port()}{path}"
        try:
            response = await self._http.request(method, url, json=body, headers=headers)
        except (httpx.TransportError, OSError):
            return None
        if response.status_code in (429, 503):
            return None
        answer: Any = response.json() if response.content else {}
        if response.status_code >= 500 or response.status_code in (400, 401, 422):
            self.history.unexpected.append(f"{method} {path}: HTTP {response.status_code} {answer}")
        return response.status_code, answer

    async def call_until_answered(
        self, method: str, path: str, body: Json | None = None, *, user: str
    ) -> tuple[int, Json]:
        """The same, repeated until there is a response: for idempotent requests."""
        while True:
            answer = await self.call(method, path, body, user=user)
            if answer is not None:
                return answer
            await asyncio.sleep(0.2)

    def record_change(self, contested: ContestedMessage, content: str | None, answer: tuple[int, Json] | None) -> None:
        """Record the outcome of an edit or deletion over HTTP."""
        outcome = "unknown" if answer is None else "acked" if answer[0] == 200 else "refused"
        revision = answer[1].get("revision") if answer is not None and answer[0] == 200 else None
        self.history.changes.append(Change(contested.conversation, contested.message_id, content, outcome, revision))

    async def record_unread_counts(self, places: dict[str, list[str]]) -> None:
        """Record the unread counts of every user."""
        for user, conversations in places.items():
            _, answer = await self.call_until_answered("GET", "/chat/conversations/unread_counts/", user=user)
            for conversation in conversations:
                self.history.unread[conversation, user] = answer["conversations"].get(conversation, 0)

    async def close(self) -> None:
        """Close the HTTP connections."""
        await self._http.aclose()


def now() -> float:
    """Monotonic seconds."""
    return time.monotonic()
