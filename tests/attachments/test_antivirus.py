"""The virus scan: a file that is not found clean is never stored."""

from pathlib import Path

import pytest

from tests.attachments.clamd import VIRUS, clamd
from tests.attachments.samples import ATTACHMENTS, MESSAGES, picture, send_files, upload
from tests.support.workers import make_settings
from tests.support.world import World, rows, world_with
from wasgo_chat.development.embedded import free_port

SOMETHING = b"x" * 300_000


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_clean_files_are_accepted_after_a_complete_scan(database: str, tmp_path: Path) -> None:
    async with clamd() as scanner:
        settings = make_settings(database, storage_dir=tmp_path, clamd=scanner.address)
        async with world_with(settings) as world:
            ana, bo = world.people("ana", "bo")
            chat = await ana.direct(bo)
            await upload(ana, chat, SOMETHING)
            image = picture()
            await send_files(ana, chat, ("a.jpg", image), ("b.txt", b"text"))
    assert scanner.streams == [SOMETHING, image, b"text"]


async def test_a_virus_is_rejected(database: str, tmp_path: Path) -> None:
    async with clamd() as scanner:
        settings = make_settings(database, storage_dir=tmp_path, clamd=scanner.address)
        async with world_with(settings) as world:
            ana, bo = world.people("ana", "bo")
            chat = await ana.direct(bo)
            infected = SOMETHING + VIRUS
            fields = {"conversation": chat["id"]}
            files = {"file": ("a.txt", infected)}
            problem = await ana.refused("POST", ATTACHMENTS, data=fields, files=files, status=422, code="invalid")
            assert problem["errors"] == [
                {"loc": ["file"], "code": "infected", "message": "was rejected by the virus scanner"}
            ]
            several = [("files", ("a.txt", b"clean")), ("files", ("b.txt", infected))]
            problem = await ana.refused("POST", MESSAGES, data=fields, files=several, status=422, code="invalid")
            assert problem["errors"][0]["loc"] == ["files", 1]
            assert await bo.history(chat) == []
            assert await attachments_in(world, chat["id"]) == 0
    assert stored(tmp_path) == []


async def test_a_file_above_the_scanners_limit_is_rejected(database: str, tmp_path: Path) -> None:
    async with clamd() as scanner:
        scanner.stream_max = 1000
        async with world_with(make_settings(database, storage_dir=tmp_path, clamd=scanner.address)) as world:
            ana, bo = world.people("ana", "bo")
            chat = await ana.direct(bo)
            files = {"file": ("a.txt", SOMETHING)}
            fields = {"conversation": chat["id"]}
            problem = await ana.refused("POST", ATTACHMENTS, data=fields, files=files, status=422, code="invalid")
            assert problem["errors"][0]["code"] == "not_scannable"
            await upload(ana, chat, b"short")


@pytest.mark.parametrize("path", [ATTACHMENTS, MESSAGES])
async def test_without_a_verdict_nothing_is_accepted(database: str, tmp_path: Path, path: str) -> None:
    settings = make_settings(database, storage_dir=tmp_path, clamd=f"127.0.0.1:{free_port()}")
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        files = {"file" if path == ATTACHMENTS else "files": ("a.txt", b"x")}
        await ana.refused("POST", path, data={"conversation": chat["id"]}, files=files, status=503, code="unavailable")
        await ana.send(chat, "words still go")
        assert await attachments_in(world, chat["id"]) == 0
    assert stored(tmp_path) == []


async def attachments_in(world: World, conversation_id: str) -> int:
    return len(await rows(world.worker, "SELECT id FROM attachments WHERE conversation_id = :id", id=conversation_id))
