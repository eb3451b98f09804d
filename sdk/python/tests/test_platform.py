"""The helpers of the system document, against a live service that fails in between."""

import io
import uuid
from typing import Any

import pytest

from sdk_door import Stage
from wasgo_chat_client import AsyncPlatform, Chat, ChatError, Platform
from wasgo_chat_client.generated.rest.api.attachments import upload_attachment
from wasgo_chat_client.generated.rest.api.messages import list_messages
from wasgo_chat_client.generated.rest.models import AttachmentOut, MessagePage
from wasgo_chat_client.generated.rest.models.upload_attachment_body import UploadAttachmentBody
from wasgo_chat_client.generated.rest.types import File
from wasgo_chat_client.retrying import ATTEMPTS


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def platform(stage: Stage) -> Any:
    stage.call("/faults", {})
    with Platform(stage.url, stage.token(service="platform")) as made:
        yield made


@pytest.mark.parametrize("kind", ["bid", "job", "request", "dispute"])
def test_an_object_has_one_conversation_however_often_it_is_asked_for(platform: Platform, kind: str) -> None:
    create, about = getattr(platform, f"create_{kind}_conversation"), unique(kind)
    ana, bo, cy = unique("ana"), unique("bo"), unique("cy")
    first = create(about, [{"user_id": ana, "role": "admin", "display_name": "Ana Lima"}, bo], title="Paint")
    again = create(about, [cy], metadata={"budget": 80})
    assert (first.id, first.conversation_type, first.title) == (again.id, kind, "Paint")
    assert {one.user.id: one.role for one in again.participants} == {ana: "admin", bo: "participant", cy: "participant"}
    same = platform.get_or_create_conversation_for_object(kind, about)
    assert same.id == first.id


def test_an_object_of_any_other_type_has_one_too(platform: Platform) -> None:
    order, ana = unique("order"), unique("ana")
    first = platform.get_or_create_conversation_for_object("order", order, [ana], title="Order")
    again = platform.get_or_create_conversation_for_object("order", order, [ana])
    assert first.id == again.id
    assert first.reference is not None
    assert (first.reference.type_, first.reference.id) == ("order", order)


@pytest.mark.parametrize("fault", ["lose_answer", "answer"])
def test_what_is_sent_again_is_done_once(platform: Platform, stage: Stage, fault: str) -> None:
    ana = unique("ana")
    chat = platform.create_job_conversation(unique("job"), [{"user_id": ana, "role": "admin"}])
    stage.call("/faults", {"rules": [{"do": fault, "request": "POST", "times": 2}]})
    platform.add_system_message(chat.id, "Provider has been assigned to this job", {"action": "provider_assigned"})
    case = platform.create_support_conversation(ana, "technical", "Login issue", "I cannot log in.")
    assert case.last_message is not None
    page = list_messages.sync(client=platform.client, conversation=chat.id, x_act_as=ana)
    assert isinstance(page, MessagePage)
    assert [(one.content, one.message_type, one.metadata["action"]) for one in page.results] == [
        ("Provider has been assigned to this job", "system", "provider_assigned")
    ]


def test_a_key_of_ones_own_is_kept_across_processes(platform: Platform) -> None:
    chat = platform.create_bid_conversation(unique("bid"), [unique("ana")])
    first = platform.add_system_message(chat.id, "Accepted", key="bid-accepted")
    again = platform.add_system_message(chat.id, "Accepted", key="bid-accepted")
    assert first.id == again.id
    with pytest.raises(ChatError) as refused:
        platform.add_system_message(chat.id, "Something else", key="bid-accepted")
    assert (refused.value.code, refused.value.status) == ("idempotency_conflict", 409)


def test_what_is_refused_is_not_sent_again(platform: Platform, stage: Stage) -> None:
    with pytest.raises(ChatError) as refused:
        platform.add_system_message(uuid.uuid4(), "Nobody there")
    assert refused.value.code == "not_found"
    stage.call("/faults", {"rules": [{"do": "answer", "request": "PUT", "times": ATTEMPTS}]})
    with pytest.raises(ChatError) as busy:
        platform.create_bid_conversation(unique("bid"))
    assert busy.value.code == "unavailable"


def test_a_file_is_uploaded(platform: Platform) -> None:
    ana = unique("ana")
    chat = platform.create_job_conversation(unique("job"), [{"user_id": ana, "role": "admin"}])
    body = UploadAttachmentBody(conversation=chat.id, file=File(payload=io.BytesIO(b"notes"), file_name="notes.txt"))
    stored = upload_attachment.sync(client=platform.client, body=body, x_act_as=ana)
    assert isinstance(stored, AttachmentOut)
    assert (stored.filename, stored.size) == ("notes.txt", 5)


async def test_all_of_it_is_there_for_asyncio(stage: Stage) -> None:
    stage.call("/faults", {"rules": [{"do": "lose_answer", "request": "PUT"}]})
    async with AsyncPlatform(stage.url, stage.token(service="platform")) as platform:
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


async def test_a_token_provider_that_fails_is_asked_again(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.call("/faults", {})
    ana, tokens = unique("ana"), iter(["start"])
    with Platform(stage.url, stage.token(service="platform")) as platform:
        made = platform.create_job_conversation(unique("job"), [{"user_id": ana, "role": "admin"}])
    reasons: list[str] = []

    def token(reason: str) -> str:
        reasons.append(reason)
        if len(reasons) == 2:
            raise RuntimeError("the platform is away")
        return stage.token(user=ana, ttl_s=-5 if next(tokens, None) else 3600)

    async with Chat(stage.url, token) as chat:
        ack = await chat.conversation(str(made.id)).send("at last")
    assert ack["seq"] == 1
    assert reasons[0] == "start"
    assert "refused" in reasons
    assert "the token provider failed" in caplog.text
