"""How much a user may store."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.attachments.samples import ATTACHMENTS, MESSAGES, send_files, upload
from tests.support.workers import make_settings
from tests.support.world import Json, Person, rows, world_with
from wasgo_chat.development.embedded import free_port

CODE = "upload_quota_reached"


async def refused(person: Person, chat: Json, *contents: bytes, path: str = ATTACHMENTS) -> str:
    field = "file" if path == ATTACHMENTS else "files"
    files = [(field, ("a.txt", content)) for content in contents]
    problem = await person.refused("POST", path, data={"conversation": chat["id"]}, files=files, status=409, code=CODE)
    return str(problem["detail"])


async def test_uploads_that_no_message_has_are_limited_in_number(database: str, tmp_path: Path) -> None:
    async with world_with(make_settings(database, storage_dir=tmp_path, unclaimed_uploads=3)) as world:
        ana, bo = world.people("ana", "bo")
        chat, other = await ana.direct(bo), await ana.direct(world.person("cy"))
        uploads = [await upload(ana, place, b"words") for place in (chat, other, chat)]
        assert "3 files that no message has" in await refused(ana, chat, b"words")
        await refused(ana, other, b"words", path=MESSAGES)
        assert list((tmp_path / "incoming").iterdir()) == []
        assert await bo.history(chat) == []
        await upload(bo, chat, b"words")
        # A message that has the file, and a released one, make room.
        await ana.send(chat, attachment_ids=[uploads[0]["id"]])
        await upload(ana, chat, b"words")
        await refused(ana, chat, b"words")
        async with world.worker.db.transaction() as tx:
            statement = "UPDATE attachments SET expires_at = now() WHERE id = :id"
            await tx.execute(text(statement), {"id": uploads[1]["id"]})
        await upload(ana, chat, b"words")


@pytest.mark.parametrize(
    ("settings", "detail"),
    [
        ({"unclaimed_upload_bytes": 100}, "100 bytes of files that no message has"),
        ({"daily_upload_bytes": 100}, "100 bytes in 24 hours"),
        ({"daily_uploads": 2}, "2 files in 24 hours"),
    ],
)
async def test_bytes_and_files_of_a_day_are_limited(
    database: str, tmp_path: Path, settings: dict[str, Any], detail: str
) -> None:
    async with world_with(make_settings(database, storage_dir=tmp_path, **settings)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        is_of_a_day = "daily" in next(iter(settings))
        for _ in range(2):
            made = await upload(ana, chat, b"x" * 50)
            if is_of_a_day:
                await ana.send(chat, attachment_ids=[made["id"]])
        assert detail in await refused(ana, chat, b"x" * 50)
        assert detail in await refused(ana, chat, b"x", path=MESSAGES)
        # Services act for many users.
        service = world.service.acting_as(ana)
        fields, files = {"conversation": chat["id"]}, {"file": ("a.txt", b"x" * 50)}
        await service.ok("POST", ATTACHMENTS, data=fields, files=files, status=201)
        if is_of_a_day:
            async with world.worker.db.transaction() as tx:
                statement = "UPDATE attachments SET created_at = now() - interval '25 hours' WHERE uploader_id = :id"
                await tx.execute(text(statement), {"id": ana.id})
            await upload(ana, chat, b"x" * 50)


async def test_concurrent_uploads_do_not_exceed_the_limit(database: str, tmp_path: Path) -> None:
    async with world_with(make_settings(database, storage_dir=tmp_path, unclaimed_uploads=5)) as world:
        ana = world.person("ana")
        chats = [await ana.direct(world.person(f"friend-{number}")) for number in range(12)]

        async def attempt(chat: Json) -> int:
            fields, files = {"conversation": chat["id"]}, {"file": ("a.txt", b"words")}
            return (await ana.call("POST", ATTACHMENTS, data=fields, files=files)).status_code

        statuses = await asyncio.gather(*map(attempt, chats))
        assert sorted(statuses) == [201] * 5 + [409] * 7
        statement = "SELECT count(*) FROM attachments WHERE uploader_id = :id"
        assert (await rows(world.worker, statement, id=ana.id))[0][0] == 5


async def test_several_files_of_a_message_count_together(database: str, tmp_path: Path) -> None:
    async with world_with(make_settings(database, storage_dir=tmp_path, unclaimed_uploads=2)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        await refused(ana, chat, b"a", b"b", b"c", path=MESSAGES)
        await send_files(ana, chat, ("a.txt", b"a"), ("b.txt", b"b"))
        await send_files(ana, chat, ("a.txt", b"a"), ("b.txt", b"b"))


async def test_a_refused_file_is_neither_scanned_nor_decoded(database: str, tmp_path: Path) -> None:
    settings = make_settings(
        database, storage_dir=tmp_path, daily_upload_bytes=10, clamd=f"127.0.0.1:{free_port()}"
    )  # a scanner that does not respond would be a 503
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        await refused(ana, chat, b"x" * 11)
        await refused(ana, chat, b"x" * 11, path=MESSAGES)
