"""`make attack ARGS=--amplification`: what the dearest request of each route and the dearest frame cost the service.

Each is sent a few times to a service without rate limits. CPU time comes from the scheduler's statistics of the
processes, less what they use without requests; bytes are those on the wire. The tables of docs/security.md have those
that give an attacker most, and the limit that holds them.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from tests.attack.attack import Attacker
from tests.attack.crowds import create_crowds
from tests.attack.environment import Environment
from tests.attack.images import SIDE, bomb
from tests.attack.push import subscription
from tests.attack.wire import Http, Meter, Socket, form, request, text
from tests.security.expectations import FRAMES, OPERATIONS, PUBLIC, STAFF
from tests.support.documents import APP
from tests.support.processes import ServeProcess
from tests.support.world import routes_in
from wasgo_chat.core.encoding import new_id
from wasgo_chat.http.pagination import DEFAULT_LIMIT, MAX_LIMIT
from wasgo_chat.http.rate_limits import EVENTS_PER_FRAME, RateClass
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.settings.config import Settings

TIMES = 6
IDLE_S = 1.5
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/security.md"
BEGIN, END = "<!-- amplification -->", "<!-- end of amplification -->"
UNLIMITED = {name.upper(): "0" for name in Settings.model_fields if name.startswith("rate_")} | {"MESSAGE_RATE": "0"}
SHOWN = 5
SENDS = ("send_message", "edit_message", "delete_message", "react")
"""Frames that count as messages."""
MINUTE_S = 60


def runtime_s(pid: int) -> float:
    """CPU time of all threads of a process, to the nanosecond; 0 if it has ended."""
    total = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return total / 1e9
    return total / 1e9


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@dataclass
class Measured:
    """The cost of one request or frame of a kind, on average."""

    name: str
    limit: str
    per_minute: float
    server_s: float
    database_s: float
    client_s: float
    sent: float
    received: float
    status: str

    @property
    def cpu_ratio(self) -> float:
        return (self.server_s + self.database_s) / max(self.client_s, 1e-6)

    @property
    def byte_ratio(self) -> float:
        return self.received / max(1, self.sent)

    @property
    def cores(self) -> float:
        """Cores that one user keeps busy within the limit; without a limit, with one connection."""
        return self.per_minute * (self.server_s + self.database_s) / MINUTE_S


Build = Callable[[int], bytes]


class Scene:
    """A busy user and what requests can be about: pages that are full, a conversation of fifty members."""

    def __init__(self, means: Attacker, database_url: str) -> None:
        self.means = means
        self.database_url = database_url
        self.ana = means.user("ana")
        self.bo = means.user("bo")
        self.staff = mint_user(means.settings, f"staff-{new_id()}", ttl_s=3600, staff=True)
        self.names: dict[str, Any] = {}
        self.messages: list[str] = []
        self.doomed: list[str] = []

    async def prepare(self) -> None:
        ana, means = self.ana, self.means
        crowds = await create_crowds(self.database_url, ana.id, conversations=40, members=50)
        self.others = others = [one.id for one in means.users(48, "crowd")]
        self.chat = await means.job([ana.id, self.bo.id, *others], admin=ana.id)
        for chat in crowds:
            await means.say(ana, chat, 1, "x" * 500)
        self.messages = await means.say(self.bo, self.chat, 100, "x" * 10_000)
        self.own = await means.say(ana, self.chat, 40, "x" * 10_000)
        self.doomed = await means.say(ana, self.chat, 40)
        http = Http(means.port)
        for message in self.messages[-20:]:
            for emoji in "👍❤🎉😀🚀":
                await http.ask("POST", f"/chat/messages/{message}/react/", {"emoji": emoji}, token=ana.token)
        body, header = form({"conversation": self.chat}, [("file", "a.txt", b"hello")])
        made = await http.ask("POST", "/chat/attachments/", body, token=ana.token, headers=header)
        http.close()
        push = subscription("https://8.8.8.8/x")
        self.names = {
            "chat": self.chat, "message": self.messages[-1], "message_2": self.messages[-2], "own": self.own[0],
            "attachment": made.json().get("id", str(new_id())), "notification": str(new_id()), "new": str(new_id()),
            "unknown": str(new_id()), "extra": self.bo.id, "leaver": others[0], "doomed": self.doomed[0],
            "endpoint": push["endpoint"], "keys": push["keys"],
            **{kind: str(new_id()) for kind in ("bid", "job", "request", "dispute")},
        }  # fmt: skip

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.filled(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.filled(part) for part in value]
        if isinstance(value, str) and re.fullmatch(r"\{\w+\}", value):
            return self.names[value[1:-1]]
        return value

    def requests(self) -> dict[str, Build]:
        """By operation: a request of the dearest shape. Others are as in the matrix of rights."""
        token, chat, others = self.ana.token, self.chat, self.others
        crowd = [f"crowd-{number}" for number in range(498)]

        def ask(method: str, path: str, body: Any = None, *, headers: str = "") -> Build:
            return lambda number: request(
                method, path, body, token=token, headers=headers.replace("{n}", str(new_id()))
            )

        ten, ten_header = form({"conversation": chat}, [("files", f"{n}.jpg", bomb("JPEG")) for n in range(10)])
        one, one_header = form({"conversation": chat}, [("file", "a.jpg", bomb("JPEG"))])
        key = "Idempotency-Key: {n}\r\n"
        at = f"/chat/conversations/{chat}"
        metadata: dict[str, Any] = {"a": [[{}]] * 1200}
        return {
            "list_conversations": ask("GET", "/chat/conversations/?limit=100"),
            "list_messages": ask("GET", f"/chat/messages/?conversation={chat}&limit=100"),
            "list_events": ask("GET", f"{at}/events/?after_seq=0&limit=100"),
            "list_notifications": ask("GET", "/chat/notifications/?limit=100"),
            "list_presence": ask("GET", "/chat/presence/?user_ids=" + ",".join(crowd[:100])),
            "create_conversation": lambda number: request(
                "POST",
                "/chat/conversations/",
                {"conversation_type": "direct", "participant_ids": [crowd[number]], "metadata": metadata},
                token=token,
            ),
            "mark_messages_read": lambda number: request(
                "POST", "/chat/messages/mark_multiple_read/", {"message_ids": (self.messages * 5)[:500]}, token=token
            ),
            "send_message": lambda number: request(
                "POST", "/chat/messages/", ten, token=token, headers=ten_header
            ),
            "send_message (text)": ask(
                "POST", "/chat/messages/", {"conversation": chat, "content": "x" * 9_999, "mentions": others[1:41]},
                headers=key,
            ),
            "upload_attachment": lambda number: request(
                "POST", "/chat/attachments/", one, token=token, headers=one_header
            ),
            "edit_message": lambda number: request(
                "POST", f"/chat/messages/{self.own[number]}/edit/", {"content": f"{number}" * 9_000}, token=token
            ),
            "delete_message": lambda number: request(
                "POST", f"/chat/messages/{self.doomed[number]}/delete/", token=token
            ),
            "update_conversation": lambda number: request(
                "PATCH", f"{at}/", {"title": f"{number}", "metadata": metadata, "settings": metadata}, token=token
            ),
            "add_participant": lambda number: request(
                "POST", f"{at}/add_participant/", {"user_id": f"new-{number}"}, token=token
            ),
            "add_push_subscription": lambda number: request(
                "POST", "/chat/push_subscriptions/", subscription(f"https://8.8.8.8/{number}"), token=token
            ),
            "mark_conversation_read": ask("POST", f"{at}/mark_read/"),
            "wrong body": lambda number: request(
                "POST", "/chat/messages/mark_multiple_read/", b'{"message_ids":[' + b"1," * 60_000 + b"1]}", token=token
            ),
        }  # fmt: skip

    def frames(self) -> dict[str, Callable[[int], bytes]]:
        """By type: a frame of the dearest shape."""
        about = {"conversation_id": self.chat}

        def frame(kind: str, number: int, **fields: Any) -> bytes:
            return text({"type": kind, "ref": f"f{number}", **about, **fields})

        return {
            "subscribe": lambda n: frame("subscribe", n, after_seq=0),
            "unsubscribe": lambda n: frame("unsubscribe", n),
            "typing": lambda n: frame("typing", n, is_typing=bool(n % 2)),
            "mark_read": lambda n: frame("mark_read", n, message_ids=(self.messages * 5)[:500]),
            "send_message": lambda n: frame("send_message", n, content="x" * 10_000, client_id=str(new_id())),
            "edit_message": lambda n: frame("edit_message", n, message_id=self.own[20 + n], content=f"{n}" * 9_000),
            "delete_message": lambda n: frame("delete_message", n, message_id=self.doomed[20 + n]),
            "react": lambda n: frame("react", n, message_id=self.messages[n], emoji="👍"),
            "refresh_token": lambda n: frame("refresh_token", n, token=self.ana.token),
        }


def limits() -> dict[str, tuple[str, float]]:
    """By operation: the limit of a user, and how many of them it allows in a minute on two workers."""
    settings = Settings()
    figures: dict[str, tuple[str, float]] = {
        "read": ("`RATE_READS_PER_MINUTE`", settings.rate_reads_per_minute * 2),
        "write": ("`RATE_WRITES_PER_MINUTE`", settings.rate_writes_per_minute),
        "upload": ("`RATE_UPLOADS_PER_MINUTE`", settings.rate_uploads_per_minute),
        "ticket": ("`RATE_TICKETS_PER_MINUTE`", settings.rate_tickets_per_minute),
        "push_subscription": ("`RATE_PUSH_SUBSCRIPTIONS_PER_MINUTE`", settings.rate_push_subscriptions_per_minute),
        "person": ("`RATE_PEOPLE_PER_MINUTE`", settings.rate_people_per_minute),
        "frame": ("`RATE_FRAMES_PER_MINUTE`", settings.rate_frames_per_minute * 2),
        "message": ("`MESSAGE_RATE`", settings.message_rate * MINUTE_S / settings.message_rate_window_s),
    }
    assert set(get_args(RateClass)) <= set(figures)
    classes = {}
    for route in routes_in(APP):
        default = "read" if "GET" in (route.methods or ()) else "write"
        counted = getattr(route.endpoint, "wasgo_chat_rate_class", default) or "message"
        name, per_minute = figures[counted]
        results_per_read = getattr(route.endpoint, "wasgo_chat_results_per_read", None)
        is_page = any(parameter.alias == "limit" for parameter in route.dependant.query_params)
        results = MAX_LIMIT if is_page else DEFAULT_LIMIT
        classes[route.operation_id] = (name, per_minute / (1 + results / results_per_read if results_per_read else 1))
    classes["create_conversation"] = figures["person"]
    pictures = settings.rate_megapixels_per_minute / (SIDE * SIDE / 1e6)
    classes["upload_attachment"] = ("`RATE_MEGAPIXELS_PER_MINUTE`", pictures)
    classes["send_message"] = ("`RATE_MEGAPIXELS_PER_MINUTE`", pictures / 10)
    for name, expected in OPERATIONS.items():
        if expected.needs == PUBLIC:
            classes[name] = ("`RATE_ADDRESS_PER_MINUTE`", settings.rate_address_per_minute * 2)
        elif expected.needs is None:
            classes[name] = ("services only", 0)
        elif expected.needs == STAFF:
            classes[name] = ("staff only", 0)
    return {**{str(key): value for key, value in classes.items()}, "frame": figures["frame"],
            "message": figures["message"], "write": figures["write"]}  # fmt: skip


class Amplification:
    """Measures every route and frame of a service."""

    def __init__(self, served: ServeProcess, database: int, scene: Scene) -> None:
        self._served = served
        self._database = database
        self._scene = scene
        self._idle: tuple[float, float] = (0.0, 0.0)
        self._limits = limits()

    async def run(self) -> list[Measured]:
        self._idle = await self._idle_rates()
        found = []
        special = self._scene.requests()
        for name in [*OPERATIONS, *(name for name in special if name not in OPERATIONS)]:
            build = special.get(name) or self._usual(name)
            found.append(await self._measure_route(name, build))
        for name in FRAMES:
            found.append(await self._measure_frame(name, self._scene.frames()[name]))
        return found

    def _usual(self, name: str) -> Build:
        expected, scene = OPERATIONS[name], self._scene
        path = expected.path.format(**{key: value for key, value in scene.names.items() if isinstance(value, str)})
        token = None if expected.needs == PUBLIC else scene.ana.token
        if expected.needs == STAFF:
            token = scene.staff
        if expected.needs is None:
            token = scene.means.service
        body = scene.filled(expected.body)
        return lambda number: request(expected.method, path, body, token=token)

    async def _measure_route(self, name: str, build: Build) -> Measured:
        meter = Meter()
        http = Http(self._served.port, meter)
        sent = [build(number) for number in range(TIMES + 1)]
        first = await http.exchange(sent[0])  # the first is slower, and tells the status
        meter.sent = meter.received = 0

        async def work() -> None:
            for one in sent[1:]:
                await http.exchange(one)

        cost = await self._cost_of(work)
        http.close()
        limit, per_minute = self._limits.get(name) or self._limits["message" if name.startswith("send") else "write"]
        if first.status >= 400 and name in self._scene.requests():
            sys.stderr.write(f"{name}: {first.status} {first.body[:300]!r}\n")
        return self._measured(name, limit, per_minute, cost, meter, str(first.status))

    async def _measure_frame(self, name: str, build: Callable[[int], bytes]) -> Measured:
        meter = Meter()
        socket = await Socket.open(self._served.port, "/ws/chat/", token=self._scene.ana.token, meter=meter)
        await socket.wait_for(type="hello")
        if name not in ("subscribe",):
            await socket.send(type="subscribe", conversation_id=self._scene.chat, ref="s")
            await socket.wait_for(ref="s")
        sent = [build(number) for number in range(TIMES + 1)]
        statuses = []
        replayed = 0

        async def one(number: int) -> None:
            nonlocal replayed
            await socket.write(sent[number])
            while True:
                received = await socket.receive()
                if received.startswith(b'{"type":"subscribed"'):
                    replayed += json.loads(received)["last_seq"]
                if f'"ref":"f{number}"'.encode() in received[:200]:
                    statuses.append(json.loads(received)["type"])
                    return

        await one(0)
        meter.sent = meter.received = 0

        async def work() -> None:
            for number in range(1, TIMES + 1):
                await one(number)

        cost = await self._cost_of(work)
        socket.abort()
        limit, per_minute = self._limits["message" if name in SENDS else "frame"]
        per_minute /= 1 + (replayed / len(sent) / EVENTS_PER_FRAME if name == "subscribe" else 0)
        return self._measured(f"frame {name}", limit, per_minute, cost, meter, statuses[-1])

    def _measured(
        self, name: str, limit: str, per_minute: float, cost: tuple[float, float, float], meter: Meter, status: str
    ) -> Measured:
        server, database, client = (max(0.0, part) / TIMES for part in cost)
        return Measured(
            name, limit, per_minute, server, database, client, meter.sent / TIMES, meter.received / TIMES, status
        )

    async def _cost_of(self, work: Callable[[], Any]) -> tuple[float, float, float]:
        began, before, client = time.monotonic(), self._runtimes(), time.process_time()
        await work()
        client = time.process_time() - client
        await asyncio.sleep(0.15)  # what the service does after its responses is part of their cost
        took, after = time.monotonic() - began, self._runtimes()
        server, database = (after[at] - before[at] - self._idle[at] * took for at in (0, 1))
        return server, database, client

    async def _idle_rates(self) -> tuple[float, float]:
        began, before = time.monotonic(), self._runtimes()
        await asyncio.sleep(IDLE_S)
        took, after = time.monotonic() - began, self._runtimes()
        return (after[0] - before[0]) / took, (after[1] - before[1]) / took

    def _runtimes(self) -> tuple[float, float]:
        workers = sum(runtime_s(pid) for worker in self._served.workers() for pid in [worker, *children_of(worker)])
        return workers, sum(runtime_s(pid) for pid in [self._database, *children_of(self._database)])


async def measure(environment: Environment) -> list[Measured]:
    """Start a service without rate limits, and measure it."""
    async with environment.serving("default", **UNLIMITED) as served:
        means = Attacker(served.port, "default", None, Meter(), database_url=environment.database_url)
        scene = Scene(means, environment.database_url)
        await scene.prepare()
        pid = environment.postgres.pid
        assert pid is not None
        return await Amplification(served, pid, scene).run()


def tables(found: list[Measured]) -> str:
    """The tables of docs/security.md."""
    ours = [one for one in found if one.per_minute]
    dearest = sorted(ours, key=lambda one: -one.cores)[:SHOWN]
    by_cpu = sorted(ours, key=lambda one: -one.cpu_ratio)[:SHOWN]
    by_bytes = sorted(ours, key=lambda one: -one.byte_ratio)[:SHOWN]
    lines = [
        "| most CPU time within its limit | CPU of workers, PostgreSQL | limit | cores of one user |",
        "| --- | --- | --- | --- |",
        *(
            f"| {_name(one)} | {one.server_s * 1000:.1f} ms, {one.database_s * 1000:.1f} ms "
            f"| {one.limit} | {one.cores:.2f} |"
            for one in dearest
        ),
        "",
        "| most CPU time for the client's | server ÷ client | limit |",
        "| --- | --- | --- |",
        *(f"| {_name(one)} | {one.cpu_ratio:.0f} | {one.limit} |" for one in by_cpu),
        "",
        "| most bytes for the client's | out ÷ in | bytes out | limit |",
        "| --- | --- | --- | --- |",
        *(f"| {_name(one)} | {one.byte_ratio:.0f} | {one.received:,.0f} | {one.limit} |" for one in by_bytes),
    ]
    return "\n".join(lines)


def _name(one: Measured) -> str:
    return f"`{one.name.removeprefix('frame ')}` (frame)" if one.name.startswith("frame ") else f"`{one.name}`"


def write_page(found: list[Measured]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert BEGIN in page
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables(found)}\n\n{END}{after}", encoding="utf-8")


def rows(found: list[Measured]) -> list[str]:
    """All measurements, dearest first."""
    return [
        f"{one.name:44} {one.status:>6} {one.server_s * 1000:9.2f} {one.database_s * 1000:8.2f} "
        f"{one.client_s * 1000:8.2f} {one.cpu_ratio:8.1f} {one.sent:9.0f} {one.received:10.0f} {one.byte_ratio:8.1f} "
        f"{one.cores:7.2f} {one.limit}"
        for one in sorted(found, key=lambda one: -one.cores)
    ]


HEADER = (
    f"{'operation':44} {'answer':>6} {'workers':>9} {'PG':>8} {'client':>8} {'CPU ÷':>8} {'bytes in':>9} "
    f"{'bytes out':>10} {'bytes ÷':>8} {'cores':>7} limit\n{'':44} {'':>6} {'ms':>9} {'ms':>8} {'ms':>8}"
)
