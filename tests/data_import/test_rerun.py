"""A conversation that occurs again in a file: with the same messages, with more of them, with other participants."""

from typing import Any

import pytest

from tests.data_import.histories import Line, conversation, import_lines, message, user_with_id
from tests.support.workers import make_settings
from tests.support.world import rows, world_with
from wasgo_chat.data_import import invariants, run

PEOPLE = [{"user_id": "ana", "role": "admin"}, {"user_id": "bo"}, {"user_id": "cy", "role": "observer"}]
FIRST = [conversation(), *(message(n) for n in range(1, 4))]
MORE = [conversation(), *(message(n) for n in range(4, 7))]


def batches(monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    """Write everything in one batch, or begin a new batch with each conversation."""
    if size == "many":
        monkeypatch.setattr(run, "BATCH_CHUNKS", 1)


@pytest.mark.parametrize("size", ["one", "many"])
async def test_the_same_history_twice_in_a_file_is_imported_once(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    batches(monkeypatch, size)
    settings = make_settings(empty_database)
    report, rejected = await import_lines(settings, [*FIRST, *FIRST, *FIRST[:1], *FIRST[2:], *MORE[1:]])
    assert (report.conversations, report.messages, report.known, rejected) == (1, 6, 5, [])
    async with world_with(settings) as world:
        assert await invariants.check_invariants(world.worker.db) == []


@pytest.mark.parametrize("size", ["one", "many"])
async def test_all_parts_of_a_split_history_are_read(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    batches(monkeypatch, size)
    settings = make_settings(empty_database)
    report, rejected = await import_lines(settings, [*FIRST, conversation("c2"), message(1, "c2"), *MORE])
    assert (report.messages, rejected) == (7, [])
    async with world_with(settings) as world:
        bo = user_with_id(world, "bo")
        page = await bo.ok("GET", "/chat/conversations/")
        assert [chat["unread_count"] for chat in page["results"]] == [0, 0]
        assert await invariants.check_invariants(world.worker.db) == []


@pytest.mark.parametrize("size", ["one", "many"])
async def test_later_parts_may_reply_to_earlier_ones(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    batches(monkeypatch, size)
    settings = make_settings(empty_database)
    answer = message(7, reply_to="m1")
    report, rejected = await import_lines(settings, [*FIRST, *MORE, answer])
    assert (report.messages, rejected) == (7, [])
    again, rejected = await import_lines(
        settings, [conversation(), message(8, reply_to="m2"), message(9, reply_to="m99")]
    )
    assert (again.messages, [one["line"] for one in rejected]) == (1, [3])
    async with world_with(settings) as world:
        bo = user_with_id(world, "bo")
        (chat,) = (await bo.ok("GET", "/chat/conversations/"))["results"]
        newest = await bo.history(chat, limit=2)
        assert [one["reply_preview"]["content"] for one in newest] == ["m2", "m1"]


@pytest.mark.parametrize("size", ["one", "many"])
async def test_a_new_participant_in_a_repeated_line_is_added(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    batches(monkeypatch, size)
    settings = make_settings(empty_database)
    more = conversation(participants=[{"user_id": "ana"}, {"user_id": "dee"}])
    report, rejected = await import_lines(settings, [*FIRST, more, message(4, sender="dee")])
    assert (report.messages, rejected) == (4, [])
    async with world_with(settings) as world:
        dee, bo, ana = (user_with_id(world, name) for name in ("dee", "bo", "ana"))
        (chat,) = (await dee.ok("GET", "/chat/conversations/"))["results"]
        assert chat["unread_count"] == 0
        assert [one["content"] for one in await dee.history(chat)] == ["m4", "m3", "m2", "m1"]
        assert len(await bo.history(chat)) == 4
        places = await rows(world.worker, "SELECT user_id, role FROM participants ORDER BY user_id")
        assert [tuple(place) for place in places] == [
            ("ana", "admin"), ("bo", "participant"), ("cy", "observer"), ("dee", "participant"),
        ]  # fmt: skip
        await ana.send(chat, "live")
        assert (await dee.get_conversation(chat))["unread_count"] == 1
        assert await invariants.check_invariants(world.worker.db) == []


async def test_earlier_messages_are_not_unread_for_a_new_participant(empty_database: str) -> None:
    settings = make_settings(empty_database)
    await import_lines(settings, [conversation(reads="given"), *FIRST[1:]])
    more = conversation(reads="given", participants=[{"user_id": "ana"}, {"user_id": "dee"}])
    await import_lines(settings, [more, message(4)])
    async with world_with(settings) as world:
        dee, bo = user_with_id(world, "dee"), user_with_id(world, "bo")
        (chat,) = (await dee.ok("GET", "/chat/conversations/"))["results"]
        assert (chat["unread_count"], (await bo.get_conversation(chat))["unread_count"]) == (1, 4)


CROWDED: dict[str, tuple[dict[str, Any], list[Line], str]] = {
    "a third in a direct one": (
        {},
        [{"user_id": "ana"}, {"user_id": "cy"}],
        "participants: a direct conversation cannot get another one",
    ),
    "more than there may be": (
        {"max_participants": 3},
        [{"user_id": "ana"}, {"user_id": "cy"}, {"user_id": "dee"}],
        "participants: would be more than 3",
    ),
}


@pytest.mark.parametrize("size", ["one", "many"])
@pytest.mark.parametrize("why", CROWDED)
async def test_participants_a_conversation_cannot_take_are_rejected(
    empty_database: str, monkeypatch: pytest.MonkeyPatch, why: str, size: str
) -> None:
    batches(monkeypatch, size)
    limits, people, said = CROWDED[why]
    pair = [{"user_id": "ana"}, {"user_id": "bo"}]
    kind: Line = {"reference": None, "conversation_type": "direct" if "direct" in why else "support"}
    settings = make_settings(empty_database, **limits)
    lines = [
        conversation(participants=pair, **kind),
        message(1),
        conversation(participants=people, **kind),
        message(2, sender="cy"),
    ]
    _, rejected = await import_lines(settings, lines)
    assert {said} == {one["error"] for one in rejected}
    assert {3, 4} <= {one["line"] for one in rejected}
