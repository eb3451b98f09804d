"""The platform helpers against a live service with faults."""

import io
import uuid
from typing import Any

import pytest

from harness_client import Harness
from wasgo_chat_client import AsyncPlatform, Chat, ChatError, Platform
from wasgo_chat_client.generated.object_conversations import OBJECT_CONVERSATION_OPERATIONS
from wasgo_chat_client.generated.rest.api.attachments import upload_attachment
from wasgo_chat_client.generated.rest.api.messages import list_messages
from wasgo_chat_client.generated.rest.models import AttachmentOut, MessagePage
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


@pytest.mark.parametrize("object_type", OBJECT_CONVERSATION_OPERATIONS)
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
    assert isinstance(page, MessagePage)
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
    assert isinstance(stored, AttachmentOut)
    assert (stored.filename, stored.size) == ("notes.txt", 5)


async def test_the_asynchronous_helpers_work_like_the_synchronous_ones(harness: Harness) -> None:
    harness.call("/faults", {"rules": [{"do": "drop_response", "request": "PUT"}]})
    async with AsyncPlatform(harness.url, harness.token(service="platform")) as platform:
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
