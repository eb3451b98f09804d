"""A full disk: 507, no partial files, and normal operation once there is space again."""

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attachments.samples import ATTACHMENTS, MESSAGES, picture, upload
from tests.support.workers import make_settings
from tests.support.world import rows, world_with

ROOM = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder without space for a file larger than a MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)]
    if os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0:
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    # Without permission to mount: limit the file size of this process, which the kernel enforces as well.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield folder
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files_in(folder: Path) -> list[Path]:
    return [found for found in folder.rglob("*") if found.is_file()]


def is_disk_of_its_own(folder: Path) -> bool:
    return os.path.ismount(folder)


@pytest.mark.parametrize("path", [ATTACHMENTS, MESSAGES])
async def test_a_full_disk_is_507_and_leaves_nothing(database: str, small_disk: Path, path: str) -> None:
    async with world_with(make_settings(database, storage_dir=small_disk)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        fields = {"conversation": chat["id"]}
        files = {"file" if path == ATTACHMENTS else "files": ("a", b"x" * (ROOM * 3))}
        problem = await ana.refused("POST", path, data=fields, files=files, status=507, code="storage_full")
        assert "Errno" not in str(problem)
        assert files_in(small_disk) == []
        assert await rows(world.worker, "SELECT id FROM attachments WHERE conversation_id = :id", id=chat["id"]) == []
        assert await bo.history(chat) == []
        small = await upload(ana, chat, b"there is room for this")
        assert (await ana.send(chat, attachment_ids=[small["id"]]))["attachments"][0]["id"] == small["id"]


async def test_a_disk_that_fills_while_an_image_is_processed_leaves_nothing(database: str, small_disk: Path) -> None:
    async with world_with(make_settings(database, storage_dir=small_disk)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        content = picture("JPEG", size=(3000, 3000), quality=95)
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"x" * (ROOM - len(content) - 70_000))
        if ROOM - ballast.stat().st_size > 2 * len(content):
            pytest.fail("the picture is too small for this test")
        files = {"file": ("a.jpg", content)}
        if is_disk_of_its_own(small_disk):
            fields = {"conversation": chat["id"]}
            await ana.refused("POST", ATTACHMENTS, data=fields, files=files, status=507, code="storage_full")
        assert files_in(small_disk) == [ballast]
