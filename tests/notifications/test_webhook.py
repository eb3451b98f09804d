"""The signed webhook, and failed deliveries: retried, dead, and retried by hand."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.notifications.notification_world import WEBHOOK_SECRET, NotificationWorld
from tests.notifications.servers import Request
from tests.support.documents import validator
from tests.support.world import Json, Person, wait_until

WEBHOOK_SCHEMA = "/webhooks/notification/post/requestBody/content/application~1json/schema"
DEAD = {"state": "dead", "limit": 100}


def hooks(scenario: NotificationWorld, person: Person) -> list[Request]:
    return [request for request in scenario.receiver.requests_to("/hook") if data_of(request)["user_id"] == person.id]


def data_of(request: Request) -> Json:
    data: Json = json.loads(request.body)["data"]
    return data


async def dead(scenario: NotificationWorld, person: Person) -> list[Json]:
    page = await scenario.world.service.ok("GET", "/chat/deliveries/", params=DEAD)
    return [one for one in page["results"] if one["user_id"] == person.id]


async def told_by_webhook(scenario: NotificationWorld) -> tuple[Person, Person, Json]:
    ana, bo = await scenario.person("ana"), await scenario.person("bo", only="webhook")
    return ana, bo, await ana.direct(bo)


async def test_a_webhook_is_signed_and_names_recipient_and_message(scenario: NotificationWorld) -> None:
    ana, bo, chat = await told_by_webhook(scenario)
    sent = [await ana.send(chat, "the secret word") for _ in range(2)]
    await scenario.deliver_due(bo)
    (request,) = hooks(scenario, bo)
    Webhook(WEBHOOK_SECRET).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(WEBHOOK_SECRET).verify(request.body + b" ", request.headers)
    assert request.headers["content-type"] == "application/json"
    data = data_of(request)
    assert json.loads(request.body)["type"] == "chat.notification"
    validator(WEBHOOK_SCHEMA).validate(json.loads(request.body))
    assert data["count"] == 2
    assert data["conversation"] == {
        "id": chat["id"],
        "conversation_type": "direct",
        "title": "Ana",
        "url": f"https://app.wasgo.example/chat/{chat['id']}",
    }
    assert [one["message_id"] for one in data["notifications"]] == [message["id"] for message in sent]
    assert data["notifications"][0]["sender"] == {"id": ana.id, "name": "Ana"}
    assert b"secret" not in request.body


async def test_a_failure_is_retried_under_the_same_id(scenario: NotificationWorld) -> None:
    ana, bo, chat = await told_by_webhook(scenario)
    await ana.send(chat)
    scenario.receiver.responses[:] = ["503 Busy", "500 Broken"]
    await scenario.deliver_due(bo)
    requests = hooks(scenario, bo)
    assert len(requests) == 3
    assert len({request.headers["webhook-id"] for request in requests}) == 1
    assert len({request.body for request in requests}) == 1
    assert [(one["state"], one["attempts"]) for one in await scenario.deliveries(bo)] == [("sent", 3)]


async def test_a_redirect_is_a_failure_and_not_followed(scenario: NotificationWorld) -> None:
    ana, bo, chat = await told_by_webhook(scenario)
    await ana.send(chat)
    scenario.receiver.responses[:] = [f"302 Found\r\nlocation: http://127.0.0.1:{scenario.receiver.port}/elsewhere"]
    await scenario.deliver_due(bo)
    assert (len(hooks(scenario, bo)), scenario.receiver.requests_to("/elsewhere")) == (2, [])


async def test_the_last_failure_makes_a_delivery_dead_until_it_is_retried_by_hand(scenario: NotificationWorld) -> None:
    ana, bo, chat = await told_by_webhook(scenario)
    await ana.send(chat)
    scenario.receiver.responses[:] = ["500 Broken"] * 3
    letters = scenario.world.worker.parts.metrics.counts.notification_deliveries
    before = Counter(letters)
    await scenario.deliver_due(bo)
    (one,) = await dead(scenario, bo)
    await wait_until(lambda: letters - before == {("webhook", "retrying"): 2, ("webhook", "dead"): 1})
    assert (one["attempts"], one["error"], one["channel"]) == (3, "webhook_500", "webhook")
    assert (one["conversation"], one["settled_at"] is not None) == (chat["id"], True)
    path = f"/chat/deliveries/{one['id']}/retry/"
    again = await scenario.world.service.ok("POST", path)
    assert (again["state"], again["attempts"]) == ("retrying", 0)
    await scenario.deliver_due(bo)
    assert await dead(scenario, bo) == []
    await wait_until(lambda: letters["webhook", "sent"] == before["webhook", "sent"] + 1)
    requests = hooks(scenario, bo)
    assert len(requests) == 4
    assert len({request.headers["webhook-id"] for request in requests}) == 1
    await scenario.world.service.refused("POST", path, status=409, code="conflict")


async def test_a_retry_by_hand_decides_again(scenario: NotificationWorld) -> None:
    ana, bo, chat = await told_by_webhook(scenario)
    await ana.send(chat)
    scenario.receiver.responses[:] = ["410 Gone"]
    await scenario.deliver_due(bo)
    (one,) = await dead(scenario, bo)
    assert one["attempts"] == 1, "410 is final"
    await bo.ok("POST", f"/chat/conversations/{chat['id']}/mark_read/")
    await scenario.world.service.ok("POST", f"/chat/deliveries/{one['id']}/retry/")
    await scenario.deliver_due(bo)
    assert (len(hooks(scenario, bo)), await scenario.deliveries(bo)) == (1, [])


async def test_the_delay_requested_by_the_receiver_is_respected(scenario: NotificationWorld) -> None:
    ana, bo, chat = await told_by_webhook(scenario)
    await ana.send(chat)
    scenario.receiver.responses[:] = ["429 Slow down\r\nretry-after: 600"]
    await scenario.deliver_due(bo)
    (one,) = await scenario.deliveries(bo)
    assert (one["state"], one["error"]) == ("retrying", "webhook_429")
    wait = datetime.fromisoformat(one["due_at"]) - datetime.now(UTC)
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)


async def test_messages_during_retries_are_gathered_into_the_next_delivery(scenario: NotificationWorld) -> None:
    ana, bo, chat = await told_by_webhook(scenario)
    await ana.send(chat)
    scenario.receiver.responses[:] = ["429 Slow down\r\nretry-after: 600"]
    await scenario.deliver_due(bo)
    for _ in range(3):
        await ana.send(chat)
    await scenario.wait_for_consumers()
    waiting = sorted(one["state"] for one in await scenario.deliveries(bo))
    assert waiting == ["pending", "retrying"]
    await scenario.deliver_due(bo)
    assert [data_of(request)["count"] for request in hooks(scenario, bo)] == [1, 1, 3]


@pytest.mark.parametrize("route", ["list", "retry"])
async def test_dead_deliveries_are_visible_to_services_that_provision(scenario: NotificationWorld, route: str) -> None:
    ana = await scenario.person("ana")
    other = scenario.world.make_service("reporter", "chat:moderate")
    method, path = ("GET", "/chat/deliveries/") if route == "list" else ("POST", f"/chat/deliveries/{ana_id()}/retry/")
    for caller in (ana, other, scenario.world.service.acting_as(ana)):
        await caller.refused(method, path, status=403, code="scope_required")
    if route == "retry":
        await scenario.world.service.refused(method, path, status=404, code="not_found")


def ana_id() -> Any:
    return "01890000-0000-7000-8000-000000000000"
