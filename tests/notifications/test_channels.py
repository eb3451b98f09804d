"""The contract of delivery channels over e-mail, push and webhook, and what derives from their declarations."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.delivery_channel import LONE_SURROGATE, DeliveryChannelContract, Handover, make_digest
from tests.notifications.browser import Browser
from tests.notifications.notification_world import notification_settings
from tests.notifications.servers import DROPPED, Mailbox, Receiver, Request
from wasgo_chat.development.embedded import free_port
from wasgo_chat.notifications.channels import CHANNELS, ChannelSpec, enabled_channels
from wasgo_chat.notifications.delivery.base import DeliveryChannel
from wasgo_chat.notifications.delivery.digest import NotificationDigest, PushTarget
from wasgo_chat.notifications.models import ConversationPreferences, NotificationPreferences
from wasgo_chat.notifications.schemas import ChannelChoices, Channels
from wasgo_chat.settings.config import Settings, UnsafeSettings

Unreachable = tuple[DeliveryChannel, NotificationDigest]


@pytest.fixture
def settings(mailbox: Mailbox, receiver: Receiver) -> Settings:
    mailbox.responses.clear()
    receiver.responses.clear()
    return notification_settings("unused", mailbox, receiver)


@asynccontextmanager
async def opened(spec: ChannelSpec, settings: Settings) -> AsyncIterator[DeliveryChannel]:
    channel = spec.create(settings)
    try:
        yield channel
    finally:
        await channel.close()


class SmtpControl:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def accepted(self, digest: NotificationDigest) -> list[Any]:
        return [mail["message-id"] for mail in self._mailbox.mails_to(digest.address)]

    def refuse(self, *, is_final: bool) -> None:
        self._mailbox.responses.append("554 never" if is_final else "451 try later")

    def drop_reply(self) -> None:
        self._mailbox.drops_reply = True


class HttpControl:
    def __init__(self, receiver: Receiver, *, final: str, identity: str) -> None:
        self._receiver = receiver
        self._final = final
        self._identity = identity

    def accepted(self, digest: NotificationDigest) -> list[Any]:
        return [
            request.headers[self._identity]
            for request in self._receiver.requests
            if request.answer.startswith("204") and is_of(request, digest)
        ]

    def refuse(self, *, is_final: bool) -> None:
        self._receiver.responses.append(self._final if is_final else "503 Busy")

    def drop_reply(self) -> None:
        self._receiver.responses.append(DROPPED)


def is_of(request: Request, digest: NotificationDigest) -> bool:
    if digest.push_target is not None:
        return digest.push_target.endpoint.endswith(request.path)
    return request.path == "/hook" and json.loads(request.body)["data"]["user_id"] == digest.user_id


class TestEmail(DeliveryChannelContract):
    spec = CHANNELS["email"]

    @pytest.fixture
    async def channel(self, settings: Settings) -> AsyncIterator[DeliveryChannel]:
        async with opened(self.spec, settings) as channel:
            yield channel

    @pytest.fixture
    async def unreachable(
        self, mailbox: Mailbox, receiver: Receiver, digest: NotificationDigest
    ) -> AsyncIterator[Unreachable]:
        changes = {"smtp_url": f"smtp://127.0.0.1:{free_port()}"}
        async with opened(self.spec, notification_settings("unused", mailbox, receiver, **changes)) as channel:
            yield channel, digest

    @pytest.fixture
    def control(self, mailbox: Mailbox) -> SmtpControl:
        return SmtpControl(mailbox)

    @pytest.fixture
    def digest(self) -> NotificationDigest:
        url = "https://chat.wasgo.example/chat/notifications/unsubscribe/token/"
        return make_digest(address=f"{free_port()}-{id(self)}@people.example", unsubscribe_url=url)

    @pytest.fixture
    def unsendable(self, digest: NotificationDigest) -> list[NotificationDigest]:
        addresses = (
            "",
            "x",
            "<e@e> x@y.z",
            "a@b@c.example",
            "a b@c.example",
            "ü@people.example",
            "a@[",
            "a\n@c.example",
        )
        invalid = [replace(digest, address=address) for address in addresses]
        return [
            *invalid,
            replace(digest, title=LONE_SURROGATE),
            replace(digest, unsubscribe_url="https://x/\nBcc: a@b"),
        ]

    @pytest.mark.parametrize("separator", "\u2028\u2029\u0085\u202e\n")
    async def test_a_title_with_a_separator_is_sent_on_one_line(
        self, channel: DeliveryChannel, mailbox: Mailbox, digest: NotificationDigest, separator: str
    ) -> None:
        await channel.send(replace(digest, title=f"Deal{separator}x", count=2), Handover())
        (mail,) = mailbox.mails_to(digest.address)
        assert mail["subject"] in ("2 new messages in Deal x", "2 new messages in Dealx")


class TestPush(DeliveryChannelContract):
    spec = CHANNELS["push"]

    @pytest.fixture
    async def channel(self, settings: Settings) -> AsyncIterator[DeliveryChannel]:
        async with opened(self.spec, settings) as channel:
            yield channel

    @pytest.fixture
    def unreachable(self, channel: DeliveryChannel) -> Unreachable:
        return channel, to_browser(f"http://127.0.0.1:{free_port()}")

    @pytest.fixture
    def control(self, receiver: Receiver) -> HttpControl:
        return HttpControl(receiver, final="403 Forbidden", identity="topic")

    @pytest.fixture
    def digest(self, receiver: Receiver) -> NotificationDigest:
        return to_browser(f"http://127.0.0.1:{receiver.port}")

    @pytest.fixture
    def unsendable(self, digest: NotificationDigest) -> list[NotificationDigest]:
        target = digest.push_target
        assert target is not None
        endpoints = (
            "",
            "x",
            "https://",
            "https://127.0.0.1:99999/",
            "http://127.0.0.1:0/",
            "ftp://127.0.0.1/",
            "http://[",
        )
        invalid = [replace(target, endpoint=endpoint) for endpoint in endpoints]
        invalid += [replace(target, p256dh="AAAA"), replace(target, auth="%"), replace(target, p256dh="")]
        return [*(replace(digest, push_target=one) for one in invalid), replace(digest, title=LONE_SURROGATE)]


def to_browser(origin: str) -> NotificationDigest:
    subscription = Browser(origin).subscription
    return make_digest(push_target=PushTarget(subscription["endpoint"], **subscription["keys"]))


class TestWebhook(DeliveryChannelContract):
    spec = CHANNELS["webhook"]

    @pytest.fixture
    async def channel(self, settings: Settings) -> AsyncIterator[DeliveryChannel]:
        async with opened(self.spec, settings) as channel:
            yield channel

    @pytest.fixture
    async def unreachable(self, settings: Settings, digest: NotificationDigest) -> AsyncIterator[Unreachable]:
        changes = {"notify_webhook_url": f"http://127.0.0.1:{free_port()}/hook"}
        async with opened(self.spec, settings.model_copy(update=changes)) as channel:
            yield channel, digest

    @pytest.fixture
    def control(self, receiver: Receiver) -> HttpControl:
        return HttpControl(receiver, final="410 Gone", identity="webhook-id")

    @pytest.fixture
    def digest(self) -> NotificationDigest:
        return make_digest()

    @pytest.fixture
    def unsendable(self, digest: NotificationDigest) -> list[NotificationDigest]:
        return [replace(digest, title=LONE_SURROGATE)]

    @pytest.mark.parametrize("url", ["", "x", "ftp://x/", "http://", "http://[", "http://127.0.0.1:99999/"])
    def test_an_unusable_url_is_refused_at_the_start(self, settings: Settings, url: str) -> None:
        with pytest.raises(UnsafeSettings):
            self.spec.create(settings.model_copy(update={"notify_webhook_url": url}))


def test_a_channel_has_its_settings_and_columns(settings: Settings) -> None:
    assert enabled_channels(settings) == list(CHANNELS)
    for name, spec in CHANNELS.items():
        assert {spec.enabled_by, *spec.requires} <= set(Settings.model_fields)
        assert not spec.is_enabled(settings.model_copy(update={spec.enabled_by: None}))
        assert name in NotificationPreferences.__table__.columns
        assert name in ConversationPreferences.__table__.columns
    assert set(Channels().model_dump()) == set(ChannelChoices().model_dump()) == set(CHANNELS)
