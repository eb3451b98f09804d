"""The seed data: valid logs, the same for the same seed, and usable by the service."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.support.workers import make_settings
from tests.support.world import Person, rows, world_with
from wasgo_chat.data_import import invariants
from wasgo_chat.database.session import Database
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.seed import generator, run
from wasgo_chat.seed.run import NotEmpty, seed
from wasgo_chat.settings.config import Settings

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


async def fill(settings: Settings, *, number: int = 1, allow_nonempty: bool = False) -> None:
    given = {"conversations": 30, "messages": 1500, "number": number, "users": 12, "allow_nonempty": allow_nonempty}
    await seed(settings, until=UNTIL, **given)  # type: ignore[arg-type]  # keywords of a table of cases


async def test_seeded_logs_satisfy_the_invariants_and_can_be_continued(empty_database: str) -> None:
    settings = make_settings(empty_database)
    await fill(settings)
    db = Database(settings)
    assert await invariants.check_invariants(db) == []
    await db.close()
    async with world_with(settings) as world:
        counted = await rows(world.worker, "SELECT count(*), sum(message_count) FROM conversations, (SELECT) x")
        assert tuple(counted[0]) == (30, 1500)
        (told,) = await rows(world.worker, "SELECT count(*) FROM messages")
        assert told[0] == 1500
        bearer = mint_user(settings, "seed1-000001", ttl_s=600)
        someone = Person(world, "seed1-000001", "someone", bearer)
        page = await someone.ok("GET", "/chat/conversations/", params={"limit": 100})
        chat = max(page["results"], key=lambda found: found["last_seq"])
        events = await someone.events(chat)
        assert [event["seq"] for event in events] == list(range(1, chat["last_seq"] + 1))
        await someone.send(chat, "and on")
        assert (await someone.get_conversation(chat))["last_seq"] == chat["last_seq"] + 1
        assert await invariants.check_invariants(world.worker.db) == []
        assert (
            await rows(world.worker, "SELECT id FROM notifications WHERE created_at < now() - interval '1 day'") == []
        )


def test_the_same_seed_gives_the_same_data() -> None:
    def made(number: int) -> list[generator.GeneratedConversation]:
        users = [row["id"] for row in generator.user_rows(number, 10, UNTIL)]
        return list(generator.conversations(number, users, 8, 200, UNTIL))

    assert made(7) == made(7)
    assert made(7) != made(8)


async def test_a_non_empty_database_is_left_alone_unless_forced(empty_database: str) -> None:
    settings = make_settings(empty_database)
    await fill(settings)
    with pytest.raises(NotEmpty, match="--allow-nonempty"):
        await fill(settings, number=2)
    with pytest.raises(NotEmpty, match="--allow-nonempty and another --seed, as the rows of seed 1 exist already"):
        await fill(settings)
    await fill(settings, number=2, allow_nonempty=True)
    with pytest.raises(NotEmpty, match="Use another --seed"):
        await fill(settings, number=2, allow_nonempty=True)


async def test_conversations_without_messages_are_written_in_batches_too(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH", 10)
    told: list[int] = []
    given = {"number": 1, "users": 12, "allow_nonempty": False, "until": UNTIL}
    await seed(make_settings(empty_database), conversations=25, messages=4, progress=told.append, **given)  # type: ignore[arg-type]  # keywords of a table of cases
    assert (len(told), sum(told)) == (3, 4)


FAULTS = {
    "of every message and event exists": "UPDATE events SET conversation_id = gen_random_uuid() WHERE seq = 2",
    "seq has no gap": "DELETE FROM events WHERE seq = 2",
    "of every event exists": "DELETE FROM messages WHERE number = 3",
    "message_count": "UPDATE conversations SET message_count = message_count + 1",
    "times do not decrease": "UPDATE messages SET created_at = now() WHERE number = 2",
    "no content": "UPDATE messages SET deleted_at = now() WHERE number = 1",
    "only existing messages": "UPDATE participants SET read = '{[1,99999)}'",
    "the feed is not ahead": "UPDATE feed_heads SET seq = seq + 100",
    "has a pending marker": "DELETE FROM feed_heads",
    "numbers increase": "UPDATE messages SET number = 100000 - number",
}


@pytest.mark.parametrize("rule", FAULTS)
async def test_a_broken_log_is_found(empty_database: str, rule: str) -> None:
    settings = make_settings(empty_database)
    await seed(settings, conversations=3, messages=60, number=1, users=6, allow_nonempty=False, until=UNTIL)
    db = Database(settings)
    async with db.transaction() as tx:
        await tx.execute(text(FAULTS[rule]))
    found = await invariants.check_invariants(db)
    await db.close()
    assert any(rule in fault.rule for fault in found), found
