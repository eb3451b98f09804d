"""The notification list, marking, preferences: who sees what."""

from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.notifications.notification_world import NotificationWorld
from tests.support.world import Json, Person, SocketClient, pages

LIST = "/chat/notifications/"
PREFERENCES = "/chat/notifications/preferences/"
DEFAULTS: Json = {
    "level": "all",
    "muted_until": None,
    "quiet_hours": None,
    "channels": {"email": True, "push": True, "webhook": True},
}


async def listed(person: Person, **query: Any) -> list[Json]:
    results: list[Json] = (await person.ok("GET", LIST, params=query))["results"]
    return results


async def test_a_message_is_a_notification_for_the_others(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await scenario.world.job(admin=ana, participant=bo)
    sent = await ana.send(chat, "Hello\nBo", mentions=[bo.id])
    await scenario.wait_for_consumers()
    (one,) = await listed(bo)
    assert one == {
        "id": one["id"],
        "kind": "mention",
        "conversation": chat["id"],
        "message_id": sent["id"],
        "seq": sent["seq"],
        "title": "Paint",
        "sender": sent["sender"],
        "preview": "Hello\nBo",
        "created_at": sent["created_at"],
        "is_read": False,
        "read_at": None,
    }
    assert await listed(ana) == []


async def test_notifications_have_kind_and_title_and_system_messages_have_none(scenario: NotificationWorld) -> None:
    ana, bo, cy = await scenario.people("ana", "bo", "cy")
    chat = await ana.direct(bo)
    own = await bo.send(chat, "mine")
    await ana.send(chat, "so", reply_to=own["id"])
    job = await scenario.world.job(admin=ana, participant=bo)
    await ana.ok("POST", f"/chat/conversations/{job['id']}/add_participant/", {"user_id": cy.id}, status=201)
    await scenario.wait_for_consumers()
    assert [(one["kind"], one["title"]) for one in await listed(bo)] == [("reply", "Ana")]


async def test_pages_are_newest_first_and_can_be_followed_back(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = [(await ana.send(chat, str(number)))["id"] for number in range(7)]
    await scenario.wait_for_consumers()
    found = await pages(bo, LIST, limit=3)
    assert [[one["message_id"] for one in page] for page in found] == [sent[6:3:-1], sent[3:0:-1], sent[:1]]
    await bo.refused("GET", LIST, params={"cursor": "nonsense"}, status=422, code="invalid")


async def test_one_and_all_are_marked_and_reading_the_message_marks_too(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = [await ana.send(chat, str(number)) for number in range(4)]
    await scenario.wait_for_consumers()
    newest, *_ = await listed(bo)
    marked = await bo.ok("POST", f"{LIST}{newest['id']}/mark_read/")
    assert (marked["is_read"], marked["read_at"] is not None) == (True, True)
    assert await bo.ok("POST", f"{LIST}{newest['id']}/mark_read/") == marked
    await bo.ok("POST", f"/chat/messages/{sent[0]['id']}/mark_read/")
    assert [one["is_read"] for one in await listed(bo)] == [True, False, False, True]
    assert [one["message_id"] for one in await listed(bo, unread=True)] == [sent[2]["id"], sent[1]["id"]]
    assert len(await listed(bo, unread=False)) == 2
    assert await bo.ok("POST", f"{LIST}mark_all_read/") == {"marked": 3}
    assert await bo.ok("POST", f"{LIST}mark_all_read/") == {"marked": 0}
    counts = await bo.ok("GET", "/chat/conversations/unread_counts/")
    assert counts["total"] == 3, "messages stay unread"


async def test_another_users_notification_is_404(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    await ana.send(await ana.direct(bo))
    await scenario.wait_for_consumers()
    (one,) = await listed(bo)
    await ana.refused("POST", f"{LIST}{one['id']}/mark_read/", status=404, code="not_found")
    assert (await listed(bo))[0]["read_at"] is None
    await scenario.world.service.refused("GET", LIST, status=403, code="act_as_required")


async def test_a_user_who_left_sees_none_and_deleted_messages_have_none(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await scenario.world.job(admin=ana, participant=bo)
    first = await ana.send(chat, "first")
    await ana.send(chat, "second")
    await scenario.wait_for_consumers()
    await ana.ok("POST", f"/chat/messages/{first['id']}/delete/")
    (left,) = await listed(bo)
    assert left["preview"] == "second"
    await bo.ok("POST", f"/chat/conversations/{chat['id']}/remove_participant/", {"user_id": bo.id}, status=204)
    assert await listed(bo) == []
    await bo.refused("POST", f"{LIST}{left['id']}/mark_read/", status=404, code="not_found")


async def test_a_socket_receives_what_the_list_shows(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await ana.direct(bo)
    headers = {"Authorization": f"Bearer {bo.bearer}"}
    async with connect(f"{scenario.world.worker.ws_url}/ws/notifications/", additional_headers=headers) as connection:
        live = SocketClient(connection)
        await live.wait_for("unread_counts")
        await ana.send(chat)
        told = (await live.wait_for("notification"))["notification"]
    assert await listed(bo) == [told]


async def test_the_kind_is_mention_or_reply_where_it_applies(scenario: NotificationWorld) -> None:
    ana, bo, cy = await scenario.people("ana", "bo", "cy")
    chat = await scenario.world.job(admin=ana, participant=bo, participant_2=cy)
    by_bo, by_cy = await bo.send(chat, "bo's"), await cy.send(chat, "cy's")
    for mentions, reply_to in [([], None), ([bo.id], None), ([], by_bo), ([bo.id], by_bo), ([cy.id], by_cy)]:
        more = {"reply_to": reply_to["id"]} if reply_to else {}
        await ana.send(chat, "about", mentions=mentions, **more)
    await scenario.wait_for_consumers()
    kinds = [one["kind"] for one in await listed(bo) if one["sender"]["id"] == ana.id]
    assert kinds == ["message", "mention", "reply", "mention", "message"]


async def test_preferences_are_replaced_as_a_whole(scenario: NotificationWorld) -> None:
    ana = await scenario.person("ana", only=None)
    assert await ana.ok("GET", PREFERENCES) == DEFAULTS
    quiet = {"start": "22:00", "end": "06:30", "time_zone": "Europe/Berlin"}
    body = {"level": "mentions", "muted_until": "2030-01-01T01:00:00+01:00", "quiet_hours": quiet}
    shown = await ana.ok("PUT", PREFERENCES, {**body, "channels": {"push": False}})
    assert shown == {
        "level": "mentions",
        "muted_until": "2030-01-01T00:00:00Z",
        "quiet_hours": {"start": "22:00:00", "end": "06:30:00", "time_zone": "Europe/Berlin"},
        "channels": {"email": True, "push": False, "webhook": True},
    }
    assert await ana.ok("GET", PREFERENCES) == shown
    assert await ana.ok("PUT", PREFERENCES, {}) == DEFAULTS


@pytest.mark.parametrize(
    "body",
    [
        {"level": "some"},
        {"muted_until": "2030-01-01T00:00:00"},
        {"muted_until": "9999-12-31T23:59:59-12:00"},
        {"quiet_hours": {"start": "22:00", "end": "06:00", "time_zone": "Europe/Nowhere"}},
        {"quiet_hours": {"start": "22:00", "end": "06:00", "time_zone": "../etc/passwd"}},
        {"quiet_hours": {"start": "22:00+01:00", "end": "06:00", "time_zone": "UTC"}},
        {"quiet_hours": {"start": "22:00", "time_zone": "UTC"}},
        {"channels": {"sms": True}},
    ],
)
async def test_inconsistent_preferences_are_rejected(scenario: NotificationWorld, body: Json) -> None:
    ana = await scenario.person("ana", only=None)
    await ana.refused("PUT", PREFERENCES, body, status=422, code="invalid")


async def test_preferences_of_a_conversation_belong_to_its_participant(scenario: NotificationWorld) -> None:
    ana, bo, cy = await scenario.people("ana", "bo", "cy")
    chat = await ana.direct(bo)
    path = f"/chat/conversations/{chat['id']}/notification_preferences/"
    unset = {"level": None, "muted_until": None, "channels": {"email": None, "push": None, "webhook": None}}
    assert await ana.ok("GET", path) == unset
    shown = await ana.ok("PUT", path, {"level": "none", "channels": {"email": True}})
    assert shown == {**unset, "level": "none", "channels": {"email": True, "push": None, "webhook": None}}
    assert await bo.ok("GET", path) == unset
    await cy.refused("GET", path, status=404, code="not_found")
    await cy.refused("PUT", path, {}, status=404, code="not_found")
    await scenario.world.service.refused("PUT", path, {}, status=403, code="act_as_required")


async def test_mutes_are_listed_until_they_end_or_the_user_leaves(
    scenario: NotificationWorld,
) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat, other = await ana.direct(bo), await scenario.world.job(admin=bo, participant=ana)
    for one, until in ((chat, "2100-01-01T00:00:00Z"), (other, "2100-01-02T00:00:00Z")):
        path = f"/chat/conversations/{one['id']}/notification_preferences/"
        await ana.ok("PUT", path, {"muted_until": until})
    muted = {chat["id"]: "2100-01-01T00:00:00Z", other["id"]: "2100-01-02T00:00:00Z"}
    assert await ana.ok("GET", "/chat/notifications/mutes/") == {"conversations": muted}
    assert await bo.ok("GET", "/chat/notifications/mutes/") == {"conversations": {}}
    path = f"/chat/conversations/{chat['id']}/notification_preferences/"
    await ana.ok("PUT", path, {"muted_until": "2020-01-01T00:00:00Z"})
    await bo.ok("POST", f"/chat/conversations/{other['id']}/remove_participant/", {"user_id": ana.id}, status=204)
    assert await ana.ok("GET", "/chat/notifications/mutes/") == {"conversations": {}}
