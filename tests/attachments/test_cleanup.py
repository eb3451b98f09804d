"""Orphan cleanup: unreferenced objects and rows are deleted, referenced ones stay."""

import os
from pathlib import Path
from typing import Any

import httpx
import obstore
import pytest
from sqlalchemy import text

from tests.attachments.samples import ATTACHMENTS, MESSAGES, picture, send_files, upload
from tests.support.workers import make_settings
from tests.support.world import Json, World, rows, wait_until, world_with
from wasgo_chat.attachments.cleanup import BATCH, OrphanCleanup
from wasgo_chat.attachments.storage_s3 import S3Storage
from wasgo_chat.attachments.store import AttachmentStore

DAY = "UPDATE attachments SET expires_at = expires_at - interval '24 hours' WHERE id = ANY(:ids) RETURNING id"


def objects(folder: Path, file: Json) -> list[str]:
    return sorted(path.name.rsplit(".", 1)[1] for path in folder.glob(f"*/{file['id']}.*"))


async def a_day_passes(world: World, *files: Json) -> None:
    async with world.worker.db.transaction() as tx:
        await tx.execute(text(DAY), {"ids": [file["id"] for file in files]})


async def count_rows(world: World, *files: Json) -> int:
    ids = [file["id"] for file in files]
    return len(await rows(world.worker, "SELECT id FROM attachments WHERE id = ANY(:ids)", ids=ids))


async def status_of(world: World, url: str) -> int:
    async with httpx.AsyncClient(base_url=world.worker.url) as browser:
        return (await browser.get(url)).status_code


async def test_a_deleted_message_loses_its_attachments_and_their_objects(world: World, folder: Path) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = await send_files(ana, chat, ("a.jpg", picture()), ("b.txt", b"text"), content="x")
    stays = (await send_files(bo, chat, ("c.txt", b"stays")))["attachments"][0]
    image, note = sent["attachments"]
    assert (objects(folder, image), objects(folder, note)) == (["original", "thumbnail"], ["original"])
    tombstone = await ana.ok("POST", f"{MESSAGES}{sent['id']}/delete/")
    assert (tombstone["is_deleted"], tombstone["attachments"]) == (True, [])
    for url in (image["url"], image["thumbnail_url"], note["url"]):
        assert await status_of(world, url) == 404
    await ana.refused("GET", f"{ATTACHMENTS}{image['id']}/", status=404, code="not_found")
    await wait_until(lambda: objects(folder, image) == objects(folder, note) == [])
    assert await status_of(world, stays["url"]) == 200
    body = {"conversation": chat["id"], "content": "x", "attachment_ids": [note["id"]]}
    await ana.refused("POST", MESSAGES, body, status=422, code="invalid")


async def test_an_unclaimed_upload_is_deleted_after_a_day(world: World, folder: Path) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    forgotten, young, claimed = [await upload(ana, chat, picture()) for _ in range(3)]
    await ana.send(chat, attachment_ids=[claimed["id"]])
    await a_day_passes(world, forgotten, claimed)
    body = {"conversation": chat["id"], "content": "late", "attachment_ids": [forgotten["id"]]}
    await ana.refused("POST", MESSAGES, body, status=422, code="invalid")
    assert await status_of(world, forgotten["url"]) == 404
    await OrphanCleanup(world.worker.parts.part(AttachmentStore), world.worker.db).remove_batch()
    assert (objects(folder, forgotten), await count_rows(world, forgotten)) == ([], 0)
    for kept in (young, claimed):
        assert objects(folder, kept) == ["original", "thumbnail"]
        assert await status_of(world, kept["url"]) == 200


async def test_more_than_a_batch_is_deleted_in_batches(world: World, folder: Path) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    files = [await upload(ana, chat, b"x") for _ in range(BATCH + 3)]
    await a_day_passes(world, *files)
    cleanup = OrphanCleanup(world.worker.parts.part(AttachmentStore), world.worker.db)
    removed = [await cleanup.remove_batch() for _ in range(2)]
    assert removed[0] <= BATCH
    assert await count_rows(world, *files) == 0
    assert not any(objects(folder, file) for file in files)


async def test_a_worker_runs_the_cleanup_periodically(database: str, tmp_path: Path) -> None:
    async with world_with(make_settings(database, storage_dir=tmp_path, attachment_cleanup_s=0.05)) as world:
        ana, bo = world.people("ana", "bo")
        made = await upload(ana, await ana.direct(bo), b"x")
        stale, fresh = tmp_path / "incoming" / "stale.incoming", tmp_path / "incoming" / "fresh.incoming"
        for path in (stale, fresh):
            path.write_bytes(b"of a worker that was killed")
        os.utime(stale, (0, 0))
        await a_day_passes(world, made)
        await wait_until(lambda: objects(tmp_path, made) == [] and not stale.exists())
        assert fresh.exists()


async def test_objects_in_s3_are_deleted_too(database: str, tmp_path: Path, s3: dict[str, Any]) -> None:
    settings = make_settings(database, storage_dir=tmp_path, **s3)
    store = S3Storage(settings)._store

    def listed(file: Json) -> int:
        return len([path for batch in obstore.list(store) for path in batch if file["id"] in path["path"]])

    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        sent = await send_files(ana, chat, ("a.jpg", picture()))
        assert listed(sent["attachments"][0]) == 2
        await ana.ok("POST", f"{MESSAGES}{sent['id']}/delete/")
        await wait_until(lambda: listed(sent["attachments"][0]) == 0)


@pytest.mark.parametrize("reply_to", ["01930000-0000-7000-8000-000000000000"])
async def test_a_rejected_message_leaves_nothing_behind(world: World, folder: Path, reply_to: str) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    fields = {"conversation": chat["id"], "reply_to": reply_to}
    files = [("files", ("a.jpg", picture())), ("files", ("b.txt", b"x"))]
    await ana.refused("POST", MESSAGES, data=fields, files=files, status=422, code="invalid")
    fields = {"conversation": chat["id"], "attachment_ids": f'["{reply_to}"]'}
    await ana.refused("POST", MESSAGES, data=fields, files=files, status=422, code="invalid")
    fields = {"conversation": chat["id"], "message_type": "image"}
    await ana.refused("POST", MESSAGES, data=fields, files=files, status=415, code="unsupported_attachment_type")
    left = "SELECT id FROM attachments WHERE conversation_id = :chat AND expires_at > now()"
    assert await rows(world.worker, left, chat=chat["id"]) == []
    assert list((folder / "incoming").iterdir()) == []
