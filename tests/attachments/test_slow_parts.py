"""An upload that waits holds no database connection, and a removal in progress is not overtaken."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.attachments.clamd import Clamd, clamd
from tests.attachments.samples import ATTACHMENTS, MESSAGES, picture, send_files, upload
from tests.security.raw import Raw, connected
from tests.support.workers import make_settings
from tests.support.world import Json, Person, World, rows, wait_for, wait_until, world_with
from wasgo_chat.attachments.store import AttachmentStore

WAITING = 8


class Stopped:
    """Something that stops its callers until told to continue."""

    def __init__(self) -> None:
        self.waiting = 0
        self.may_continue = asyncio.Event()

    async def stop(self) -> None:
        self.waiting += 1
        await self.may_continue.wait()


@asynccontextmanager
async def slow_scanner(stopped: Stopped) -> AsyncIterator[Clamd]:
    async with clamd() as scanner:
        serve = scanner.serve

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await stopped.stop()
            await serve(reader, writer)

        server = await asyncio.start_server(slow, "127.0.0.1", 0)
        async with server:
            host, port = server.sockets[0].getsockname()
            scanner.address = f"{host}:{port}"
            yield scanner


def slow_call(stopped: Stopped, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def slow(*arguments: Any, **more: Any) -> Any:
        await stopped.stop()
        return await call(*arguments, **more)

    return slow


async def check_nothing_is_held(world: World, stopped: Stopped, users: int) -> None:
    people = world.people(*[f"user-{number}" for number in range(users)])
    other = world.person("other")
    chats = [await person.direct(other) for person in people]
    for person in people:
        person.client.timeout = httpx.Timeout(30)
    uploads = [asyncio.create_task(start(person, chat)) for person, chat in zip(people, chats, strict=True)]
    await wait_until(lambda: stopped.waiting >= users)
    pool: Any = world.worker.db.engine.pool
    assert pool.checkedout() == 0
    await other.send(chats[0], "words still go")
    stopped.may_continue.set()
    await asyncio.gather(*uploads)


async def start(person: Person, chat: Json) -> None:
    if "0" in person.name or "2" in person.name:
        await send_files(person, chat, ("a.png", picture("PNG")))
    else:
        await upload(person, chat, picture("PNG"))


async def test_uploads_wait_for_the_scanner_without_a_connection(database: str, tmp_path: Path) -> None:
    stopped = Stopped()
    async with slow_scanner(stopped) as scanner:
        settings = make_settings(database, storage_dir=tmp_path, clamd=scanner.address, database_pool_size=2)
        async with world_with(settings) as world:
            await check_nothing_is_held(world, stopped, WAITING)


@pytest.mark.parametrize("part", ["storage", "decoders"])
async def test_uploads_wait_for_storage_and_decoders_without_a_connection(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    stopped = Stopped()
    async with world_with(make_settings(database, storage_dir=tmp_path, database_pool_size=2)) as world:
        store = world.worker.parts.part(AttachmentStore)
        target, name = (store.storage, "put") if part == "storage" else (store.decoders, "clean")
        monkeypatch.setattr(target, name, slow_call(stopped, getattr(target, name)))
        await check_nothing_is_held(world, stopped, WAITING)


@pytest.mark.parametrize("path", [ATTACHMENTS, MESSAGES])
async def test_an_upload_is_not_registered_after_a_removal(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A removal is in progress, with the conversation locked, when the upload is registered."""
    stopped = Stopped()
    async with world_with(make_settings(database, storage_dir=tmp_path)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await world.job(admin=ana, participant=bo)
        store = world.worker.parts.part(AttachmentStore)
        monkeypatch.setattr(store.decoders, "clean", slow_call(stopped, store.decoders.clean))
        field = "file" if path == ATTACHMENTS else "files"
        fields, files = {"conversation": chat["id"]}, {field: ("a.png", picture("PNG"))}
        attempt = asyncio.create_task(bo.call("POST", path, data=fields, files=files))
        await wait_until(lambda: stopped.waiting == 1)
        async with world.worker.db.transaction() as tx:
            values = {"chat": chat["id"], "user": bo.id}
            await tx.execute(text("SELECT id FROM conversations WHERE id = :chat FOR NO KEY UPDATE"), values)
            left = "UPDATE participants SET left_seq = 1, left_at = now() WHERE conversation_id = :chat"
            await tx.execute(text(f"{left} AND user_id = :user"), values)
            stopped.may_continue.set()
            await wait_for(is_waiting_for_a_lock, world)
            assert not attempt.done()
        assert (await attempt).status_code == 404
        assert await rows(world.worker, "SELECT id FROM attachments WHERE uploader_id = :id", id=bo.id) == []
        assert list((tmp_path / "incoming").iterdir()) == []


async def is_waiting_for_a_lock(world: World) -> bool:
    statement = "SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
    database = " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
    return bool(await rows(world.worker, statement + database))


async def begin_upload(raw: Raw, person: Person, path: str) -> None:
    """The head of a form and a part of its file. The service asks for the body once it receives the form."""
    field = "file" if path == ATTACHMENTS else "files"
    await raw.send(
        f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {person.bearer}\r\nContent-Length: 9000000\r\n"
        "Expect: 100-continue\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n".encode(),
        f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="a"\r\n\r\n'.encode(),
        bytes(600_000),
    )


@pytest.mark.parametrize("path", [ATTACHMENTS, MESSAGES])
async def test_few_forms_of_a_user_arrive_at_a_time(database: str, tmp_path: Path, path: str) -> None:
    """What arrives is on the disk before any quota counts it, and may arrive slowly."""
    incoming = tmp_path / "incoming"
    async with world_with(make_settings(database, storage_dir=tmp_path, max_concurrent_forms=2)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with connected(world.worker) as first, connected(world.worker) as second:
            for raw in (first, second):
                await begin_upload(raw, ana, path)
                await raw.reader.readuntil(b"100 Continue")
            await wait_until(lambda: len(list(incoming.glob("*"))) == 2)
            waiting = asyncio.create_task(upload(ana, chat, b"words"))
            await upload(bo, chat, b"words")
            await ana.send(chat, "words need no turn")
            assert not waiting.done()
            first.writer.transport.abort()
            await waiting
        await wait_until(lambda: list(incoming.glob("*")) == [])
