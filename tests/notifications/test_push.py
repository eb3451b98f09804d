"""Web push: encrypted so that only the browser can read it, signed so that the push service accepts it."""

import asyncio

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.notifications.browser import PUSH_PATH, Browser, decoded, encoded
from tests.notifications.notification_world import VAPID_KEY, NotificationWorld
from tests.notifications.servers import port_of
from tests.support.workers import make_settings
from tests.support.world import Json, Person, wait_until, world_with
from wasgo_chat.notifications.delivery.dispatcher import MAX_PER_USER


def origin(scenario: NotificationWorld) -> str:
    return f"http://127.0.0.1:{scenario.receiver.port}"


async def with_browser(scenario: NotificationWorld) -> tuple[Person, Person, Browser]:
    ana, bo = await scenario.person("ana"), await scenario.person("bo", only="push")
    browser = Browser(origin(scenario))
    await bo.ok("POST", PUSH_PATH, browser.subscription, status=201)
    return ana, bo, browser


async def test_a_push_is_signed_and_readable_by_the_browser_only(scenario: NotificationWorld) -> None:
    ana, bo, browser = await with_browser(scenario)
    chat = await ana.direct(bo)
    await ana.send(chat, "the secret word")
    sent = await ana.send(chat, "the secret word")
    await scenario.deliver_due(bo)
    (request,) = scenario.receiver.requests_to(browser.path)
    assert browser.read(request.body) == {
        "title": "Ana",
        "body": "2 new messages in Ana",
        "tag": chat["id"],
        "conversation_id": chat["id"],
        "message_id": sent["id"],
        "kind": "message",
        "count": 2,
        "url": f"https://app.wasgo.example/chat/{chat['id']}",
    }
    headers = request.headers
    assert (headers["content-encoding"], headers["ttl"], len(headers["topic"])) == ("aes128gcm", "86400", 32)
    scheme, _, parameters = headers["authorization"].partition(" ")
    given = dict(one.strip().split("=", 1) for one in parameters.split(","))
    key = (await bo.ok("GET", PUSH_PATH))["public_key"]
    assert (scheme, given["k"]) == ("vapid", key)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(key))
    claims = jwt.decode(given["t"], public, algorithms=["ES256"], audience=origin(scenario))
    assert claims["sub"] == "mailto:ops@wasgo.example"


async def test_every_browser_of_a_user_gets_one_push_even_if_another_fails(scenario: NotificationWorld) -> None:
    ana, bo, first = await with_browser(scenario)
    second = Browser(origin(scenario))
    await bo.ok("POST", PUSH_PATH, second.subscription, status=201)
    await ana.send(await ana.direct(bo))
    scenario.receiver.responses[:] = ["503 Busy"]
    await scenario.deliver_due(bo)
    counts = sorted([len(scenario.receiver.requests_to(first.path)), len(scenario.receiver.requests_to(second.path))])
    assert counts == [1, 2]
    assert [one["state"] for one in await scenario.deliveries(bo)] == ["sent", "sent"]


@pytest.mark.parametrize("answer", ["404 Not Found", "410 Gone"])
async def test_an_expired_browser_subscription_is_deleted(scenario: NotificationWorld, answer: str) -> None:
    ana, bo, browser = await with_browser(scenario)
    chat = await ana.direct(bo)
    await ana.send(chat)
    scenario.receiver.responses[:] = [answer]
    await scenario.deliver_due(bo)
    assert (await bo.ok("GET", PUSH_PATH))["results"] == []
    await ana.send(chat)
    await scenario.deliver_due(bo)
    assert (len(scenario.receiver.requests_to(browser.path)), await scenario.deliveries(bo)) == (1, [])


async def test_a_push_that_is_rejected_permanently_is_dead(scenario: NotificationWorld) -> None:
    ana, bo, browser = await with_browser(scenario)
    await ana.send(await ana.direct(bo))
    scenario.receiver.responses[:] = ["403 Forbidden"]
    await scenario.deliver_due(bo)
    assert [(one["state"], one["error"]) for one in await scenario.deliveries(bo)] == [("dead", "push_403")]
    assert len(scenario.receiver.requests_to(browser.path)) == 1


async def test_a_browser_belongs_to_its_last_user_and_can_be_unsubscribed(scenario: NotificationWorld) -> None:
    _, bo, browser = await with_browser(scenario)
    cy = await scenario.person("cy", only="push")
    first = await bo.ok("POST", PUSH_PATH, browser.subscription, status=201)
    again = await cy.ok("POST", PUSH_PATH, browser.subscription, status=201)
    assert first["id"] == again["id"]
    assert (
        (await bo.ok("GET", PUSH_PATH))["results"],
        (await cy.ok("GET", PUSH_PATH))["results"],
    ) == ([], [again])
    endpoint = {"endpoint": browser.subscription["endpoint"]}
    await bo.ok("DELETE", PUSH_PATH, endpoint, status=204)
    assert (await cy.ok("GET", PUSH_PATH))["results"] == [again]
    await cy.ok("DELETE", PUSH_PATH, endpoint, status=204)
    assert (await cy.ok("GET", PUSH_PATH))["results"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"keys": {"p256dh": "AAAA", "auth": encoded(b"1" * 16)}},
        {"keys": {"p256dh": encoded(b"\x04" + b"\x01" * 64), "auth": encoded(b"1" * 16)}},
        {"keys": {"auth": encoded(b"1" * 16)}},
        {"endpoint": "ftp://push.example/x"},
        {"endpoint": "javascript:alert(1)"},
    ],
)
async def test_an_invalid_subscription_is_rejected(scenario: NotificationWorld, changes: Json) -> None:
    bo = await scenario.person("bo")
    body = {**Browser("https://push.example").subscription, **changes}
    await bo.refused("POST", PUSH_PATH, body, status=422, code="invalid")


async def test_tls_is_required_unless_a_setting_allows_otherwise(database: str) -> None:
    settings = make_settings(database, vapid_private_key=VAPID_KEY, vapid_subject="mailto:ops@wasgo.example")
    async with world_with(settings) as world:
        bo = world.person("bo")
        await bo.refused("POST", PUSH_PATH, Browser("http://push.example").subscription, status=422, code="invalid")
        await bo.ok("POST", PUSH_PATH, Browser("https://93.184.216.34").subscription, status=201)


async def test_a_push_service_that_hangs_delays_no_other_user(scenario: NotificationWorld) -> None:
    """A user may name any public host, and more of them than a worker sends at a time."""
    hanging: list[asyncio.StreamWriter] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hanging.append(writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    ana, bo, browser = await with_browser(scenario)
    eve = await scenario.person("eve", only="push")
    for _ in range(9):
        slow = Browser(f"http://127.0.0.1:{port_of(server)}")
        await eve.ok("POST", PUSH_PATH, slow.subscription, status=201)
    for _ in range(4):
        await ana.send(await scenario.world.job(admin=ana, participant=eve))
    await ana.send(await ana.direct(bo))
    await scenario.wait_for_consumers()
    try:
        due = "UPDATE deliveries SET due_at = now() - interval '1 min' WHERE user_id = :id"
        await scenario.execute(due, id=eve.id)
        await wait_until(lambda: len(hanging) == MAX_PER_USER)
        await scenario.deliver_due(bo)
        assert len(scenario.receiver.requests_to(browser.path)) == 1
        assert len(hanging) == MAX_PER_USER
        await scenario.execute("DELETE FROM deliveries WHERE user_id = :id", id=eve.id)
    finally:
        server.close()
        for writer in hanging:
            writer.transport.abort()
