"""Erasing a user: nothing personal is left, and the conversations of others are intact."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from tests.privacy.traced_user import TracedUser, dump_database, read_files, wait_for_consumers
from tests.support.client_state import ClientState
from tests.support.workers import Worker
from tests.support.world import Json, World, rows, wait_for
from wasgo_chat.identity.pseudonyms import ErasedPerson


@dataclass
class Erased:
    """The state before and after one erasure, as seen by live and by returning clients."""

    ana: TracedUser
    answer: Json
    before: str
    files_before: bytes
    planned: int
    told: int
    theirs: list[str]
    done: Json
    followed: list[ClientState]
    returned: list[ClientState]


@pytest.fixture(scope="module")
async def erased(own_worker: Worker, folder: Path) -> AsyncIterator[Erased]:
    world = World(own_worker)
    ana = TracedUser(world)
    await ana.leave_traces()
    await wait_for_consumers(world)
    before, files = await dump_database(own_worker), read_files(folder)
    planned = len(await rows(own_worker, "SELECT 1 FROM deliveries WHERE user_id = :id", id=ana.id))
    notified = len(await rows(own_worker, "SELECT 1 FROM notifications WHERE user_id = :id", id=ana.id))
    theirs = await words_of(ana)
    chats = (ana.job, ana.direct)
    followed = [await ClientState.load(ana.bo, chat) for chat in chats]
    returned = [await ClientState.load(ana.bo, chat) for chat in chats]
    assert all(ana.id in mirror.participants for mirror in followed)
    async with ana.bo.connect(chats[0]) as live, ana.bo.connect(chats[1]) as other:
        answer = await ana.erase()
        done = await ana.wait_erased()
        for mirror, socket, chat in zip(followed, (live, other), chats, strict=True):
            head = (await ana.bo.get_conversation(chat))["last_seq"]
            while mirror.last_seq < head:
                frame = await socket.next_frame()
                if "seq" in frame:
                    mirror.apply(frame)
    yield Erased(ana, answer, before, files, planned, notified, theirs, done, followed, returned)
    await world.close()


async def words_of(ana: TracedUser) -> list[str]:
    """The messages of bo in the job, newest first."""
    return [one["content"] for one in await ana.bo.history(ana.job) if (one["sender"] or {}).get("id") == ana.bo.id]


async def test_nothing_of_an_erased_user_is_left_in_database_or_object_store(erased: Erased, folder: Path) -> None:
    ana = erased.ana
    assert all(canary in erased.before for canary in ana.canaries)
    assert ana.text.encode() in erased.files_before
    assert erased.planned
    assert erased.told
    after, files = await dump_database(ana.world.worker), read_files(folder)
    for canary in ana.canaries:
        assert canary not in after, [line for line in after.splitlines() if canary in line][:3]
        assert canary.encode() not in files
    assert erased.answer["state"] == "running"
    assert (erased.done["messages"], erased.done["conversations"]) == (3 * 2 + 1 + 2, 3)
    for link in (ana.picture["url"], ana.picture["thumbnail_url"], ana.unclaimed["url"]):
        path = httpx.URL(link).raw_path.decode()
        assert (await ana.bo.call("GET", path)).status_code == 404


async def test_the_log_keeps_its_order_and_others_keep_their_messages(erased: Erased) -> None:
    ana = erased.ana
    events = await ana.bo.events(ana.job)
    assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
    assert await words_of(ana) == erased.theirs
    messages = await ana.bo.history(ana.job)
    gone = [one for one in messages if (one["sender"] or {}).get("username") == "erased user"]
    assert gone
    assert all(one["is_deleted"] and one["content"] is None and not one["attachments"] for one in gone)
    notes = [one["content"] for one in messages if one["message_type"] == "system"]
    assert "erased user is now moderator" in notes
    assert "erased user was assigned" in notes
    previews = [one["reply_preview"] for one in messages if one["reply_preview"]]
    assert all(one["content"] is None and one["sender"]["username"] == "erased user" for one in previews)
    assert (await ana.bo.get_conversation(ana.job))["title"] == ""


async def test_live_and_resuming_clients_end_in_the_same_state_as_a_fresh_load(erased: Erased) -> None:
    ana = erased.ana
    for chat, followed, returned in zip((ana.job, ana.direct), erased.followed, erased.returned, strict=True):
        fresh = await ClientState.load(ana.bo, chat)
        for frame in await ana.bo.events(chat, returned.last_seq):
            returned.apply(frame)
        assert followed.state() == fresh.state()
        assert returned.state() == fresh.state()
        assert ana.id not in returned.participants


# Who has left cannot send; this stands for any failure that could leave a message behind.
LATE_MESSAGE = (
    "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN UPDATE messages SET sender_id = OLD.user_id WHERE content = 'late'; RETURN NEW; END $$",
    "CREATE TRIGGER late AFTER UPDATE OF user_id ON participants FOR EACH ROW EXECUTE FUNCTION late()",
)


async def test_a_user_with_a_late_message_is_kept_until_that_is_erased(own_worker: Worker) -> None:
    world = World(own_worker)
    cy = TracedUser(world)
    await cy.create()
    said = await cy.bo.send(cy.job, "late")
    async with own_worker.db.transaction() as tx:
        for statement in LATE_MESSAGE:
            await tx.execute(text(statement))
    await cy.erase()

    async def is_in_state(state: str) -> bool:
        statement = "SELECT 1 FROM erasures WHERE user_id = :id AND state = :state"
        return bool(await rows(own_worker, statement, id=cy.id, state=state))

    for state in ("names", "words"):  # the last step finds the message, and the erasure starts again
        await wait_for(is_in_state, state)
    assert await rows(own_worker, "SELECT 1 FROM users WHERE id = :id", id=cy.id)
    async with own_worker.db.transaction() as tx:
        sender = "UPDATE messages SET sender_id = :sender WHERE id = :id"
        await tx.execute(text(sender), {"sender": cy.bo.id, "id": said["id"]})
    await cy.wait_erased()
    assert not await rows(own_worker, "SELECT 1 FROM users WHERE id = :id", id=cy.id)
    await world.close()


def test_a_name_is_removed_from_a_text_as_a_whole_word_only() -> None:
    ann = ErasedPerson("ann", "erased-1", ["Ann", "Ann (the painter)", "李明", "x"])
    assert ann.redact("Annex of Ann (the painter), ANN's; x") == "Annex of erased user, erased user's; x"
    assert ann.redact("李明 joined") == "erased user joined"
    forgotten = ann.redact({"by": "ann", "Ann": ["ann", 3, None]})
    assert forgotten == {"by": "erased-1", "erased user": ["erased-1", 3, None]}
    assert ErasedPerson("a", "erased-2", []).redact("a fence") == "a fence"


async def test_a_reference_that_they_gave_a_support_conversation_is_erased(own_worker: Worker) -> None:
    world = World(own_worker)
    cy = world.person("cy")
    path = "/chat/conversations/create_support_conversation/"
    case = await cy.ok("POST", path, {"support_type": "t"}, status=201)
    # Earlier releases let users do this.
    given = "UPDATE conversations SET reference_type = 'order', reference_id = 'my own words' WHERE id = :id"
    async with own_worker.db.transaction() as tx:
        await tx.execute(text(given), {"id": case["id"]})
    await world.service.ok("DELETE", f"/chat/users/{cy.id}/", status=202)

    async def is_done() -> bool:
        return bool((await world.service.ok("GET", f"/chat/users/{cy.id}/erasure/"))["state"] == "done")

    await wait_for(is_done)
    query = "SELECT reference_type, reference_id FROM conversations WHERE id = :id"
    assert [tuple(row) for row in await rows(own_worker, query, id=case["id"])] == [(None, None)]
    await world.close()
