"""Decoder processes: files are decoded there only; one that fails costs its sender a 422, and is replaced."""

import asyncio
import io
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.attachments.samples import ATTACHMENTS, MESSAGES, film, picture, send_files, upload
from tests.support.workers import Worker, make_settings
from tests.support.world import Json, Person, World, wait_until, world_with
from wasgo_chat.attachments.store import AttachmentStore
from wasgo_chat.attachments.upload.content_types import CLEANED
from wasgo_chat.attachments.upload.decoder import pool
from wasgo_chat.attachments.upload.decoder.pool import DecoderPool
from wasgo_chat.attachments.upload.metadata.cleaning import IN_PLACE
from wasgo_chat.attachments.upload.metadata.image_blocks import STRIPPERS

REAL = pool._START
PATHS = "import sys; sys.path[:0] = [sys.argv[1]]; "
DECODER = PATHS + "from wasgo_chat.attachments.upload.decoder import process as d, images; "


def pool_of(worker: Worker) -> DecoderPool:
    return worker.parts.part(AttachmentStore).decoders


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


async def chat_of(world: World) -> tuple[Person, Json]:
    ana, bo = world.people("ana", "bo")
    return ana, await ana.direct(bo)


async def refused(person: Person, chat: Json, content: bytes) -> str:
    files = {"file": ("a.img", content)}
    fields = {"conversation": chat["id"]}
    problem = await person.refused("POST", ATTACHMENTS, data=fields, files=files, status=422, code="invalid")
    return str(problem["errors"][0]["code"])


def flat(file_format: str, width: int, height: int, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (40, 90, 30)).save(out, file_format, **options)
    return out.getvalue()


def with_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan is repeated. Each costs as much as decoding the whole picture."""
    out = io.BytesIO()
    Image.new("L", (64, 64), 128).save(out, "JPEG", progressive=True)
    content = out.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * (count - content.count(b"\xff\xda")) + content[-2:]


def test_every_type_that_is_cleaned_has_a_function_for_it() -> None:
    assert {*IN_PLACE, *STRIPPERS} == CLEANED


async def test_processes_start_with_the_first_file_and_end_with_the_worker(database: str, tmp_path: Path) -> None:
    async with world_with(make_settings(database, storage_dir=tmp_path)) as world:
        ana, chat = await chat_of(world)
        await upload(ana, chat, b"words")
        assert pool_of(world.worker).process_ids == []
        for content in (picture("PNG"), film(), picture("JPEG")):
            await upload(ana, chat, content)
        (process,) = pool_of(world.worker).process_ids
        environment = environment_of(process).upper()
        assert not [word for word in (b"WASGO", b"SECRET", b"PASSWORD", b"TEST_POSTGRES") if word in environment]
        assert os.getpriority(os.PRIO_PROCESS, process) > os.getpriority(os.PRIO_PROCESS, 0)
    assert not exists(process)


async def test_an_idle_process_ends(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IDLE_S", 0.05)
    async with world_with(make_settings(database, storage_dir=tmp_path)) as world:
        ana, chat = await chat_of(world)
        await upload(ana, chat, picture())
        await wait_until(lambda: pool_of(world.worker).process_ids == [])
        await upload(ana, chat, picture())


FAILING = {
    "dies": PATHS + "import os; sys.stdin.readline(); os.kill(os.getpid(), 9)",
    "dies while it decodes": DECODER + "images.save_thumbnail = lambda *a: d.os.kill(d.os.getpid(), 11); d.main()",
    "writes nonsense": PATHS + "print('nonsense', flush=True); sys.stdin.read()",
    "hangs": PATHS + "import time; time.sleep(100)",
    "computes without end": DECODER + "images.save_thumbnail = lambda *a: any(iter(int, 1)); d.main()",
    "takes all memory": DECODER + "images.save_thumbnail = lambda *a: bytearray(1 << 30); d.main()",
    "raises anything": DECODER + "images.save_thumbnail = lambda *a: 1 / 0; d.main()",
}


@pytest.mark.parametrize("failure", FAILING)
async def test_a_failing_decoder_is_a_422_and_is_replaced(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    settings = make_settings(database, storage_dir=tmp_path, image_decoder_cpu_s=1)
    async with world_with(settings) as world:
        ana, chat = await chat_of(world)
        ana.client.timeout = httpx.Timeout(60)
        monkeypatch.setattr(pool, "_START", FAILING[failure])
        if failure == "computes without end":
            monkeypatch.setattr(pool, "_WALL_PER_CPU", 1000)  # only the kernel can end it
        code = "too_many_pixels" if failure == "takes all memory" else "unreadable_image"
        assert await refused(ana, chat, picture()) == code
        assert list((tmp_path / "incoming").iterdir()) == []
        survivors = pool_of(world.worker).process_ids
        assert len(survivors) == (failure in ("takes all memory", "raises anything"))
        for pid in survivors:
            os.kill(pid, 9)
        await wait_until(lambda: not any(map(exists, survivors)))
        monkeypatch.setattr(pool, "_START", REAL)
        assert (await upload(ana, chat, picture()))["width"] == 640


async def test_without_a_process_the_upload_is_a_503(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world_with(make_settings(database, storage_dir=tmp_path)) as world:
        ana, chat = await chat_of(world)
        monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
        fields, files = {"conversation": chat["id"]}, {"file": ("a.png", picture("PNG"))}
        await ana.refused("POST", ATTACHMENTS, data=fields, files=files, status=503, code="unavailable")
        monkeypatch.undo()
        await upload(ana, chat, picture("PNG"))


async def test_a_large_photo_is_accepted_and_takes_little_memory(database: str, tmp_path: Path) -> None:
    settings = make_settings(database, storage_dir=tmp_path, image_decoder_memory_bytes=64 << 20)
    async with world_with(settings) as world:
        ana, chat = await chat_of(world)
        for width, height in ((8192, 6144), (12_000, 9_000)):
            photo = flat("JPEG", width, height, quality=30, exif=turned(6))
            made = await upload(ana, chat, photo, message_type="image")
            assert (made["width"], made["height"]) == (height, width)
        # Formats that are decoded as a whole need more.
        assert await refused(ana, chat, flat("PNG", 4000, 2500)) == "too_many_pixels"


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


async def test_plain_images_are_accepted_and_bombs_are_not(database: str, tmp_path: Path) -> None:
    async with world_with(make_settings(database, storage_dir=tmp_path)) as world:
        ana, chat = await chat_of(world)
        for file_format, options in (("PNG", {}), ("WEBP", {"lossless": True})):
            made = await upload(ana, chat, flat(file_format, 1440, 3200, **options))
            assert (made["width"], made["height"]) == (1440, 3200)
        bomb = flat("WEBP", 7071, 7071, lossless=True, quality=100)
        assert len(bomb) < 10_000
        assert await refused(ana, chat, bomb) == "too_many_pixels"


async def test_many_pictures_of_one_user_do_not_delay_another(database: str, tmp_path: Path) -> None:
    settings = make_settings(database, storage_dir=tmp_path, image_decoders=1, rate_megapixels_per_minute=0)
    async with world_with(settings) as world:
        eve, ana, bo = world.people("eve", "ana", "bo")
        eve.client.timeout = httpx.Timeout(120)
        theirs, mine = await eve.direct(bo), await ana.direct(bo)
        await upload(ana, mine, picture("PNG", size=(64, 64)))
        large = flat("PNG", 4000, 4000)
        busy = [asyncio.create_task(send_files(eve, theirs, *[("a.png", large)] * 4)) for _ in range(2)]
        await wait_until(lambda: bool(pool_of(world.worker)._turns._waiting))
        await upload(ana, mine, picture("PNG", size=(64, 64)))
        assert not any(task.done() for task in busy)
        await asyncio.gather(*busy)


async def test_a_budget_of_pixels_for_each_user(database: str, tmp_path: Path) -> None:
    settings = make_settings(database, storage_dir=tmp_path, rate_megapixels_per_minute=3)
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        large = flat("PNG", 1500, 1000)
        await upload(ana, chat, large)
        for path, field in ((ATTACHMENTS, "file"), (MESSAGES, "files")):
            sent = await ana.call("POST", path, data={"conversation": chat["id"]}, files={field: ("a.png", large)})
            assert (sent.status_code, sent.json()["code"]) == (429, "rate_limited")
            assert int(sent.headers["retry-after"]) > 0
        assert len(pool_of(world.worker).process_ids) == 1  # the decoder was told to skip them
        await upload(bo, chat, large)
        # An image above the budget is possible, as the only one.
        cy = world.person("cy")
        await upload(cy, await cy.direct(bo), flat("PNG", 2500, 2000))


async def test_each_file_of_a_form_is_an_upload(database: str, tmp_path: Path) -> None:
    settings = make_settings(database, storage_dir=tmp_path, rate_uploads_per_minute=5)
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        await send_files(ana, chat, *[("a.txt", b"words")] * 3)
        await upload(ana, chat, b"words")
        several = [("files", ("a.txt", b"words"))] * 2
        sent = await ana.call("POST", MESSAGES, data={"conversation": chat["id"]}, files=several)
        assert (sent.status_code, sent.json()["code"]) == (429, "rate_limited")
        assert int(sent.headers["retry-after"]) > 0
        assert len(await bo.history(chat)) == 1
        assert list((tmp_path / "incoming").iterdir()) == []
        await ana.send(chat, "words are not files")
        await send_files(bo, chat, ("a.txt", b"words"))
        assert (await upload(world.service.acting_as(ana), chat, b"words"))["size"] == 5  # type: ignore[arg-type]  # a Caller


async def test_an_image_of_many_scans_is_rejected(database: str, tmp_path: Path) -> None:
    async with world_with(make_settings(database, storage_dir=tmp_path)) as world:
        ana, chat = await chat_of(world)
        await upload(ana, chat, with_scans(100))
        assert await refused(ana, chat, with_scans(101)) == "unreadable_image"


async def test_files_that_take_long_are_limited_for_each_user(database: str, tmp_path: Path) -> None:
    """Few pixels can take as long as many, and files without pixels take long, too."""
    async with world_with(make_settings(database, storage_dir=tmp_path, rate_decoder_s_per_minute=1)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        await upload(ana, chat, picture("PNG"))  # loads the library, which counts as well
        fields = {"conversation": chat["id"]}
        for content in (picture("PNG"), film()):
            files = {"file": ("a", content)}
            await ana.refused("POST", ATTACHMENTS, data=fields, files=files, status=429, code="rate_limited")
        await upload(ana, chat, b"words need no decoder")
        await upload(bo, chat, picture("PNG"))
