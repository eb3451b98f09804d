"""What operators see of the consumers, and what they can do: routes, commands, doctor."""

import asyncio
import json
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.feed.feed_world import FeedWorld, Seen, consume_all
from tests.support.command_line import Completed
from tests.support.command_line import run as run_here
from tests.support.world import Json, Person
from wasgo_chat.feed import admin

PARKED = "/chat/operators/consumers/notifications/parked/"


@pytest.fixture
def staff(feed: FeedWorld) -> Person:
    return feed.person("staff", staff=True)


@pytest.fixture
def env(feed: FeedWorld) -> dict[str, str]:
    return {"WASGO_CHAT_DATABASE_URL": feed.worker.settings.database_url, "PATH": ""}


async def run(*arguments: str, env: dict[str, str]) -> Completed:
    """Run `wasgo-chat` while the worker goes on."""
    return await asyncio.to_thread(run_here, *arguments, env=env)


async def with_a_parked_event(feed: FeedWorld) -> tuple[Json, Seen]:
    """A conversation of which the consumer `notifications` could not process the second event."""
    ana, bo = feed.people("ana", "bo")
    chat = await ana.direct(bo)
    for _ in range(3):
        await ana.send(chat)
    await feed.sequenced()
    seen = Seen()
    seen.refused = {(UUID(chat["id"]), 2)}
    await consume_all(feed.consumer("notifications", seen))
    return chat, seen


async def test_staff_see_and_retry_parked_events(feed: FeedWorld, staff: Person) -> None:
    chat, seen = await with_a_parked_event(feed)
    (consumer,) = (await staff.ok("GET", "/chat/operators/consumers/"))["results"]
    assert {key: consumer[key] for key in ("name", "events", "parked_events", "parked_conversations")} == {
        "name": "notifications",
        "events": 0,
        "parked_events": 2,
        "parked_conversations": 1,
    }
    (event,) = (await staff.ok("GET", PARKED))["results"]
    assert (event["conversation_id"], event["seq"], event["events"]) == (chat["id"], 2, 2)
    assert (event["type"], event["error"], event["attempts"]) == ("new_message", "RuntimeError", 1)
    async with feed.worker.db.transaction() as tx:
        await tx.execute(text("UPDATE parked_events SET retry_at = now() + interval '1 hour'"))
    assert await staff.ok("POST", f"{PARKED}retry/") == {"conversations": 1}
    seen.refused = set()
    await consume_all(feed.consumer("notifications", seen))
    assert seen.seqs(chat) == [1, 2, 3]
    assert (await staff.ok("GET", PARKED))["results"] == []


async def test_an_unknown_consumer_does_not_exist(feed: FeedWorld, staff: Person) -> None:
    await staff.refused("GET", PARKED.replace("notifications", "none"), status=404, code="not_found")
    await staff.refused("POST", f"{PARKED}retry/".replace("notifications", "none"), status=404, code="not_found")


async def test_the_commands_list_retry_and_refuse(feed: FeedWorld, env: dict[str, str]) -> None:
    chat, _ = await with_a_parked_event(feed)
    (consumer,) = json.loads((await run("consumers", "list", "--json", env=env)).stdout)
    assert (consumer["consumer"], consumer["state"], consumer["parked events"]) == ("notifications", "running", 2)
    table = (await run("consumers", "parked", "notifications", env=env)).stdout.splitlines()
    assert table[0].split()[:3] == ["conversation", "seq", "events"]
    assert table[1].split()[:3] == [chat["id"], "2", "2"]
    assert (await run("consumers", "retry", "notifications", env=env)).stdout == (
        "Retrying the parked events of 1 conversations.\n"
    )
    unknown = await run("consumers", "parked", "none", env=env)
    assert unknown.returncode != 0
    assert "There is no consumer 'none' here. The consumers are: notifications." in unknown.stderr
    refused = await run("consumers", "rebuild", "notifications", env=env)
    assert refused.returncode != 0
    assert "notifications processes new events only, so it cannot be rebuilt." in refused.stderr


async def test_a_rebuild_handles_all_logs_again_and_then_goes_on(feed: FeedWorld) -> None:
    ana, bo, cy = feed.people("ana", "bo", "cy")
    chats = [await ana.direct(bo), await ana.direct(cy)]
    seen = Seen()
    index = feed.consumer("index", seen, has_history=True)
    for chat in (*chats, chats[0]):
        await ana.send(chat)
    await feed.sequenced()
    await consume_all(index)
    await admin.rebuild(feed.worker.settings, "index")
    await ana.send(chats[1])
    await feed.sequenced()
    await consume_all(index)
    assert [seen.seqs(chat) for chat in chats] == [[1, 2, 1, 2], [1, 1, 2, 2]]
    await ana.send(chats[0])
    await feed.sequenced()
    await consume_all(index)
    assert seen.seqs(chats[0]) == [1, 2, 1, 2, 3]


async def test_doctor_reports_a_feed_that_stands_still_and_parked_events(feed: FeedWorld, env: dict[str, str]) -> None:
    await with_a_parked_event(feed)
    ana = feed.person("dan")
    await ana.send(await ana.direct(feed.person("eve")))
    async with feed.worker.db.transaction() as tx:
        await tx.execute(text("UPDATE events SET created_at = created_at - interval '5 minutes'"))
    found = json.loads((await run("doctor", "--json", env={**env, "WASGO_CHAT_JWT_SECRET": "s" * 32})).stdout)
    feed_findings = {one["what"]: one["level"] for one in found["findings"] if one["area"] == "feed"}
    assert any("1 events are not in the feed" in what and level == "error" for what, level in feed_findings.items())
    parked = "The consumer notifications could not process events of 1 conversations."
    assert feed_findings[parked] == "warning"
    assert feed_findings["The partitions of the feed are complete."] == "ok"
