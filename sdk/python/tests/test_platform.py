"""The platform helpers against a live service with faults."""

import io
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from harness_client import Harness
from wasgo_chat_client import AsyncPlatform, Chat, ChatError, Platform
from wasgo_chat_client.generated.object_conversations import OBJECT_CONVERSATION_PATHS
from wasgo_chat_client.generated.rest.api.attachments import upload_attachment
from wasgo_chat_client.generated.rest.api.conversations import create_conversation
from wasgo_chat_client.generated.rest.api.messages import list_messages
from wasgo_chat_client.generated.rest.models import CreateConversation, MessageOut
from wasgo_chat_client.generated.rest.models.upload_attachment_body import UploadAttachmentBody
from wasgo_chat_client.generated.rest.types import File
from wasgo_chat_client.retry_transport import MAX_ATTEMPTS


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def platform(harness: Harness) -> Any:
    harness.call("/faults", {})
    with Platform(harness.url, harness.token(service="platform")) as platform:
        yield platform


@pytest.mark.parametrize("object_type", OBJECT_CONVERSATION_PATHS)
def test_repeated_calls_return_the_same_conversation_of_an_object(platform: Platform, object_type: str) -> None:
    create, object_id = getattr(platform, f"create_{object_type}_conversation"), unique(object_type)
    ana, bo, cy = unique("ana"), unique("bo"), unique("cy")
    first = create(object_id, [{"user_id": ana, "role": "admin", "display_name": "Ana Lima"}, bo], title="Paint")
    again = create(object_id, [cy], metadata={"budget": 80})
    assert (first.id, first.conversation_type, first.title) == (again.id, object_type, "Paint")
    assert {one.user.id: one.role for one in again.participants} == {ana: "admin", bo: "participant", cy: "participant"}
    same = platform.get_or_create_conversation_for_object(object_type, object_id)
    assert same.id == first.id


def test_an_object_of_any_other_type_has_one_conversation(platform: Platform) -> None:
    order, ana = unique("order"), unique("ana")
    first = platform.get_or_create_conversation_for_object("order", order, [ana], title="Order")
    again = platform.get_or_create_conversation_for_object("order", order, [ana])
    assert first.id == again.id
    assert first.reference is not None
    assert (first.reference.type_, first.reference.id) == ("order", order)


@pytest.mark.parametrize("fault", ["drop_response", "respond"])
def test_a_retried_request_takes_effect_once(platform: Platform, harness: Harness, fault: str) -> None:
    ana = unique("ana")
    chat = platform.create_job_conversation(unique("job"), [{"user_id": ana, "role": "admin"}])
    harness.call("/faults", {"rules": [{"do": fault, "request": "POST", "times": 2}]})
    platform.add_system_message(chat.id, "Provider has been assigned to this job", {"action": "provider_assigned"})
    case = platform.create_support_conversation(ana, "technical", "Login issue", "I cannot log in.")
    assert case.last_message is not None
    page = list_messages.sync(client=platform.client, conversation=chat.id, x_act_as=ana)
    assert [(one.content, one.message_type, one.metadata["action"]) for one in page.results] == [
        ("Provider has been assigned to this job", "system", "provider_assigned")
    ]


def test_the_same_key_returns_the_same_message(platform: Platform) -> None:
    chat = platform.create_bid_conversation(unique("bid"), [unique("ana")])
    first = platform.add_system_message(chat.id, "Accepted", key="bid-accepted")
    again = platform.add_system_message(chat.id, "Accepted", key="bid-accepted")
    assert first.id == again.id
    with pytest.raises(ChatError) as rejected:
        platform.add_system_message(chat.id, "Something else", key="bid-accepted")
    assert (rejected.value.code, rejected.value.status) == ("idempotency_conflict", 409)


def test_a_rejected_request_is_not_retried(platform: Platform, harness: Harness) -> None:
    with pytest.raises(ChatError) as rejected:
        platform.add_system_message(uuid.uuid4(), "No such conversation")
    assert rejected.value.code == "not_found"
    harness.call("/faults", {"rules": [{"do": "respond", "request": "PUT", "times": MAX_ATTEMPTS}]})
    with pytest.raises(ChatError) as busy:
        platform.create_bid_conversation(unique("bid"))
    assert busy.value.code == "unavailable"


def test_the_generated_client_uploads_a_file(platform: Platform) -> None:
    ana = unique("ana")
    chat = platform.create_job_conversation(unique("job"), [{"user_id": ana, "role": "admin"}])
    body = UploadAttachmentBody(conversation=chat.id, file=File(payload=io.BytesIO(b"notes"), file_name="notes.txt"))
    stored = upload_attachment.sync(client=platform.client, body=body, x_act_as=ana)
    assert (stored.filename, stored.size) == ("notes.txt", 5)


def test_a_negotiation_from_the_first_user_to_the_close(platform: Platform) -> None:
    ana, bo = unique("ana"), unique("bo")
    assert (
        platform.put_user(ana, display_name="Ana Lima", email="ana@example.org", locale="de").display_name == "Ana Lima"
    )
    chat = platform.create_bid_conversation(unique("bid"), [{"user_id": ana, "role": "admin"}, bo], title="Fence")
    card = platform.send_message(chat.id, bo, "My offer", metadata={"card": {"amount": 80}}, key=unique("offer"))
    assert card.sender is not None
    assert (card.sender.id, card.metadata["card"]) == (bo, {"amount": 80})
    platform.add_system_message(chat.id, "The bid was accepted", {"action": "bid_accepted"})
    assert platform.update_conversation(chat.id, ana, metadata={"state": "accepted"}).metadata["state"] == "accepted"
    assert platform.update_conversation(chat.id, ana, status="closed").status == "closed"
    assert platform.get_conversation(chat.id, bo).status == "closed"
    counts = platform.request("GET", "/chat/conversations/unread_counts/", act_as=ana)
    assert counts["conversations"][str(chat.id)] == 1


def test_what_the_service_does_not_know_is_refused(platform: Platform) -> None:
    conversation = platform.create_bid_conversation(unique("bid"), [unique("ana")])
    wrong: Any = [{"user_id": "ana", "email": "ana@example.org"}, {"user_id": "ana", "role": "owner"}]
    for participant in wrong:
        with pytest.raises(ChatError) as rejected:
            platform.create_bid_conversation(unique("bid"), [participant])
        assert (rejected.value.code, rejected.value.status) == ("invalid", 422)
    for bad_id in ("no-uuid", "../../healthz"):
        with pytest.raises(ChatError):
            platform.add_system_message(bad_id, "Nowhere")
    with pytest.raises(ChatError, match="CreateConversation has no colour"):
        CreateConversation.from_dict({"conversation_type": "job", "colour": "green"})
    with pytest.raises(ChatError) as refused:
        list_messages.sync(client=platform.client, conversation=conversation.id, x_act_as=unique("stranger"))
    assert (refused.value.code, refused.value.status) == ("not_found", 404)


def test_values_of_a_newer_service_are_kept(platform: Platform) -> None:
    ana = unique("ana")
    chat = platform.create_job_conversation(unique("job"), [{"user_id": ana, "role": "admin"}])
    message = platform.add_system_message(chat.id, "Assigned").to_dict()
    newer = MessageOut.from_dict({**message, "message_type": "poll"})
    assert (newer.message_type, newer.content) == ("poll", "Assigned")
    with pytest.raises(ChatError) as refused:
        create_conversation.sync(
            client=platform.client,
            body=CreateConversation.from_dict({"conversation_type": "poll", "participant_ids": [ana]}),
        )
    assert (refused.value.code, refused.value.status) == ("invalid", 422)


def test_a_token_provider_is_asked_again_after_a_refusal_and_before_expiry(harness: Harness) -> None:
    harness.call("/faults", {})
    lifetimes, reasons = iter([-600, 2, 3600]), []

    def token(reason: str) -> str:
        reasons.append(reason)
        return harness.token(service="platform", ttl_s=next(lifetimes))

    with Platform(harness.url, token) as platform:
        ana = unique("ana")
        platform.put_user(ana)
        assert reasons == ["start", "refused"]
        deadline = time.monotonic() + 10
        while len(reasons) < 3 and time.monotonic() < deadline:
            platform.put_user(ana)
    assert reasons[2] == "expiring"


@pytest.fixture
def silent_address() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopped, connections = threading.Event(), []

        def accept() -> None:
            while not stopped.is_set():
                connections.append(server.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        stopped.set()
        with socket.create_connection(server.getsockname()):
            thread.join()
        for connection in connections:
            connection.close()


async def test_a_call_takes_no_longer_than_its_timeout(silent_address: str) -> None:
    started = time.monotonic()
    with Platform(silent_address, "token", timeout_s=1.0) as platform, pytest.raises(ChatError, match="no_answer"):
        platform.put_user("ana")
    async with AsyncPlatform(silent_address, "token", timeout_s=1.0) as asynchronous:
        with pytest.raises(ChatError, match="no_answer"):
            await asynchronous.put_user("ana")
    assert 1.0 < time.monotonic() - started < 3.0


def test_a_wait_longer_than_the_timeout_is_not_waited_for(harness: Harness) -> None:
    harness.call("/faults", {"rules": [{"do": "respond", "request": "PUT", "times": 9}]})
    started = time.monotonic()
    token = harness.token(service="platform")
    with Platform(harness.url, token, timeout_s=0.2) as platform, pytest.raises(ChatError, match="unavailable"):
        platform.put_user("ana")
    assert time.monotonic() - started < 1.0


async def test_the_asynchronous_helpers_work_like_the_synchronous_ones(harness: Harness) -> None:
    harness.call("/faults", {"rules": [{"do": "drop_response", "request": "PUT"}]})

    async def service_token(reason: str) -> str:
        return harness.token(service="platform")

    async with AsyncPlatform(harness.url, service_token) as platform:
        ana = unique("ana")
        chat = await platform.create_job_conversation(unique("job"), [{"user_id": ana, "role": "admin"}])
        for other in (platform.create_bid_conversation, platform.create_request_conversation):
            assert (await other(unique("x"), [ana])).participants[0].user.id == ana
        assert (await platform.create_dispute_conversation(unique("x"))).conversation_type == "dispute"
        order = await platform.get_or_create_conversation_for_object("order", unique("order"), [ana])
        assert order.conversation_type == "job"
        note = await platform.add_system_message(chat.id, "Assigned")
        assert note.message_type == "system"
        case = await platform.create_support_conversation(ana, "technical")
        assert case.conversation_type == "support"
        assert (await platform.put_user(ana, display_name="Ana")).display_name == "Ana"
        message = await platform.send_message(chat.id, ana, "Hello")
        assert (await platform.get_conversation(chat.id, ana)).last_seq == message.seq
        assert (await platform.update_conversation(chat.id, ana, title="Later")).title == "Later"


async def test_a_token_provider_that_fails_is_called_again(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    harness.call("/faults", {})
    ana, tokens = unique("ana"), iter(["start"])
    with Platform(harness.url, harness.token(service="platform")) as platform:
        conversation = platform.create_job_conversation(unique("job"), [{"user_id": ana, "role": "admin"}])
    reasons: list[str] = []

    def token(reason: str) -> str:
        reasons.append(reason)
        if len(reasons) == 2:
            raise RuntimeError("the platform is not available")
        return harness.token(user=ana, ttl_s=-5 if next(tokens, None) else 3600)

    async with Chat(harness.url, token) as chat:
        ack = await chat.conversation(str(conversation.id)).send("Connected")
    assert ack["seq"] == 1
    assert reasons[0] == "start"
    assert "refused" in reasons
    assert "the token provider failed" in caplog.text
