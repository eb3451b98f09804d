"""A user's chat against a live service. The conformance tests cover synchronization; these cover the rest."""

import asyncio
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness_client import Harness
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

INVALID_CONTENT = "a\u0001b"


class User:
    """A new user with a new conversation."""

    def __init__(self, harness: Harness) -> None:
        self.id = f"ana-{uuid.uuid4().hex[:8]}"
        self._harness = harness
        with Platform(harness.url, harness.token(service="platform")) as platform:
            conversation = platform.create_job_conversation(self.id, [{"user_id": self.id, "role": "admin"}])
        self.conversation_id = str(conversation.id)

    def chat(self, outbox: OutboxStore | None = None) -> Chat:
        return Chat(self._harness.url, lambda _: self._harness.token(user=self.id), outbox=outbox)

    def entry(self, content: str, *, failed: str | None = None) -> OutboxEntry:
        return OutboxEntry(self.id, self.conversation_id, {"content": content}, failed=failed)


async def wait_until(conversation: Conversation, condition: Callable[[], bool]) -> None:
    """Wait for a change after which the condition holds."""
    changed = asyncio.Event()
    unsubscribe = conversation.subscribe(changed.set)
    async with asyncio.timeout(30):
        while not condition():
            await changed.wait()
            changed.clear()
    unsubscribe()


@pytest.fixture
def user(harness: Harness) -> User:
    harness.call("/faults", {})
    return User(harness)


@pytest.fixture(params=["memory", "file"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OutboxStore]:
    if request.param == "memory":
        yield MemoryOutbox()
        return
    file = FileOutbox(tmp_path / "outbox.sqlite")
    yield file
    file.close()


async def test_the_limits_are_known_once_connected_and_the_service_enforces_them(user: User) -> None:
    async with user.chat() as chat:
        before = chat.limits
        conversation = chat.conversation(user.conversation_id)
        await conversation.send("Hello!")
        limits = chat.limits
        assert before is None
        assert limits == {
            "content_chars": 10_000,
            "frame_bytes": 65_536,
            "metadata_bytes": 8_192,
            "messages": 0,
            "window_s": 10,
            "attachment_bytes": 26_214_400,
            "attachments": 10,
        }
        assert chat.features == ["presence", "attachments", "notifications", "support"]
        maximum = limits["content_chars"]
        assert (await conversation.send("x" * maximum))["seq"] == 2
        with pytest.raises(ChatError) as rejected:
            await conversation.send("x" * (maximum + 1))
        assert rejected.value.code == "invalid"


async def test_a_rejected_message_survives_a_restart_and_can_be_retried_or_discarded(
    user: User, outbox: OutboxStore
) -> None:
    async with user.chat(outbox) as before:
        with pytest.raises(ChatError) as rejected:
            await before.conversation(user.conversation_id).send(INVALID_CONTENT)
    assert rejected.value.code == "invalid"

    async with user.chat(outbox) as after:
        conversation = after.conversation(user.conversation_id)
        [kept] = conversation.pending
        assert (kept.failed, kept.entry.draft["content"]) == ("invalid", INVALID_CONTENT)
        with pytest.raises(ChatError) as known:
            await kept.stored
        assert known.value.code == "invalid"
        retried = conversation.retry(kept.entry.client_id)
        assert [message.failed for message in conversation.pending] == [None]
        assert [entry.failed for entry in outbox.load(user.id)] == [None]
        with pytest.raises(ChatError):
            await retried
        assert [entry.failed for entry in outbox.load(user.id)] == ["invalid"]
        conversation.discard(kept.entry.client_id)
        assert conversation.pending == []
        assert outbox.load(user.id) == []


async def test_a_failed_message_does_not_block_others_and_a_retry_can_succeed(user: User, outbox: OutboxStore) -> None:
    entry = user.entry("Accepted now", failed="conversation_closed")
    outbox.put(entry)
    async with user.chat(outbox) as chat:
        conversation = chat.conversation(user.conversation_id)
        await conversation.send("Not blocked")
        assert [message.failed for message in conversation.pending] == ["conversation_closed"]
        assert (await conversation.retry(entry.client_id))["seq"] == 2
        assert conversation.pending == []
    assert outbox.load(user.id) == []


async def test_a_message_that_has_not_failed_can_be_neither_retried_nor_discarded(user: User) -> None:
    async with user.chat() as chat:
        conversation = chat.conversation(user.conversation_id)
        sent = conversation.send("Being sent")
        [pending] = conversation.pending
        conversation.discard(pending.entry.client_id)
        with pytest.raises(ChatError) as unknown:
            conversation.retry(pending.entry.client_id)
        assert unknown.value.code == "not_found"
        assert (await sent)["seq"] == 1


async def test_a_message_whose_future_is_cancelled_can_be_rejected(user: User) -> None:
    async with user.chat() as chat:
        conversation = chat.conversation(user.conversation_id)
        conversation.send(INVALID_CONTENT).cancel()
        async with asyncio.timeout(30):
            assert (await conversation.send("Not blocked"))["seq"] == 1
        assert [message.failed for message in conversation.pending] == ["invalid"]


async def test_a_message_that_failed_although_it_is_stored_is_no_longer_pending(user: User) -> None:
    """The first ack was lost. Then the conversation was closed, and the second attempt was rejected."""
    entry = user.entry("Stored")
    outbox, other_outbox = MemoryOutbox(), MemoryOutbox()
    outbox.put(replace(entry, failed="conversation_closed"))
    other_outbox.put(entry)
    async with user.chat(outbox) as chat:
        conversation = chat.conversation(user.conversation_id)
        await conversation.send("Hello!")
        assert [message.failed for message in conversation.pending] == ["conversation_closed"]
        async with user.chat(other_outbox):  # sends the message with the same `client_id`
            await wait_until(conversation, lambda: len(conversation.messages) == 2)
        assert conversation.pending == []


def test_a_file_of_a_version_that_did_not_keep_rejected_messages_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    old = sqlite3.connect(path, isolation_level=None)
    old.execute(
        "CREATE TABLE outbox (client_id TEXT PRIMARY KEY, user_id TEXT, conversation_id TEXT, draft TEXT,"
        " created_at REAL)"
    )
    old.execute("""INSERT INTO outbox VALUES ('m-1', 'ana', 'c', '{"content": "Hello!"}', 1.0)""")
    old.close()
    for _ in ("migrated", "current"):
        file = FileOutbox(path)
        assert file.load("ana") == [OutboxEntry("ana", "c", {"content": "Hello!"}, "m-1", 1.0)]
        file.close()
