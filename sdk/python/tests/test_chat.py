"""A user's chat against a live service: what it shows beside being in sync, which is the conformance kit's to try."""

import asyncio
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sdk_door import Stage
from wasgo_chat_client import (
    Chat,
    ChatError,
    Conversation,
    FileOutbox,
    MemoryOutbox,
    OutboxEntry,
    OutboxStore,
    Platform,
)

REFUSED = "a\u0001b"


class Someone:
    """Somebody new, in a conversation of their own."""

    def __init__(self, stage: Stage) -> None:
        self.name = f"ana-{uuid.uuid4().hex[:8]}"
        self._stage = stage
        with Platform(stage.url, stage.token(service="platform")) as platform:
            made = platform.create_job_conversation(self.name, [{"user_id": self.name, "role": "admin"}])
        self.conversation_id = str(made.id)

    def chat(self, outbox: OutboxStore | None = None) -> Chat:
        return Chat(self._stage.url, lambda _: self._stage.token(user=self.name), outbox=outbox)

    def entry(self, content: str, *, failed: str | None = None) -> OutboxEntry:
        return OutboxEntry(self.name, self.conversation_id, {"content": content}, failed=failed)


async def until(conversation: Conversation, is_so: Callable[[], bool]) -> None:
    """Wait for a change after which it is so."""
    changed = asyncio.Event()
    forget = conversation.subscribe(changed.set)
    async with asyncio.timeout(30):
        while not is_so():
            await changed.wait()
            changed.clear()
    forget()


@pytest.fixture
def someone(stage: Stage) -> Someone:
    stage.call("/faults", {})
    return Someone(stage)


@pytest.fixture(params=["memory", "file"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OutboxStore]:
    if request.param == "memory":
        yield MemoryOutbox()
        return
    file = FileOutbox(tmp_path / "outbox.sqlite")
    yield file
    file.close()


async def test_what_the_service_takes_is_known_once_it_is_there_and_is_what_it_takes(someone: Someone) -> None:
    async with someone.chat() as chat:
        before = chat.limits
        here = chat.conversation(someone.conversation_id)
        await here.send("Hello!")
        limits = chat.limits
        assert before is None
        assert limits == {
            "content_chars": 10_000,
            "frame_bytes": 65_536,
            "metadata_bytes": 8_192,
            "messages": 0,
            "window_s": 10,
        }
        most = limits["content_chars"]
        assert (await here.send("x" * most))["seq"] == 2
        with pytest.raises(ChatError) as refused:
            await here.send("x" * (most + 1))
        assert refused.value.code == "invalid"


async def test_a_refused_message_is_there_after_a_restart_to_be_sent_again_or_given_up(
    someone: Someone, outbox: OutboxStore
) -> None:
    async with someone.chat(outbox) as before:
        with pytest.raises(ChatError) as refused:
            await before.conversation(someone.conversation_id).send(REFUSED)
    assert refused.value.code == "invalid"

    async with someone.chat(outbox) as after:
        here = after.conversation(someone.conversation_id)
        [kept] = here.pending
        assert (kept.failed, kept.entry.draft["content"]) == ("invalid", REFUSED)
        with pytest.raises(ChatError) as known:
            await kept.stored
        assert known.value.code == "invalid"
        again = here.retry(kept.entry.client_id)
        assert [one.failed for one in here.pending] == [None]
        assert [one.failed for one in outbox.load(someone.name)] == [None]
        with pytest.raises(ChatError):
            await again
        assert [one.failed for one in outbox.load(someone.name)] == ["invalid"]
        here.discard(kept.entry.client_id)
        assert here.pending == []
        assert outbox.load(someone.name) == []


async def test_a_refused_message_can_be_stored_when_the_reason_is_gone(someone: Someone, outbox: OutboxStore) -> None:
    kept = someone.entry("Now it is taken", failed="conversation_closed")
    outbox.put(kept)
    async with someone.chat(outbox) as chat:
        here = chat.conversation(someone.conversation_id)
        await here.send("It holds up no other")
        assert [one.failed for one in here.pending] == ["conversation_closed"]
        assert (await here.retry(kept.client_id))["seq"] == 2
        assert here.pending == []
    assert outbox.load(someone.name) == []


async def test_a_message_that_is_not_refused_is_neither_sent_again_nor_given_up(someone: Someone) -> None:
    async with someone.chat() as chat:
        here = chat.conversation(someone.conversation_id)
        sent = here.send("On its way")
        [pending] = here.pending
        here.discard(pending.entry.client_id)
        with pytest.raises(ChatError) as unknown:
            here.retry(pending.entry.client_id)
        assert unknown.value.code == "not_found"
        assert (await sent)["seq"] == 1


async def test_a_message_that_nobody_waits_for_may_be_refused_all_the_same(someone: Someone) -> None:
    async with someone.chat() as chat:
        here = chat.conversation(someone.conversation_id)
        here.send(REFUSED).cancel()
        async with asyncio.timeout(30):
            assert (await here.send("It holds up no other"))["seq"] == 1
        assert [one.failed for one in here.pending] == ["invalid"]


async def test_a_message_that_was_refused_but_is_stored_is_pending_no_more(someone: Someone) -> None:
    """Its first answer was lost; then the conversation was closed, and the second was a refusal."""
    async with someone.chat() as chat:
        here = chat.conversation(someone.conversation_id)
        await here.send("Hello!")
        entry = someone.entry("Stored", failed="conversation_closed")
        here.resume(entry)
        await chat.connection.ask("send_message", conversation_id=here.id, client_id=entry.client_id, content="Stored")
        await until(here, lambda: len(here.messages) == 2)
        assert here.pending == []


def test_a_file_from_before_refused_messages_were_kept_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    old = sqlite3.connect(path, isolation_level=None)
    old.execute(
        "CREATE TABLE outbox (client_id TEXT PRIMARY KEY, user_id TEXT, conversation_id TEXT, draft TEXT,"
        " created_at REAL)"
    )
    old.execute("""INSERT INTO outbox VALUES ('m-1', 'ana', 'c', '{"content": "Hello!"}', 1.0)""")
    old.close()
    for _ in ("taken over", "as it is"):
        file = FileOutbox(path)
        assert file.load("ana") == [OutboxEntry("ana", "c", {"content": "Hello!"}, "m-1", 1.0)]
        file.close()
