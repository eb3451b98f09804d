"""An export contains everything of a user and nothing of others, and is streamed."""

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from typing import Any

from tests.privacy.traced_user import TracedUser
from tests.support.world import World
from wasgo_chat.api_docs.data_policies import data_policies
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.privacy.zip_stream import ZipStream


async def exported(world: World, user_id: str) -> zipfile.ZipFile:
    answer = await world.service.call("GET", f"/chat/users/{user_id}/export/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def exported_files(policy: DataPolicy) -> set[str]:
    return set() if policy.exported.startswith("No: ") else set(re.findall("`([^`]+)`", policy.exported))


def read(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


async def test_an_export_has_everything_of_a_user_and_no_content_of_others(world: World) -> None:
    ana = TracedUser(world)
    await ana.leave_traces()
    archive = await exported(world, ana.id)
    declared = {file for policies in data_policies().values() for one in policies for file in exported_files(one)}
    assert {re.sub("^files/.*", "files/", name) for name in archive.namelist()} == declared
    profile = read(archive, "profile.json")
    assert {name: profile[name] for name in ana.profile} == ana.profile
    places = {one["conversation"]: one for one in read(archive, "conversations.json")}
    assert places.keys() == {chat["id"] for chat in ana.conversations}
    assert places[ana.job["id"]]["role"] == "moderator"
    messages = read(archive, "messages.json")
    assert sorted(one["content"] or "-" for one in messages) == sorted(
        2 * [f"{ana.text} 1", f"{ana.text} 3", "-"] + [ana.text] * 2 + ["-"]
    )
    edited = next(one for one in messages if one["content"] == f"{ana.text} 3")
    assert [one["content"] for one in edited["earlier"]] == [f"{ana.text} 2"]
    assert [one["emoji"] for one in read(archive, "reactions.json")] == ["👍", "👍"]
    assert {one["conversation"] for one in read(archive, "reads.json")} == {ana.job["id"], ana.direct["id"]}
    preferences = read(archive, "preferences.json")
    assert preferences["preferences"]["level"] == "mentions"
    assert preferences["conversations"][0]["level"] == "all"
    assert list(preferences["push_subscriptions"][0]) == ["id", "created_at"]
    files = {one["filename"]: archive.read(one["file"]) for one in read(archive, "attachments.json")}
    assert files[f"{ana.mark}.jpg"].startswith(b"\xff\xd8")
    texts = [data for name, data in files.items() if name.endswith(".txt")]
    assert texts == [f"second file of {ana.text}".encode()]
    everything = b"".join(archive.read(name) for name in archive.namelist())
    for word in ("Sure", "Later", "One more", "to be deleted by somebody else", "8.8.8.8"):
        assert word.encode() not in everything


async def test_an_unknown_user_is_not_exported(world: World) -> None:
    await world.service.refused("GET", "/chat/users/nobody-at-all/export/", status=404, code="not_found")


async def test_an_archive_is_streamed_in_pieces() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"\x07" * 65_536

    archive = ZipStream()
    out = [archive.add("a.json", {"a": 1})]
    out += [piece async for piece in archive.add_file("big", pieces())]
    out.append(archive.close())
    assert max(len(piece) for piece in out) < 70_000
    assert zipfile.ZipFile(io.BytesIO(b"".join(out))).read("big") == b"\x07" * 65_536 * 64
