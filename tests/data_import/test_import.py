"""Importing history from a file: the result, what is rejected and why, and the effect of a kill half-way."""

import asyncio
import io
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.data_import.histories import HISTORY, Line, as_file, at, conversation, import_lines, message, user_with_id
from tests.data_import.lock_waits import wait_until_found
from tests.support.command_line import run
from tests.support.processes import COMMAND, environment
from tests.support.workers import make_settings
from tests.support.world import rows, world_with
from wasgo_chat.data_import import invariants
from wasgo_chat.data_import.run import MAX_LINE_BYTES, Import, Report
from wasgo_chat.database.session import Database
from wasgo_chat.settings.config import Settings


async def test_imported_history_looks_as_if_it_had_happened_here(empty_database: str) -> None:
    settings = make_settings(empty_database)
    report, rejected = await import_lines(settings, HISTORY)
    assert (report.users, report.conversations, report.messages, rejected) == (1, 1, 6, [])
    async with world_with(settings) as world:
        assert await invariants.check_invariants(world.worker.db) == []
        bo = user_with_id(world, "bo")
        (chat,) = (await bo.ok("GET", "/chat/conversations/"))["results"]
        assert (chat["title"], chat["last_seq"], chat["unread_count"]) == ("Paint", 6, 0)
        found = list(reversed(await bo.history(chat)))
        assert [one["created_at"][:16] for one in found] == [at(n)[:16] for n in range(1, 7)]
        assert found[0]["sender"]["display_name"] == "Ana Lima"
        assert (found[1]["reply_preview"]["content"], found[1]["mentions"]) == ("m1", ["ana"])
        assert (found[2]["is_edited"], found[2]["reactions"][0]["count"]) == (True, 1)
        assert (found[3]["is_deleted"], found[3]["content"]) == (True, None)
        assert (found[4]["message_type"], found[4]["sender"]) == ("system", None)
        async with bo.connect(chat, after_seq=0) as live:
            assert [(await live.receive("new_message"))["seq"] for _ in range(6)] == [1, 2, 3, 4, 5, 6]
            await bo.send(chat, "and on")
            assert (await live.receive("new_message"))["seq"] == 7
        await wait_until_found(world.worker.db, "SELECT id FROM notifications WHERE number = 7")
        assert await rows(world.worker, "SELECT id FROM notifications WHERE number < 7") == []


async def test_a_second_import_changes_nothing_and_a_longer_one_continues(empty_database: str) -> None:
    settings = make_settings(empty_database)
    await import_lines(settings, HISTORY)
    report, rejected = await import_lines(settings, [*HISTORY, message(7, sender="bo")])
    assert (report.conversations, report.messages, report.known, rejected) == (0, 1, 6, [])
    db = Database(settings)
    assert await invariants.check_invariants(db) == []
    await db.close()


async def test_imported_reads_are_the_read_state(empty_database: str) -> None:
    settings = make_settings(empty_database)
    lines = [conversation(reads="given"), *(message(n) for n in range(1, 5))]
    lines[2]["read_by"] = [{"user_id": "bo", "read_at": at(9)}]
    await import_lines(settings, lines)
    async with world_with(settings) as world:
        bo, ana = user_with_id(world, "bo"), user_with_id(world, "ana")
        (chat,) = (await bo.ok("GET", "/chat/conversations/"))["results"]
        assert chat["unread_count"] == 3
        second = (await bo.history(chat, after_seq=1))[0]
        receipts = await ana.ok("GET", f"/chat/messages/{second['id']}/receipts/")
        assert [(one["user"]["id"], one["read_at"][:16]) for one in receipts["results"]] == [("bo", at(9)[:16])]
        assert await invariants.check_invariants(world.worker.db) == []


WRONG: dict[str, tuple[Any, str]] = {
    "not JSON": ("{", "Invalid JSON"),
    "another kind": ({"kind": "thing"}, "kind"),
    "an unknown field": (message(1, colour="red"), "colour"),
    "a control character": (message(1, content="a\u0000b"), "control characters"),
    "too long": (message(1, content="x" * 10_001), "10000"),
    "empty": (message(1, content=" "), "blank"),
    "no such emoji": (message(1, reactions=[{"user_id": "bo", "emoji": "ok"}]), "one emoji"),
    "a stranger": (message(1, sender="zed"), "not among the participants"),
    "a stranger who read": (message(1, read_by=[{"user_id": "bo", "read_at": at(1)}]), '"reads": "given"'),
    "a time without a zone": (message(1, created_at="2024-03-01T12:00:00"), "timezone"),
    "the future": (message(1, created_at="2099-01-01T00:00:00Z"), "future"),
    "before the conversation": (message(-5), "before"),
    "a reply to nothing": (message(1, reply_to="m9"), "no message above"),
    "metadata too deep": (message(1, metadata={"a": [[[[[[[[[1]]]]]]]]]}), "nested"),
    "another conversation": (message(1, "c9"), "is not the conversation above"),
    "a type that needs a file": (message(1, message_type="image"), "needs at least one attachment"),
}


@pytest.mark.parametrize("why", WRONG)
async def test_lines_the_api_would_reject_are_rejected_with_their_number(
    shared_database_settings: Settings, why: str
) -> None:
    line, said = WRONG[why]
    report, rejected = await import_lines(shared_database_settings, [conversation(), line, message(2)], dry_run=True)
    assert (report.messages, report.rejected) == (1, 1)
    assert rejected[0]["line"] == 2
    assert said in rejected[0]["error"]


@pytest.mark.parametrize("ends", [True, False])
async def test_a_line_that_is_too_long_is_one_reject_and_later_lines_keep_their_numbers(
    shared_database_settings: Settings, ends: bool
) -> None:
    longest = json.dumps(message(1, metadata={}))
    fits = longest + " " * (MAX_LINE_BYTES - 1 - len(longest))
    after = [message(2, sender="zed"), message(3)] if ends else []
    lines: list[Line | str] = [conversation(), fits, f"{fits} ", "x" * (3 * MAX_LINE_BYTES), *after]
    file, rejects, told = as_file(lines), io.BytesIO(), list[int]()
    file = file if ends else file.rstrip(b"\n")
    report = await Import(shared_database_settings, rejects, dry_run=True, progress=told.append).run(io.BytesIO(file))
    rejected = [json.loads(one) for one in rejects.getvalue().splitlines()]
    assert [one["line"] for one in rejected] == ([3, 4, 5] if ends else [3, 4])
    assert all("longer than 1 MiB" in one["error"] for one in rejected[:2])
    assert len(rejects.getvalue()) < 10_000
    assert (report.lines, report.messages, sum(told)) == (len(lines), 2 if ends else 1, len(file))


async def test_an_invalid_conversation_rejects_its_messages_too(empty_database: str) -> None:
    settings = make_settings(empty_database)
    pair = [{"user_id": "ana"}, {"user_id": "bo"}]
    direct = {"conversation_type": "direct", "reference": None, "participants": pair}
    lines = [
        conversation("c1", **direct),
        message(1, "c1"),
        conversation("c2", **direct),
        message(2, "c2"),
        conversation("c3", participants=[]),
        message(3, "c3"),
    ]
    report, rejected = await import_lines(settings, lines)
    assert (report.conversations, report.messages) == (1, 1)
    assert sorted(one["line"] for one in rejected) == [3, 4, 5, 6]
    assert await import_lines(settings, [conversation("c2", **direct)]) == (
        Report(lines=1, rejected=1),
        [rejected_pair()],
    )


def rejected_pair() -> Any:
    class Like:
        def __eq__(self, other: object) -> bool:
            return isinstance(other, dict) and "pair or reference exists already" in other["error"]

        __hash__ = None  # type: ignore[assignment]  # what the test is about

    return Like()


async def test_a_dry_run_stores_nothing(empty_database: str) -> None:
    settings = make_settings(empty_database)
    report, _ = await import_lines(settings, HISTORY, dry_run=True)
    assert (report.conversations, report.messages) == (1, 6)
    db = Database(settings)
    async with db.snapshot() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM conversations"))).scalar_one() == 0
    await db.close()


async def test_a_killed_import_can_be_restarted_and_duplicates_nothing(empty_database: str, tmp_path: Path) -> None:
    settings = make_settings(empty_database)
    chats, each = 12, 1500
    lines: list[Any] = []
    for chat in range(chats):
        lines.append(conversation(f"c{chat}", reads="given"))
        lines += [message(n, f"c{chat}", read_by=[{"user_id": "bo", "read_at": at(n)}]) for n in range(each)]
    file = tmp_path / "history.jsonl"
    file.write_bytes(as_file(lines))
    command, env = [str(COMMAND), "import", str(file)], environment(empty_database)
    db = Database(settings)
    killed = await asyncio.create_subprocess_exec(*command, env=env, stdout=subprocess.DEVNULL)
    await wait_until_found(db, "SELECT id FROM messages LIMIT 1")
    killed.send_signal(signal.SIGKILL)
    assert await killed.wait() == -signal.SIGKILL
    async with db.snapshot() as tx:
        before = (await tx.execute(text("SELECT count(*) FROM messages"))).scalar_one()
    assert 0 < before < chats * each
    again = await asyncio.create_subprocess_exec(*command, env=env, stdout=subprocess.PIPE)
    said, _ = await again.communicate()
    assert again.returncode == 0
    assert f"Skipped {before} messages that already exist" in said.decode()
    async with db.snapshot() as tx:
        counted = await tx.execute(text("SELECT count(*), count(DISTINCT (conversation_id, client_id)) FROM messages"))
        assert tuple(counted.one()) == (chats * each, chats * each)
        unread = "SELECT count(*) FROM participants WHERE user_id = 'bo' AND read <> '{[1,1501)}'"
        assert (await tx.execute(text(unread))).scalar_one() == 0
    assert await invariants.check_invariants(db) == []
    await db.close()


def test_the_command_reports_what_it_rejected(tmp_path: Path, database: str) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_bytes(as_file(["nonsense"]))
    done = run("import", "--dry-run", str(file), env=environment(database))
    assert done.returncode == 1
    assert "Rejected 1 lines" in done.stdout
    assert json.loads((tmp_path / "bad.jsonl.rejects").read_text())["line"] == 1
