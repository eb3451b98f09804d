"""Group commit: each message of a batch is stored once and answered separately."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.servers import database_url
from tests.support.workers import make_settings
from tests.support.world import Person, World, rows, wait_until, world_with
from wasgo_chat.core.encoding import new_id
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.gateway.broadcast.publisher import Publisher
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.messages.schemas import MessageContent
from wasgo_chat.messages.sending import statements
from wasgo_chat.messages.sending.group_commit import GroupCommit
from wasgo_chat.messages.sending.statements import NewMessage

MESSAGES = "/chat/messages/"
SOCKET = ".s.PGSQL.5432"

DIES_AT_COMMIT = (
    "CREATE OR REPLACE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION 'not this one'; END $$",
    "DROP TRIGGER IF EXISTS die_at_commit ON messages",
    "CREATE CONSTRAINT TRIGGER die_at_commit AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW WHEN (NEW.content = 'dies at commit') EXECUTE FUNCTION die()",
)


async def test_a_live_frame_has_the_same_bytes_as_its_replay(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    first = await ana.send(chat, "first")
    metadata = {"zz": 1, "b": [1.50, 1e2, {"y": None, "aa": "ü"}], "a": True}
    async with bo.connect(chat) as live:
        more = {"reply_to": first["id"], "mentions": [bo.id, bo.id], "metadata": metadata, "client_id": "c1"}
        answer = await ana.send(chat, "second 👍", **more)
        heard = await live.connection.recv()
    async with bo.connect(chat, after_seq=1) as live:
        assert await live.connection.recv() == heard
    assert (await bo.history(chat))[0] == answer
    assert answer["mentions"] == [bo.id]
    assert answer["reply_preview"]["content"] == "first"


async def test_concurrent_sends_share_commits_and_each_conversation_has_its_own_seq(world: World) -> None:
    ana, *others = world.people("ana", *(f"p{at}" for at in range(5)))
    chats = [await ana.direct(other) for other in others]
    answers = await asyncio.gather(*(ana.send(chat, str(at)) for at in range(8) for chat in chats))
    transactions = await rows(
        world.worker,
        "SELECT DISTINCT xmin::text FROM messages WHERE sender_id = :ana",
        ana=ana.id,
    )
    assert len(transactions) < len(answers)
    for chat in chats:
        events = await ana.events(chat)
        assert [event["seq"] for event in events] == list(range(1, 9))
    numbers = await rows(world.worker, "SELECT number, seq FROM messages WHERE sender_id = :ana", ana=ana.id)
    assert all(row.number == row.seq for row in numbers)


async def test_a_rejected_message_fails_alone(world: World) -> None:
    ana, bo, cy, di = world.people("ana", "bo", "cy", "di")
    chat, foreign = await world.job(admin=ana, participant=bo, observer=cy), await bo.direct(di)
    elsewhere = await bo.send(foreign)
    bodies: list[tuple[Person, dict[str, Any], int]] = [
        (ana, {"content": "good"}, 201),
        (ana, {"content": "names a stranger", "mentions": [di.id]}, 422),
        (ana, {"content": "points elsewhere", "reply_to": elsewhere["id"]}, 422),
        (cy, {"content": "only looks on"}, 403),
        (di, {"content": "a stranger"}, 404),
        (bo, {"content": "same", "client_id": "c"}, 201),
        (bo, {"content": "other", "client_id": "c"}, 409),
        (bo, {"content": "good too", "mentions": [ana.id]}, 201),
    ]
    answers = await asyncio.gather(
        *(person.call("POST", MESSAGES, {"conversation": chat["id"], **body}) for person, body, _ in bodies)
    )
    assert [answer.status_code for answer in answers] == [status for _, _, status in bodies]
    assert {event["message"]["content"] for event in await ana.events(chat)} == {"good", "same", "good too"}


async def test_a_message_that_breaks_the_batch_fails_alone(world: World) -> None:
    for statement in DIES_AT_COMMIT:
        async with world.worker.db.transaction() as tx:
            await tx.execute(text(statement))
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    contents = ["one", "dies at commit", "two", "three"]
    bodies = [{"conversation": chat["id"], "content": content} for content in contents]
    answers = await asyncio.gather(*(ana.call("POST", MESSAGES, body) for body in bodies))
    assert [answer.status_code for answer in answers] == [201, 500, 201, 201]
    assert sorted(event["message"]["content"] for event in await ana.events(chat)) == ["one", "three", "two"]


async def test_a_locked_conversation_delays_only_itself_and_is_served_once_unlocked(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    held, other = await ana.direct(bo), await ana.direct(cy)
    async with world.worker.db.transaction() as tx:
        await tx.execute(text("SELECT FROM conversations WHERE id = :id FOR UPDATE"), {"id": held["id"]})
        waiting = [asyncio.create_task(ana.send(held, str(at))) for at in range(5)]
        await wait_until(lambda: world.worker.parts.group_commit.blocked_lanes == 1)
        assert [(await ana.send(other, str(at)))["seq"] for at in range(5)] == [1, 2, 3, 4, 5]
        assert not any(task.done() for task in waiting)
    answers = await asyncio.gather(*waiting)
    assert sorted(answer["seq"] for answer in answers) == [1, 2, 3, 4, 5]


async def test_sends_above_the_queue_limit_are_rejected_and_not_stored(database: str) -> None:
    async with world_with(make_settings(database, max_waiting_sends=20)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with bo.connect(chat) as live:
            async with world.worker.db.transaction() as tx:
                await tx.execute(text("SELECT FROM conversations WHERE id = :id FOR UPDATE"), {"id": chat["id"]})
                group = world.worker.parts.group_commit
                waiting = []
                for at in range(3):  # the lane works on one, and two fill the queue of the conversation
                    waiting.append(asyncio.create_task(ana.send(chat, str(at))))
                    await wait_until(lambda at=at: group.waiting == at + 1 and group.blocked_lanes == 1)  # type: ignore[misc]  # a lambda's default is untyped
                body = {"conversation": chat["id"], "content": "too much", "client_id": "c1"}
                response = await ana.call("POST", MESSAGES, body)
                assert (response.status_code, response.json()["code"]) == (429, "overloaded")
                assert int(response.headers["Retry-After"]) >= 1
                assert (await live.request("send_message", content="too much"))["code"] == "overloaded"
                assert (await live.wait_closed())[0] == 1013
            await asyncio.gather(*waiting)
        assert (await ana.ok("POST", MESSAGES, body, status=201))["seq"] == 4


LOST = "its answer is lost"


class LosingProxy:
    """Stands before PostgreSQL. Once armed, it disconnects a writer that stores a message with the content `LOST`.

    Args:
        database: the database behind it.
        folder: where it listens.
        is_late: the server gets the statement only when `deliver` is called, otherwise at once.
    """

    def __init__(self, database: str, folder: Path, *, is_late: bool) -> None:
        url = database_url(database)
        self._run_folder, self._folder = url.partition("?host=")[2], folder
        self.url = url.replace(self._run_folder, str(folder))
        self.armed, self._delivers, self._is_delivered = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._is_late = is_late

    @classmethod
    @asynccontextmanager
    async def started(cls, database: str, folder: Path, *, is_late: bool = False) -> "AsyncIterator[LosingProxy]":
        proxy = cls(database, folder, is_late=is_late)
        server = await asyncio.start_unix_server(proxy._serve, folder / SOCKET)
        try:
            yield proxy
        finally:
            proxy._delivers.set()
            server.close()

    async def deliver(self) -> None:
        """Let the server have the statement, if its session still exists, and wait until it has responded."""
        self._delivers.set()
        await self._is_delivered.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(f"{self._run_folder}/{SOCKET}")
        is_writer = is_cut = False

        async def answers() -> None:
            while data := await back.read(65_536):
                if is_cut:
                    break
                writer.write(data)
            writer.transport.abort()

        answering = asyncio.create_task(answers())
        try:
            while data := await reader.read(65_536):
                is_writer = is_writer or b"INSERT INTO pending AS" in data  # sent only by the group commit
                if is_writer and self.armed.is_set() and LOST.encode() in data:
                    is_cut = True
                    self.armed.clear()
                    if self._is_late:
                        writer.transport.abort()
                        await self._delivers.wait()
                forth.write(data)
                if is_cut:
                    await answering
                    self._is_delivered.set()
        except OSError:
            pass  # the service closed its connection with a response unread, which is a reset
        finally:
            forth.close()
            await asyncio.gather(answering, return_exceptions=True)


@pytest.mark.parametrize("client_id", [None, "c1"])
async def test_a_commit_of_unknown_outcome_is_resolved_and_acked(
    database: str, tmp_path: Path, client_id: str | None
) -> None:
    async with (
        LosingProxy.started(database, tmp_path) as proxy,
        world_with(make_settings(database, database_url=proxy.url)) as world,
    ):
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        await ana.send(chat, "before")
        async with bo.connect(chat) as live:
            proxy.armed.set()
            more = {} if client_id is None else {"client_id": client_id}
            answer = await ana.send(chat, LOST, **more)
            assert not proxy.armed.is_set()
            assert (await live.receive("new_message"))["message"]["id"] == answer["id"]
        assert [message["id"] for message in await bo.history(chat)].count(answer["id"]) == 1
        assert len(await bo.events(chat)) == 2


async def test_a_lost_statement_that_the_server_reads_later_is_not_stored_twice(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst moment is after the lookup and before the message is stored again."""
    async with (
        LosingProxy.started(database, tmp_path, is_late=True) as proxy,
        world_with(make_settings(database, database_url=proxy.url)) as world,
    ):
        resolve = GroupCommit._resolve_unknown_commit

        async def then_deliver(*given: Any) -> Any:
            found = await resolve(*given)
            await proxy.deliver()
            return found

        monkeypatch.setattr(GroupCommit, "_resolve_unknown_commit", then_deliver)
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        await ana.send(chat, "before")
        proxy.armed.set()
        answer = await ana.send(chat, LOST)
        assert not proxy.armed.is_set()
        assert [message["id"] for message in await bo.history(chat)][:-1] == [answer["id"]]
        assert [event["seq"] for event in await bo.events(chat)] == [1, 2]


async def test_a_failure_to_resolve_a_commit_is_answered_and_blocks_nobody(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError("unexpected")

    async with (
        LosingProxy.started(database, tmp_path) as proxy,
        world_with(make_settings(database, database_url=proxy.url)) as world,
    ):
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        body = {"conversation": chat["id"], "content": LOST, "client_id": "c1"}
        with monkeypatch.context() as patch:
            patch.setattr(statements, "find_by_ids", fails)
            proxy.armed.set()
            await ana.refused("POST", MESSAGES, body, status=503, code="unavailable")
        assert (await ana.ok("POST", MESSAGES, body))["seq"] == 1
        assert (await ana.send(chat, "next"))["seq"] == 2


async def test_a_stored_message_is_acked_even_if_its_publication_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)

    def fail_once(*_: object) -> None:
        monkeypatch.undo()
        raise RuntimeError("broken")

    async with bo.connect(chat) as b, ana.connect(chat) as a:
        for say in (partial(ana.send, chat), partial(a.request, "send_message", content="hi")):
            monkeypatch.setattr(Publisher, "_publish_stored", fail_once)
            await say()
        await ana.send(chat)
        assert [(await b.wait_for("new_message"))["seq"] for _ in range(3)] == [1, 2, 3]
    assert "commit_listener_failed" in caplog.text


async def test_messages_after_a_rejected_one_wait_for_its_outcome(world: World) -> None:
    """Its mention may name a user who is being added: stored later, it would come after the next messages."""
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await ana.direct(bo)
    said = [(ana, "one", []), (ana, "of cy", [cy.id]), (bo, "two", []), (ana, "three", [])]
    rows_of_it = [
        NewMessage(
            Actor(person.id), UUID(chat["id"]), MessageContent(content=content, mentions=mentions), new_id(), None
        )
        for person, content, mentions in said
    ]
    direct = PinnedConnection(world.worker.db)
    async with direct.transaction() as connection:
        stored = await statements.insert_batch(connection.fetch, rows_of_it, wait=True)
    await direct.close()
    assert {at: one.seq for at, one in stored.items()} == {0: 1, 2: 2}
