"""What an attack declares, and what its attacker can do.

An attack runs in a process of its own (`attacker`), with a low priority, and ends after its seconds or bytes. The
module of each subject declares attacks with `@attack`; `catalogue` lists them.
"""

import asyncio
import contextlib
import functools
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.attack.wire import Answer, Closed, Http, Meter, Socket, forwarded, request
from tests.identity.issuer import sign, user_claims
from tests.support.workers import SECRET
from wasgo_chat.core.encoding import new_id
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user
from wasgo_chat.settings.config import Settings

MAX_REFUSAL_BYTES = 16_384
"""The size that a refusal may have, whatever was sent."""

Profile = Literal["default", "jwks", "flawed"]


@dataclass(frozen=True)
class Attack:
    """One attack and its limits.

    Args:
        name: unique, as in `ONLY=`.
        kind: what it tries: `denial`, `amplification`, `abuse`, `privacy`.
        sends: what it sends, for the reader of a report.
        run: sends it until it is cancelled.
        prepare: creates what the attack needs, before anything is measured; its result is `attacker.prepared`.
        seconds: how long it runs.
        max_bytes: how many bytes it sends at most; it may receive eight times as many.
        max_growth_mb: how much the memory of a worker may grow meanwhile.
        max_cores: CPU time of the workers that the attack may cause for each second.
        profile: the settings of the service that it needs.
        is_short: whether it is in the short form.
    """

    name: str
    kind: str
    sends: str
    run: "Callable[[Attacker], Awaitable[None]]"
    prepare: "Callable[[Attacker], Awaitable[Any]] | None"
    seconds: float
    max_bytes: int
    max_growth_mb: int
    max_cores: float
    profile: Profile
    is_short: bool


ATTACKS: dict[str, Attack] = {}
Run = Callable[["Attacker"], Awaitable[None]]


def attack(
    kind: str,
    sends: str,
    *,
    prepare: "Callable[[Attacker], Awaitable[Any]] | None" = None,
    seconds: float = 3.0,
    max_mb: int = 200,
    max_growth_mb: int = 120,
    max_cores: float = 2.0,
    profile: Profile = "default",
    is_short: bool = False,
) -> Callable[[Run], Run]:
    """Declare a coroutine function as an attack of its name."""

    def declare(run: Run) -> Run:
        name = getattr(run, "__name__", "")
        assert name not in ATTACKS
        ATTACKS[name] = Attack(
            name, kind, sends, run, prepare, seconds, max_mb << 20, max_growth_mb, max_cores, profile, is_short
        )
        return run

    return declare


@dataclass
class User:
    """A user of the platform, and a token."""

    id: str
    token: str


@dataclass
class Attacker:
    """The attacker's means: users, connections, and what was answered."""

    port: int
    profile: Profile
    key: Any
    meter: Meter
    address: str = ""  # public: the service does not limit internal ones
    database_url: str = ""
    prepared: Any = None
    answers: Counter[str] = field(default_factory=Counter)
    violations: set[str] = field(default_factory=set)
    requests: int = 0
    settings: Settings = field(default_factory=lambda: Settings(jwt_secret=SECRET))

    def user(self, name: str = "mallory") -> User:
        """A user that the service has not seen yet."""
        user_id = f"{name}-{secrets.token_hex(5)}"
        if self.profile == "jwks":
            return User(user_id, sign(user_claims(self.settings, user_id), self.key, "RS256", kid="known"))
        return User(user_id, mint_user(self.settings, user_id, ttl_s=3600))

    def users(self, count: int, name: str = "mallory") -> list[User]:
        return [self.user(name) for _ in range(count)]

    @property
    def service(self) -> str:
        """The token of the platform, for what an attack prepares."""
        return mint_service(self.settings, "platform", list(SCOPES), ttl_s=3600)

    def request(self, method: str, path: str) -> bytes:
        """The bytes of a request without a token and a body."""
        return request(method, path, headers=forwarded(self.address))

    def http(self) -> Http:
        return Http(self.port, self.meter, forwarded(self.address))

    async def ask(
        self, http: Http, user: User | None, method: str, path: str, body: Any = None, *, headers: str = ""
    ) -> Answer:
        """Send a request, count the answer and judge it."""
        answer = await http.ask(method, path, body, token=user.token if user else None, headers=headers)
        self.judge(answer)
        return answer

    def judge(self, answer: Answer) -> None:
        """A refusal is small, and only an unavailable service answers 5xx."""
        self.requests += 1
        self.answers[str(answer.status)] += 1
        self.expect(answer.status < 500 or answer.status in (503, 507), f"an answer of {answer.status}")
        is_large = answer.status >= 400 and answer.size > MAX_REFUSAL_BYTES
        self.expect(not is_large, f"refusals of {answer.size >> 10} KiB to {answer.request_size >> 10} KiB")

    def expect(self, holds: bool, otherwise: str) -> None:
        """Record a violation, unless something holds."""
        if not holds and len(self.violations) < 10:
            self.violations.add(otherwise)

    @asynccontextmanager
    async def socket(self, path: str, user: User | None, *, headers: str = "") -> AsyncIterator[Socket]:
        """Open a socket; its end counts as an answer, and is no error. Raises: Closed, OSError: it cannot be opened."""
        opened = await Socket.open(
            self.port,
            path,
            token=user.token if user else None,
            meter=self.meter,
            headers=forwarded(self.address) + headers,
        )
        try:
            yield opened
        except Closed as closed:
            self.answers[f"close {closed.code}"] += 1
        except OSError as error:
            self.answers[type(error).__name__] += 1
        finally:
            opened.abort()

    async def flood(self, path: str, users: list[User | None], data: bytes, *, pause_s: float = 0.0) -> None:
        """Write the same frames to a socket of each user, as fast as the service reads; connect again when closed."""

        async def one(user: User | None) -> None:
            async with self.socket(path, user) as socket, self.reading(socket) as reading:
                with contextlib.suppress(Closed):  # the reader counts it
                    while not reading.done():
                        await socket.write(data)
                        await asyncio.sleep(pause_s)

        await self.again(*(functools.partial(one, user) for user in users))

    async def again(self, *steps: Callable[[], Awaitable[None]], pause_s: float = 0.02) -> None:
        """Run several at a time, each again and again. Connections that are refused or cut off count as answers."""

        async def lane(step: Callable[[], Awaitable[None]]) -> None:
            while True:
                await self._answered(step())
                await asyncio.sleep(pause_s)

        await asyncio.gather(*(lane(step) for step in steps))

    @asynccontextmanager
    async def reading(self, socket: Socket) -> AsyncIterator[asyncio.Task[None]]:
        """Read and count what arrives at a socket during the block; the task ends with the socket."""

        async def read() -> None:
            try:
                await self.count_answers(socket)
            except Closed as closed:
                self.answers[f"close {closed.code}"] += 1

        task = asyncio.create_task(read())
        try:
            yield task
        finally:
            task.cancel()

    async def count_answers(self, socket: Socket) -> None:
        """Read frames to the end and count their types. Raises: Closed."""
        while True:
            received = await socket.receive()
            self.requests += 1
            kind = received[:40].partition(b'"type":"')[2].partition(b'"')[0].decode()
            if kind == "error":
                kind += " " + str(json.loads(received).get("code"))
            self.answers[kind] += 1

    async def together(self, *works: Awaitable[None]) -> None:
        """Run several at a time. Connections that are refused or cut off are answers, not errors."""

        await asyncio.gather(*(self._answered(work) for work in works))

    async def _answered(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Closed as closed:
            self.answers[f"close {closed.code}"] += 1
        except (OSError, asyncio.IncompleteReadError):
            self.answers["cut off"] += 1

    async def repeat(self, lanes: int, step: "Callable[[Http, int], Awaitable[Any]]") -> None:
        """Run a step again and again, on several connections at a time."""

        async def lane(number: int) -> None:
            http = self.http()
            try:
                while True:
                    try:
                        await step(http, number)
                    except Closed as closed:
                        self.answers[f"close {closed.code}"] += 1
                    except (OSError, asyncio.IncompleteReadError):
                        self.answers["cut off"] += 1
                        await asyncio.sleep(0.05)
            finally:
                http.close()

        await asyncio.gather(*(lane(number) for number in range(lanes)))

    # Preparations

    async def job(self, users: list[str], *, admin: str | None = None, http: Http | None = None) -> str:
        """A job conversation of these users; its id."""
        people = [{"user_id": user, "role": "admin" if user == admin else "participant"} for user in users]
        own = http or Http(self.port)
        answer = await own.ask(
            "PUT", f"/jobs/{new_id()}/conversation/", {"title": "Paint", "participants": people}, token=self.service
        )
        assert answer.status in (200, 201), answer.body
        if http is None:
            own.close()
        made: str = answer.json()["id"]
        return made

    async def say(self, user: User, chat: str, count: int, content: str = "hello") -> list[str]:
        """Send messages, outside the rate limit of users: through a service that acts as the user. Their ids."""
        async with contextlib.AsyncExitStack() as stack:
            http = Http(self.port)
            stack.callback(http.close)
            made = []
            for _ in range(count):
                answer = await http.ask(
                    "POST",
                    "/chat/messages/",
                    {"conversation": chat, "content": content},
                    token=self.service,
                    headers=f"X-Act-As: {user.id}\r\n",
                )
                if answer.status == 429:
                    await asyncio.sleep(0.4)
                    continue
                assert answer.status == 201, answer.body
                made.append(answer.json()["id"])
        return made
