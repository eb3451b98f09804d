"""Users and services that call a running worker over HTTP and sockets."""

import asyncio
import json
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol

import httpx
import pytest
import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import event, text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.documents import check_frame, check_response
from tests.support.workers import Worker, running
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user
from wasgo_chat.settings.config import Settings

Json = dict[str, Any]
PATIENCE_S = 10.0
NO_TLS = ssl.create_default_context()  # created once, as that is slow
ROLES = ("observer", "participant", "moderator", "admin")


class World:
    """The users and services of one test. Their ids are unique, so tests can share a database."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._suffix = secrets.token_hex(4)
        self.people_ids: set[str] = set()
        self.clients: list[httpx.AsyncClient] = []
        self.service = self.make_service("platform", *SCOPES)

    def person(self, name: str, **token: Any) -> "Person":
        user_id = f"{name}-{self._suffix}"
        self.people_ids.add(user_id)
        bearer = mint_user(self.worker.settings, user_id, ttl_s=3600, username=name, **token)
        return Person(self, user_id, name, bearer)

    def people(self, *names: str) -> "list[Person]":
        return [self.person(name) for name in names]

    def make_service(self, name: str, *scopes: str) -> "Caller":
        return Caller(self, mint_service(self.worker.settings, name, list(scopes), ttl_s=3600))

    def unique(self, name: str) -> str:
        return f"{name}-{self._suffix}-{secrets.token_hex(3)}"

    async def job(self, **people: "Person") -> Json:
        """Create a job conversation; keywords are roles (`admin`, `admin_2`, …), values are users."""
        participants = [
            {"user_id": person.id, "role": role.split("_")[0], "username": person.name}
            for role, person in people.items()
        ]
        path = f"/jobs/{self.unique('job')}/conversation/"
        made: Json = await self.service.ok("PUT", path, {"participants": participants, "title": "Paint"}, status=201)
        return made

    async def make_known(self, user_id: str) -> None:
        """Put a user into the mirror, as the platform does before others can add them to conversations."""
        statement = "INSERT INTO users (id, username) VALUES (:id, :id) ON CONFLICT DO NOTHING"
        async with self.worker.db.transaction() as tx:
            await tx.execute(text(statement), {"id": user_id})

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()


class Caller:
    """A client with a token. Every response is checked against the OpenAPI document."""

    def __init__(self, world: World, bearer: str | None, headers: dict[str, str] | None = None) -> None:
        self.world = world
        self.bearer = bearer
        authorization = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        self.client = httpx.AsyncClient(
            base_url=world.worker.url, headers={**authorization, **(headers or {})}, verify=NO_TLS, trust_env=False
        )  # without the proxies of the environment, whose lookup is slow
        world.clients.append(self.client)

    def acting_as(self, person: "Person") -> "Caller":
        return Caller(self.world, self.bearer, {"X-Act-As": person.id})

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        if body is not None:
            more["json"] = body
        if path.endswith("/add_participant/") and (body or {}).get("user_id") in self.world.people_ids:
            await self.world.make_known(body["user_id"])
        response = await self.client.request(method, path, **more)
        check_response(response)
        return response

    async def ok(self, method: str, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        response = await self.call(method, path, body, **more)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def refused(self, method: str, path: str, body: Any = None, *, status: int, code: str, **more: Any) -> Json:
        response = await self.call(method, path, body, **more)
        assert (response.status_code, response.json().get("code")) == (status, code), response.text
        problem: Json = response.json()
        return problem


class Endpoint(Protocol):
    """Something that accepts sockets: a worker, or a proxy in front of one."""

    @property
    def ws_url(self) -> str: ...


class Person(Caller):
    """A user of the platform."""

    def __init__(self, world: World, user_id: str, name: str, bearer: str) -> None:
        super().__init__(world, bearer)
        self.id = user_id
        self.name = name

    async def direct(self, other: "Person") -> Json:
        body = {"conversation_type": "direct", "participant_ids": [other.id]}
        response = await self.call("POST", "/chat/conversations/", body)
        assert response.status_code in (200, 201), response.text
        conversation: Json = response.json()
        return conversation

    async def send(self, conversation: Json, content: str = "hi", **more: Any) -> Json:
        body = {"conversation": conversation["id"], "content": content, **more}
        message: Json = await self.ok("POST", "/chat/messages/", body, status=201)
        return message

    async def get_conversation(self, conversation: Json) -> Json:
        detail: Json = await self.ok("GET", f"/chat/conversations/{conversation['id']}/")
        return detail

    async def history(self, conversation: Json, **query: Any) -> list[Json]:
        params = {"conversation": conversation["id"], "limit": 100, **query}
        page = await self.ok("GET", "/chat/messages/", params=params)
        results: list[Json] = page["results"]
        return results

    async def events(self, conversation: Json, after_seq: int = 0) -> list[Json]:
        """The complete log after a seq, page by page."""
        found: list[Json] = []
        following: str | None = str(after_seq)
        while following is not None:
            path = f"/chat/conversations/{conversation['id']}/events/"
            page = await self.ok("GET", path, params={"after_seq": following, "limit": 100})
            found += page["results"]
            following = page["next"]
        return found

    @asynccontextmanager
    async def connect(
        self, conversation: Json | None, worker: Endpoint | None = None, **query: Any
    ) -> "AsyncIterator[SocketClient]":
        """Open a socket and receive its `hello`; without a conversation, one for many."""
        async with self.connect_raw(conversation, worker, **query) as live:
            live.hello = await live.receive("hello")
            yield live

    @asynccontextmanager
    async def connect_raw(
        self, conversation: Json | None, worker: Endpoint | None = None, **query: Any
    ) -> "AsyncIterator[SocketClient]":
        """Open a socket without waiting for its first frame."""
        at = (worker or self.world.worker).ws_url
        path = f"{at}/ws/chat/{conversation['id']}/" if conversation else f"{at}/ws/chat/"
        url = str(httpx.URL(path, params=query)) if query else path
        headers = {"Authorization": f"Bearer {self.bearer}"}
        async with connect(url, additional_headers=headers, max_size=None, ping_interval=None) as connection:
            yield SocketClient(connection)


class SocketClient:
    """An open socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.hello: Json = {}
        self._refs = 0

    async def send(self, frame_type: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": frame_type, **fields}))

    async def request(self, frame_type: str, **fields: Any) -> Json:
        """Send a frame with a `ref` and wait for its `ack` or `error`."""
        self._refs += 1
        ref = f"r{self._refs}"
        await self.send(frame_type, ref=ref, **fields)
        return await self.wait_until(lambda frame: frame.get("ref") == ref)

    async def receive(self, frame_type: str) -> Json:
        """The next frame; fails if it has another type."""
        frame = await self.next_frame()
        assert frame["type"] == frame_type, frame
        return frame

    async def wait_for(self, frame_type: str) -> Json:
        """The next frame of this type; others are skipped."""
        return await self.wait_until(lambda frame: frame["type"] == frame_type)

    async def wait_until(self, is_wanted: Any) -> Json:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = await self.next_frame()
                if is_wanted(frame):
                    return frame

    async def next_frame(self) -> Json:
        async with asyncio.timeout(PATIENCE_S):
            frame: Json = json.loads(await self.connection.recv())
            check_frame(frame)
            return frame

    async def _drain(self) -> None:
        while True:
            await self.connection.recv()

    async def wait_closed(self) -> tuple[int, str]:
        """Wait for the close; returns its code and reason."""
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(ConnectionClosed) as closed:
                await self._drain()
        assert closed.value.rcvd is not None, "closed without a close frame"
        return closed.value.rcvd.code, closed.value.rcvd.reason


class QueryLog:
    """The statements that a block executed."""

    def __init__(self) -> None:
        self.statements: list[str] = []


@contextmanager
def count_queries(worker: Worker, *, max: int) -> Iterator[QueryLog]:
    """Record the statements that requests execute in a block, and fail if there are more than `max`."""
    seen = QueryLog()

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if "request" in structlog.contextvars.get_contextvars():  # not those of background tasks
            seen.statements.append(statement)

    engine = worker.db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(seen.statements) <= max, "\n---\n".join(seen.statements)


def routes_of(worker: Worker) -> list[APIRoute]:
    """Every HTTP route of the service."""
    return routes_in(worker.app)


def routes_in(app: FastAPI) -> list[APIRoute]:
    """Every HTTP route of an app, which need not run."""
    found: list[APIRoute] = []

    def walk(routes: Any) -> None:
        for route in routes:
            if isinstance(route, APIRoute):
                found.append(route)
            elif (router := getattr(route, "original_router", None)) is not None:
                walk(router.routes)

    walk(app.routes)
    return found


@asynccontextmanager
async def world_with(settings: Settings) -> AsyncIterator[World]:
    """A separate world, on a worker with other settings."""
    async with running(settings) as worker:
        world = World(worker)
        try:
            yield world
        finally:
            await world.close()


async def wait_until(condition: Callable[[], bool]) -> None:
    """Poll until a condition holds that nothing can await."""
    async with asyncio.timeout(2 * PATIENCE_S):
        while not condition():  # noqa: ASYNC110  polling is the point
            await asyncio.sleep(0.02)


async def wait_for(holds: Callable[..., Awaitable[bool]], *arguments: object, patience_s: float = PATIENCE_S) -> None:
    """Wait until an async predicate is true."""
    async with asyncio.timeout(patience_s):
        while not await holds(*arguments):  # noqa: ASYNC110  polling is the point
            await asyncio.sleep(0.03)


async def rows(worker: Worker, statement: str, **values: Any) -> list[Any]:
    """The rows of a query in the worker's database, for state that the API does not show."""
    async with worker.db.snapshot() as tx:
        return list((await tx.execute(text(statement), values)).all())


async def pages(
    caller: Caller, path: str, *, cursor: str | None = None, direction: str = "next", **query: Any
) -> list[Any]:
    """The results of each page, forward (`next`) or back (`previous`), to the end."""
    found: list[Any] = []
    while True:
        page = await caller.ok("GET", path, params={**query, **({"cursor": cursor} if cursor else {})})
        found.append(page["results"])
        cursor = page[direction]
        if cursor is None:
            return found
