"""The audit log: acts of services, moderators and admins are recorded, other acts are not."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from websockets.asyncio.client import connect

from tests.notifications.browser import PUSH_PATH, Browser
from tests.notifications.notification_world import VAPID_KEY
from tests.support.workers import make_settings
from tests.support.world import PATIENCE_S, Caller, Json, Person, SocketClient, World, pages, rows, world_with
from wasgo_chat.privacy.erasure_task import ErasureTask

AUDIT = "/chat/audit/"


async def acts(world: World, **query: Any) -> list[Json]:
    """The entries of the audit log, oldest first."""
    found = await pages(world.service, AUDIT, limit=2, **query)
    return [one for page in found for one in page][::-1]


async def test_acts_on_others_are_recorded_with_actor_action_and_target(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    path = f"/chat/conversations/{chat['id']}"
    said = await bo.send(chat, "audited words")
    own = await ana.send(chat, "my own words")
    await ana.ok("POST", f"{path}/add_participant/", {"user_id": cy.id}, status=201)
    await ana.ok("PATCH", f"{path}/participants/{cy.id}/", {"role": "observer"})
    await ana.ok("POST", f"/chat/messages/{said['id']}/delete/")
    await ana.ok("POST", f"/chat/messages/{own['id']}/delete/")
    await ana.ok("PATCH", f"{path}/", {"status": "closed"})
    await ana.ok("PATCH", f"{path}/", {"status": "open"})
    await cy.ok("POST", f"{path}/remove_participant/", {"user_id": cy.id}, status=204)
    found = await acts(world, conversation=chat["id"])
    assert [(one["action"], one["actor_id"], one["service"], one["user_id"], one["target"]) for one in found] == [
        ("conversation_created", None, "platform", None, None),
        ("participant_added", ana.id, None, cy.id, None),
        ("participant_updated", ana.id, None, cy.id, None),
        ("message_deleted", ana.id, None, bo.id, said["id"]),
        ("conversation_updated", ana.id, None, None, "status"),
        ("conversation_updated", ana.id, None, None, "status"),
    ]
    assert "words" not in str(found)


async def test_services_are_named_also_when_they_act_as_a_user(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    moderator = world.make_service(world.unique("moderator"), "chat:moderate", "chat:act_as", "chat:provision")
    sent = await moderator.acting_as(ana).call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "x"})
    request_id = sent.headers["x-request-id"]
    await moderator.ok("POST", f"/chat/messages/{sent.json()['id']}/delete/")
    await moderator.ok("PUT", f"/chat/users/{bo.id}/", {"email": "bo@people.example"})
    await moderator.ok("POST", f"/chat/users/{bo.id}/revoke/")
    await moderator.acting_as(ana).ok("GET", f"/chat/conversations/{chat['id']}/")
    assert (await moderator.call("GET", f"/chat/users/{ana.id}/export/")).status_code == 200
    mine = await acts(world, since=(datetime.now(UTC) - timedelta(minutes=5)).isoformat())
    mine = [one for one in mine if one["service"] and one["service"].startswith("moderator")]
    assert [(one["action"], one["actor_id"], one["user_id"], one["target"]) for one in mine] == [
        ("new_message", ana.id, None, sent.json()["id"]),
        ("message_deleted", None, None, sent.json()["id"]),
        ("user_put", None, bo.id, "email"),
        ("user_revoked", None, bo.id, None),
        ("user_exported", None, ana.id, None),
    ]
    assert mine[0]["request_id"] == request_id
    assert mine == await acts(world, actor=mine[0]["service"])
    assert mine[:1] == await acts(world, actor=ana.id)


async def does_their_own_business(caller: Caller, other: Person, chat: Json) -> list[tuple[str, bool, str | None]]:
    """Every personal action of a user, with its audit entries: action, whether in a conversation, target.

    Actions whose repetition changes nothing are done twice.
    """
    messages = [await other.send(chat, "read me") for _ in range(4)]
    one, *some = [message["id"] for message in messages]
    path, preferences = f"/chat/conversations/{chat['id']}", "/chat/notifications/preferences/"
    for _ in range(2):
        await caller.ok("POST", f"/chat/messages/{one}/mark_read/")
        await caller.ok("POST", "/chat/messages/mark_multiple_read/", {"message_ids": [one, *some[:2]]})
        await caller.ok("POST", f"{path}/mark_read/")
    last = await other.send(chat, "read me on a socket")
    who = {name: caller.client.headers[name] for name in ("Authorization", "X-Act-As") if name in caller.client.headers}
    url = f"{caller.world.worker.ws_url}/ws/chat/{chat['id']}/"
    async with connect(url, additional_headers=who) as connection:
        assert (await SocketClient(connection).request("mark_read", message_ids=[last["id"]]))["marked"] == 1
    await caller.ok("POST", f"{path}/archive/")
    await caller.ok("POST", f"{path}/unarchive/")
    await caller.ok("PUT", preferences, {"level": "mentions", "channels": {"email": False}})
    await caller.ok("PUT", f"{path}/notification_preferences/", {"muted_until": "2100-01-01T00:00:00Z"})
    browser = Browser("https://127.0.0.1:9").subscription
    push = (await caller.ok("POST", PUSH_PATH, browser, status=201))["id"]
    for _ in range(2):
        await caller.ok("DELETE", PUSH_PATH, {"endpoint": browser["endpoint"]}, status=204)
    form = {"data": {"conversation": chat["id"]}, "files": {"file": ("notes.txt", b"some notes")}}
    file = (await caller.ok("POST", "/chat/attachments/", status=201, **form))["id"]
    return [
        ("messages_read", True, one),
        ("messages_read", True, None),
        ("messages_read", True, None),
        ("messages_read", True, last["id"]),
        ("conversation_archived", True, None),
        ("conversation_unarchived", True, None),
        ("preferences_put", False, "channels,level"),
        ("preferences_put", True, "muted_until"),
        ("push_subscription_added", False, push),
        ("push_subscription_removed", False, push),
        ("attachment_uploaded", True, file),
    ]


async def test_a_service_is_recorded_also_for_personal_actions_of_a_user(database: str) -> None:
    settings = make_settings(
        database,
        push_to_private_addresses=True,
        vapid_private_key=VAPID_KEY,
        vapid_subject="mailto:ops@wasgo.example",
    )
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await world.job(admin=ana, participant=bo)
        service = world.make_service(world.unique("assistant"), "chat:act_as").acting_as(bo)
        expected = await does_their_own_business(service, ana, chat)
        found = await acts(world, actor=bo.id)
        assert [(one["action"], one["conversation"] == chat["id"], one["target"]) for one in found] == expected
        assert {one["service"][:9] for one in found} == {"assistant"}
        await does_their_own_business(bo, ana, chat)
        assert await acts(world, actor=bo.id) == found


async def test_a_service_is_recorded_for_notifications_it_marks(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    await ana.send(chat)
    service = world.service.acting_as(bo)
    listed: list[Json] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(listed) < 2:
            listed = (await bo.ok("GET", "/chat/notifications/"))["results"]
    for _ in range(2):
        await service.ok("POST", f"/chat/notifications/{listed[0]['id']}/mark_read/")
    for _ in range(2):
        await service.ok("POST", "/chat/notifications/mark_all_read/")
    found = [(one["action"], one["service"], one["target"]) for one in await acts(world, actor=bo.id)]
    assert found == [("notifications_read", "platform", listed[0]["id"]), ("notifications_read", "platform", None)]


async def test_a_failed_act_is_not_recorded(world: World) -> None:
    (ana,) = world.people("ana")
    service = world.make_service(world.unique("failing"), "chat:provision")
    await service.refused("PUT", f"/chat/users/{ana.id}/", {"email": "no address"}, status=422, code="invalid")
    await service.refused("GET", f"/chat/users/{ana.id}/export/", status=403, code="scope_required")
    assert not await rows(world.worker, "SELECT 1 FROM audit WHERE service LIKE 'failing%'")


async def test_the_audit_log_needs_the_moderation_scope(world: World) -> None:
    (ana,) = world.people("ana")
    for caller in (ana, world.make_service("other", "chat:provision", "chat:act_as")):
        assert isinstance(caller, Caller)
        await caller.refused("GET", AUDIT, status=403, code="scope_required")
    bad = {"since": "yesterday"}
    await world.service.refused("GET", AUDIT, status=422, code="invalid", params=bad)


async def test_old_entries_are_deleted(world: World) -> None:
    marked = world.unique("old")
    await world.make_service(marked, "chat:provision").ok(
        "PUT", f"/chat/users/{world.unique('dee')}/", {"locale": "de"}
    )
    find = "SELECT 1 FROM audit WHERE service = :service"
    assert await rows(world.worker, find, service=marked)
    await ErasureTask(world.worker.db, []).delete_expired_audit()
    assert await rows(world.worker, find, service=marked)
    async with world.worker.db.transaction() as tx:
        await tx.execute(text("UPDATE audit SET at = at - interval '366 days' WHERE service = :s"), {"s": marked})
    await ErasureTask(world.worker.db, []).delete_expired_audit()
    assert not await rows(world.worker, find, service=marked)
