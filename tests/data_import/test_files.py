"""Files of imported messages: checked and cleaned like uploads, stored once, even if the import is killed half-way."""

import asyncio
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.attachments.media import CANARY, with_exif
from tests.attachments.samples import film, picture
from tests.data_import.histories import Line, as_file, conversation, import_lines, message, user_with_id
from tests.data_import.lock_waits import wait_until_found
from tests.support.processes import COMMAND, environment
from tests.support.workers import make_settings
from tests.support.world import rows, world_with
from wasgo_chat.attachments.cleanup import OrphanCleanup
from wasgo_chat.attachments.store import AttachmentStore
from wasgo_chat.data_import import invariants
from wasgo_chat.database.session import Database

IMAGE: Line = {"message_type": "image", "content": "", "files": [{"path": "photos/roof.jpg"}]}


@pytest.fixture
def old_files(tmp_path: Path) -> Path:
    """The folder of another system: a photo with a place, a film, a text, and a file outside of the folder."""
    folder = tmp_path / "old"
    (folder / "photos").mkdir(parents=True)
    (folder / "photos" / "roof.jpg").write_bytes(with_exif("JPEG"))
    (folder / "film.mp4").write_bytes(film())
    (folder / "notes.txt").write_text("of the meeting")
    (folder / "empty.txt").touch()
    (folder / "broken.jpg").write_bytes(picture()[:300])
    (tmp_path / "outside.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    return folder


async def test_imported_files_are_cleaned_and_can_be_downloaded(
    empty_database: str, old_files: Path, tmp_path: Path
) -> None:
    settings = make_settings(empty_database, storage_dir=tmp_path / "store")
    both = [{"path": "film.mp4", "filename": "../Dach.mp4"}, {"path": "notes.txt"}]
    lines = [conversation(), message(1), message(2, **IMAGE), message(3, content="two", files=both), message(4)]
    report, rejected = await import_lines(settings, lines, folder=old_files)
    assert (report.messages, report.files, rejected) == (4, 3, [])
    async with world_with(settings) as world:
        bo = user_with_id(world, "bo")
        (chat,) = (await bo.ok("GET", "/chat/conversations/"))["results"]
        found = {one["seq"]: one for one in await bo.history(chat)}
        (photo,) = found[2]["attachments"]
        assert (photo["content_type"], photo["filename"], photo["width"]) == ("image/jpeg", "roof.jpg", 640)
        assert [one["filename"] for one in found[3]["attachments"]] == ["Dach.mp4", "notes.txt"]
        stored = (await bo.call("GET", photo["url"])).content
        assert CANARY not in stored
        assert CANARY in (old_files / "photos" / "roof.jpg").read_bytes(), "the original is not touched"
        assert (await bo.call("GET", photo["thumbnail_url"])).headers["content-type"] == "image/webp"
        assert await rows(world.worker, "SELECT 1 FROM attachments WHERE created_at > now() - interval '1 day'") == []
        assert await invariants.check_invariants(world.worker.db) == []
    assert list((tmp_path / "store" / "incoming").iterdir()) == []


WRONG: dict[str, tuple[Any, str]] = {
    "missing": ({"path": "gone.jpg"}, "files.0: cannot be read: No such file"),
    "above the folder": ({"path": "../outside.txt"}, "files.0: is not a file in the folder"),
    "absolute": ({"path": "/etc/hostname"}, "files.0: is not a file in the folder"),
    "a link out of the folder": ({"path": "link.txt"}, "files.0: is not a file in the folder"),
    "a folder": ({"path": "photos"}, "files.0: is not a file in the folder"),
    "NUL": ({"path": "a\0b"}, "files.0"),
    "empty": ({"path": "empty.txt"}, "files.0: is empty"),
    "too large": ({"path": "notes.txt"}, "files.0: The file is too large"),
    "another type": ({"path": "notes.txt"}, "files.0"),
    "an unreadable image": ({"path": "broken.jpg"}, "files.0"),
    "an unknown field": ({"path": "notes.txt", "size": 3}, "files.0.size"),
}


@pytest.mark.parametrize("why", WRONG)
async def test_a_message_whose_file_an_upload_would_not_accept_is_rejected(
    empty_database: str, old_files: Path, tmp_path: Path, why: str
) -> None:
    file, reason = WRONG[why]
    limit = 5 if why == "too large" else 1_000_000
    settings = make_settings(empty_database, storage_dir=tmp_path / "store", max_attachment_bytes=limit)
    kind = "image" if why in ("another type", "an unreadable image") else "file"
    wrong = message(2, message_type=kind, content="", files=[file])
    for dry_run in (True, False):
        lines = [conversation(), message(1), wrong, message(3)]
        report, (row,) = await import_lines(settings, lines, folder=old_files, dry_run=dry_run)
        assert (report.messages, report.files, row["line"]) == (2, 0, 3)
        assert row["error"].startswith(reason), row["error"]


async def test_other_wrong_uses_of_files_are_rejected(empty_database: str, old_files: Path, tmp_path: Path) -> None:
    settings = make_settings(empty_database, storage_dir=tmp_path / "store", max_attachments=1)
    system: Line = {"sender": None, "message_type": "system", "files": [{"path": "notes.txt"}]}
    lines = [
        conversation(),
        message(1, **system),
        message(2, files=[{"path": "notes.txt"}, {"path": "film.mp4"}]),
        message(3, **{**IMAGE, "files": []}),
    ]
    _, rejected = await import_lines(settings, lines, folder=old_files)
    reasons = [row["error"] for row in rejected]
    assert "files: a system message has none" in reasons[0]
    assert "at most 1 attachments" in reasons[1]
    assert "needs at least one attachment" in reasons[2]
    off = settings.model_copy(update={"attachments": False})
    _, (row,) = await import_lines(off, [conversation(), message(1, **IMAGE)], folder=old_files)
    assert "attachments are switched off" in row["error"]


async def test_files_of_a_refused_conversation_or_a_deleted_message_are_not_stored(
    empty_database: str, old_files: Path, tmp_path: Path
) -> None:
    settings = make_settings(empty_database, storage_dir=tmp_path / "store")
    deleted = message(1, deleted_at=message(2)["created_at"], **IMAGE)
    same = conversation("c2", reference={"type": "job", "id": "c1"})
    lines = [conversation(), deleted, same, message(1, "c2", **IMAGE)]
    report, rejected = await import_lines(settings, lines, folder=old_files)
    assert (report.messages, report.files) == (1, 0)
    assert [row["line"] for row in rejected] == [3, 4]
    db = Database(settings)
    async with db.snapshot() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM attachments"))).scalar_one() == 0
    await db.close()


async def test_a_second_import_reads_no_file_again(empty_database: str, old_files: Path, tmp_path: Path) -> None:
    settings = make_settings(empty_database, storage_dir=tmp_path / "store")
    lines = [conversation(), message(1, **IMAGE)]
    await import_lines(settings, lines, folder=old_files)
    (old_files / "photos" / "roof.jpg").unlink()
    report, rejected = await import_lines(settings, lines, folder=old_files)
    assert (report.known, report.files, rejected) == (1, 0, [])


async def test_a_killed_import_of_files_can_be_restarted_and_leaves_nothing(
    empty_database: str, old_files: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    settings = make_settings(empty_database, storage_dir=store)
    count = 24
    files = [{"path": "notes.txt", "filename": f"{number}.txt"} for number in range(count)]
    lines: list[Any] = [conversation()]
    lines += (message(n, message_type="file", content="", files=[files[n]]) for n in range(count))
    history = tmp_path / "history.jsonl"
    history.write_bytes(as_file(lines))
    command = [str(COMMAND), "import", "--files", str(old_files), str(history)]
    env = environment(empty_database, STORAGE_DIR=str(store))
    db = Database(settings)
    killed = await asyncio.create_subprocess_exec(*command, env=env, stdout=subprocess.DEVNULL)
    await wait_until_found(db, "SELECT id FROM attachments WHERE stored_at IS NOT NULL LIMIT 1")
    killed.send_signal(signal.SIGKILL)
    assert await killed.wait() == -signal.SIGKILL
    async with db.snapshot() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM messages"))).scalar_one() == 0
    again = await asyncio.create_subprocess_exec(*command, env=env, stdout=subprocess.PIPE)
    said, _ = await again.communicate()
    assert again.returncode == 0
    assert f"Imported {count} files." in said.decode()
    async with db.transaction() as tx:
        state = "SELECT count(*), count(message_id), count(stored_at), count(expires_at) FROM attachments"
        assert tuple((await tx.execute(text(state))).one()) == (count, count, count, 0)
        # What an import that is never repeated leaves behind expires, and the service removes it.
        await tx.execute(text("UPDATE attachments SET message_id = NULL, expires_at = now() - interval '1 s'"))
    cleanup = OrphanCleanup(AttachmentStore(settings, db), db)
    while await cleanup.remove_batch():
        pass
    left = await asyncio.to_thread(lambda: [path for path in store.rglob("*") if path.is_file()])
    assert [path for path in left if path.parent.name != "incoming"] == []
    assert await invariants.check_invariants(db) == []
    await db.close()
