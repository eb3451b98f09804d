"""A world with delivery channels: users with addresses, and deliveries that are due when a test says so."""

import asyncio
import base64
from typing import Any

from sqlalchemy import text

from tests.notifications.servers import Mailbox, Receiver
from tests.support.feed import until_consumed
from tests.support.workers import make_settings
from tests.support.world import PATIENCE_S, Json, Person, World, rows
from wasgo_chat.settings.config import Settings

WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a-webhook-secret-of-the-tests-32").decode()
VAPID_KEY = base64.urlsafe_b64encode(b"\x07" * 32).decode().rstrip("=")
MUCH_LATER_S = 3600.0
UNFINISHED = "('pending', 'retrying', 'sending')"


def notification_settings(database: str, mailbox: Mailbox, receiver: Receiver, **changes: Any) -> Settings:
    """All channels, with a long delay; a failed attempt is repeated at once, with three attempts in all."""
    given: dict[str, Any] = {
        "smtp_url": f"smtp://127.0.0.1:{mailbox.port}",
        "mail_from": "Chat <chat@wasgo.example>",
        "public_url": "https://chat.wasgo.example",
        "conversation_url": "https://app.wasgo.example/chat/{conversation_id}",
        "notify_webhook_url": f"http://127.0.0.1:{receiver.port}/hook",
        "notify_webhook_secret": WEBHOOK_SECRET,
        "vapid_private_key": VAPID_KEY,
        "vapid_subject": "mailto:ops@wasgo.example",
        "push_to_private_addresses": True,
        "notify_delay_s": MUCH_LATER_S,
        "notify_retry_s": 0.0,
        "notify_max_attempts": 3,
        **changes,
    }
    return make_settings(database, **given)


class NotificationWorld:
    """A world with an SMTP server and a webhook receiver."""

    def __init__(self, world: World, mailbox: Mailbox, receiver: Receiver) -> None:
        self.world = world
        self.mailbox = mailbox
        self.receiver = receiver

    async def person(self, name: str, *, only: str | None = "email") -> Person:
        """A user with an e-mail address and one enabled channel (None: all of them)."""
        person = self.world.person(name)
        body = {"email": address(person), "username": name, "display_name": name.title()}
        await self.world.service.ok("PUT", f"/chat/users/{person.id}/", body)
        if only is not None:
            channels = {channel: channel == only for channel in ("email", "push", "webhook")}
            await person.ok("PUT", "/chat/notifications/preferences/", {"channels": channels})
        return person

    async def people(self, *names: str) -> list[Person]:
        return [await self.person(name) for name in names]

    async def wait_for_consumers(self) -> None:
        """Wait until the consumers have handled every event."""
        await until_consumed(self.world.worker)

    async def deliver_due(self, *people: Person) -> None:
        """Make the deliveries of these users due now, and wait until they are sent, dropped or dead."""
        await self.wait_for_consumers()
        ids = [person.id for person in people]
        await self.execute(
            f"UPDATE deliveries SET due_at = now() WHERE user_id = ANY(:ids) AND state IN {UNFINISHED}", ids=ids
        )
        # Deliveries that wait for the end of quiet hours are not waited for.
        soon = f"state IN {UNFINISHED} AND due_at < now() + interval '90s'"
        query = f"SELECT 1 FROM deliveries WHERE user_id = ANY(:ids) AND {soon}"
        async with asyncio.timeout(2 * PATIENCE_S):
            while await rows(self.world.worker, query, ids=ids):  # noqa: ASYNC110  a row is all there is to see
                await asyncio.sleep(0.02)

    async def execute(self, statement: str, **values: Any) -> None:
        """Execute a statement, for states that only time or a crash would produce."""
        async with self.world.worker.db.transaction() as tx:
            await tx.execute(text(statement), values)

    async def deliveries(self, person: Person) -> list[Json]:
        page = await self.world.service.ok("GET", "/chat/deliveries/", params={"limit": 100})
        return [one for one in page["results"] if one["user_id"] == person.id]

    def mails_to(self, person: Person) -> Any:
        return self.mailbox.mails_to(address(person))

    async def deliver_mail(self, person: Person) -> Any:
        """Deliver to a user; returns the only mail."""
        await self.deliver_due(person)
        (mail,) = self.mails_to(person)
        return mail


def address(person: Person) -> str:
    return f"{person.id}@people.example"


def part(mail: Any, subtype: str) -> str:
    body = mail.get_body((subtype,))
    assert body is not None
    content: str = body.get_content()
    return content
