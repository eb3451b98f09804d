"""E-mail to users who are offline: one per conversation, only while unread, and its content."""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

import pytest

from tests.notifications.notification_world import NotificationWorld, address, notification_settings, part
from tests.notifications.servers import Mailbox, Receiver
from tests.support.workers import running
from tests.support.world import World

PREFERENCES = "/chat/notifications/preferences/"


async def test_five_messages_are_one_mail(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await ana.direct(bo)
    for number in range(5):
        await ana.send(chat, f"message {number}")
    mail = await scenario.deliver_mail(bo)
    assert mail["subject"] == "5 new messages in Ana"
    assert parseaddr(mail["to"])[1] == address(bo)
    assert mail["from"] == "Chat <chat@wasgo.example>"
    assert f"https://app.wasgo.example/chat/{chat['id']}" in part(mail, "plain")
    assert part(mail, "plain").count("Ana sent a message") == 5
    assert part(mail, "html").count("<li>") == 5
    assert scenario.mails_to(ana) == []
    (delivery,) = await scenario.deliveries(bo)
    assert (delivery["state"], delivery["attempts"], delivery["channel"]) == ("sent", 1, "email")


async def test_messages_after_a_mail_are_a_separate_mail(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await ana.direct(bo)
    await ana.send(chat)
    await ana.send(chat)
    await scenario.deliver_mail(bo)
    await ana.send(chat)
    await scenario.deliver_due(bo)
    first, second = scenario.mails_to(bo)
    assert (first["subject"], second["subject"]) == ("2 new messages in Ana", "Ana sent a message")
    assert first["message-id"] != second["message-id"]


async def test_two_conversations_are_two_mails(scenario: NotificationWorld) -> None:
    ana, bo, cy = await scenario.people("ana", "bo", "cy")
    for other in (ana, cy):
        await other.send(await other.direct(bo))
    await scenario.deliver_due(bo)
    assert sorted(mail["subject"] for mail in scenario.mails_to(bo)) == ["Ana sent a message", "Cy sent a message"]


async def test_no_mail_is_sent_once_the_messages_are_read(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await ana.direct(bo)
    for _ in range(5):
        await ana.send(chat)
    await scenario.wait_for_consumers()
    await bo.ok("POST", f"/chat/conversations/{chat['id']}/mark_read/")
    await scenario.deliver_due(bo)
    assert (scenario.mails_to(bo), await scenario.deliveries(bo)) == ([], [])


async def test_only_what_is_unread_is_counted(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = [await ana.send(chat, str(number)) for number in range(4)]
    await bo.ok("POST", f"/chat/messages/{sent[1]['id']}/mark_read/")
    await ana.ok("POST", f"/chat/messages/{sent[2]['id']}/delete/")
    assert (await scenario.deliver_mail(bo))["subject"] == "2 new messages in Ana"


async def test_no_mail_is_sent_once_the_notification_is_read(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    await ana.send(await ana.direct(bo))
    await scenario.wait_for_consumers()
    await bo.ok("POST", "/chat/notifications/mark_all_read/")
    await scenario.deliver_due(bo)
    assert scenario.mails_to(bo) == []


async def test_no_mail_is_sent_to_a_user_who_left(scenario: NotificationWorld) -> None:
    ana, bo, cy = await scenario.people("ana", "bo", "cy")
    chat = await scenario.world.job(admin=ana, participant=bo, participant_2=cy)
    await ana.send(chat)
    await scenario.wait_for_consumers()
    await bo.ok("POST", f"/chat/conversations/{chat['id']}/remove_participant/", {"user_id": bo.id}, status=204)
    await scenario.deliver_due(bo, cy)
    assert (len(scenario.mails_to(bo)), len(scenario.mails_to(cy))) == (0, 1)


async def test_a_new_participant_is_not_notified_of_earlier_messages(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await scenario.world.job(admin=ana)
    await ana.send(chat, "before")
    await ana.ok("POST", f"/chat/conversations/{chat['id']}/add_participant/", {"user_id": bo.id}, status=201)
    await ana.send(chat, "after")
    assert (await scenario.deliver_mail(bo))["subject"] == "Ana sent a message in Paint"


@pytest.mark.parametrize("where", ["everywhere", "here"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_no_mail_is_sent_while_muted(scenario: NotificationWorld, where: str, when: str) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await ana.direct(bo)
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    path = PREFERENCES if where == "everywhere" else f"/chat/conversations/{chat['id']}/notification_preferences/"
    if when == "after":
        await ana.send(chat)
        await scenario.wait_for_consumers()
    await bo.ok("PUT", path, {"muted_until": soon})
    if when == "before":
        await ana.send(chat)
    await scenario.deliver_due(bo)
    assert scenario.mails_to(bo) == []
    await bo.ok("PUT", path, {"muted_until": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()})
    await ana.send(chat)
    await scenario.deliver_due(bo)
    assert len(scenario.mails_to(bo)) == 1


async def test_mentions_and_replies_only_is_respected(scenario: NotificationWorld) -> None:
    ana, bo, cy = await scenario.people("ana", "bo", "cy")
    chat = await scenario.world.job(admin=ana, participant=bo, participant_2=cy)
    own = await bo.send(chat, "mine")
    await bo.ok("PUT", f"/chat/conversations/{chat['id']}/notification_preferences/", {"level": "mentions"})
    await ana.send(chat, "to nobody")
    await scenario.deliver_due(bo)
    assert scenario.mails_to(bo) == []
    await ana.send(chat, "to nobody again")
    await ana.send(chat, "you", mentions=[bo.id])
    await scenario.deliver_due(bo)
    await ana.send(chat, "so", reply_to=own["id"])
    await scenario.deliver_due(bo)
    subjects = [mail["subject"] for mail in scenario.mails_to(bo)]
    assert subjects == ["Ana mentioned you in Paint", "Ana replied to you in Paint"]


async def test_level_none_and_a_disabled_channel_send_nothing(scenario: NotificationWorld) -> None:
    ana, bo, cy = await scenario.people("ana", "bo", "cy")
    chat = await scenario.world.job(admin=ana, participant=bo, participant_2=cy)
    await bo.ok("PUT", PREFERENCES, {"level": "none"})
    await cy.ok("PUT", f"/chat/conversations/{chat['id']}/notification_preferences/", {"channels": {"email": False}})
    await ana.send(chat, "you", mentions=[bo.id, cy.id])
    await scenario.deliver_due(bo, cy)
    assert (scenario.mails_to(bo), scenario.mails_to(cy)) == ([], [])


async def test_quiet_hours_delay_a_mail_until_they_end(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await ana.direct(bo)
    now = datetime.now(UTC).replace(microsecond=0)
    quiet = {
        "start": (now - timedelta(hours=2)).strftime("%H:%M"),
        "end": (now + timedelta(hours=2)).strftime("%H:%M"),
        "time_zone": "Etc/UTC",
    }
    await bo.ok("PUT", PREFERENCES, {"quiet_hours": quiet})
    await ana.send(chat)
    await scenario.deliver_due(bo)
    assert scenario.mails_to(bo) == []
    (delivery,) = [one for one in await scenario.deliveries(bo) if one["channel"] == "email"]
    assert delivery["state"] == "pending"
    wait = datetime.fromisoformat(delivery["due_at"]) - now
    assert timedelta(hours=1, minutes=58) < wait <= timedelta(hours=2)
    await ana.send(chat)
    await bo.ok("PUT", PREFERENCES, {})
    assert (await scenario.deliver_mail(bo))["subject"] == "2 new messages in Ana"


async def test_the_message_text_is_left_out_by_default(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    await ana.send(await ana.direct(bo), "the secret word")
    assert "secret" not in (await scenario.deliver_mail(bo)).as_string()


async def test_the_message_text_is_included_by_a_setting(
    quiet_database: str, mailbox: Mailbox, receiver: Receiver
) -> None:
    settings = notification_settings(quiet_database, mailbox, receiver, notify_include_text=True)
    async with running(settings) as worker:
        scenario = NotificationWorld(World(worker), mailbox, receiver)
        ana, bo = await scenario.people("ana", "bo")
        await ana.send(await ana.direct(bo), "1 < 2 & <b>so</b>")
        mail = await scenario.deliver_mail(bo)
        assert "Ana: 1 < 2 & <b>so</b>" in part(mail, "plain")
        assert "Ana: 1 &lt; 2 &amp; &lt;b&gt;so&lt;/b&gt;" in part(mail, "html")
        await scenario.world.close()


async def test_one_click_unsubscribes_permanently(scenario: NotificationWorld) -> None:
    ana, bo = await scenario.people("ana", "bo")
    chat = await ana.direct(bo)
    await bo.ok("PUT", f"/chat/conversations/{chat['id']}/notification_preferences/", {"channels": {"email": True}})
    await ana.send(chat)
    mail = await scenario.deliver_mail(bo)
    assert mail["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    link = mail["list-unsubscribe"].strip("<>")
    assert link.startswith("https://chat.wasgo.example/chat/notifications/unsubscribe/")
    path = urlsplit(link).path
    stranger = scenario.world.service.client
    for method in ("GET", "POST"):
        response = await stranger.request(method, path[:-5] + "AAAA/")
        assert response.status_code == 404
    page = await stranger.get(path, headers={"Authorization": ""})
    assert (page.status_code, "<form" in page.text) == (200, True)
    assert (await bo.ok("GET", PREFERENCES))["channels"]["email"] is True
    form = {"List-Unsubscribe": "One-Click"}
    done = await stranger.post(path, data=form, headers={"Authorization": ""})
    assert (done.status_code, "no longer receive e-mails" in done.text) == (200, True)
    assert (await bo.ok("GET", PREFERENCES))["channels"]["email"] is False
    await ana.send(chat)
    await scenario.deliver_due(bo)
    assert len(scenario.mails_to(bo)) == 1
