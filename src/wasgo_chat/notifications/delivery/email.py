"""E-mail over SMTP: text and HTML, one-click unsubscribe (RFC 8058), the same Message-ID on every attempt."""

import asyncio
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_RULES
from email.utils import format_datetime, parseaddr
from html import escape
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPResponseException

from wasgo_chat.core.config import Settings, UnsafeSettings
from wasgo_chat.notifications.delivery.base import BeforeHandover, DeliveryFailed, OutcomeUnknown
from wasgo_chat.notifications.delivery.content import DigestItem, NotificationDigest
from wasgo_chat.notifications.preferences import unsubscribe_token

STEP_TIMEOUT_S = 10.0
# No server on the way needs to know 8BITMIME. Headers are folded at the limit of RFC 5322 only: folding the long
# address of List-Unsubscribe earlier would encode it, and then no mail program knows it for an address.
_POLICY = SMTP_RULES.clone(cte_type="7bit", max_line_length=990)
_FAILURES = (SMTPException, OSError, TimeoutError)


class EmailChannel:
    """Mail through one SMTP server.

    Raises:
        UnsafeSettings: a setting that mail needs is missing; the message says which.
    """

    def __init__(self, settings: Settings) -> None:
        url = urlsplit(settings.smtp_url.get_secret_value() if settings.smtp_url else "")
        if url.scheme not in ("smtp", "smtps") or not url.hostname:
            raise UnsafeSettings("WASGO_CHAT_SMTP_URL must be smtp://user:password@host:port or smtps://…")
        self._sender = parseaddr(settings.mail_from)[1]
        if "@" not in self._sender:
            raise UnsafeSettings("WASGO_CHAT_MAIL_FROM must be an address, such as Chat <chat@example.org>.")
        if urlsplit(settings.public_url).scheme not in ("http", "https"):
            raise UnsafeSettings("WASGO_CHAT_PUBLIC_URL must be this service's address, for links in e-mail.")
        self._settings = settings
        self._host = url.hostname
        self._is_tls = url.scheme == "smtps"
        self._port = url.port or (465 if self._is_tls else 587)
        self._username = unquote(url.username) if url.username else None
        self._password = unquote(url.password) if url.password else None

    async def send(self, letter: NotificationDigest, hand: BeforeHandover) -> None:
        """See `ConversationChannel.send`. Everything up to DATA may fail and be repeated; what follows is done once."""
        message = self.compose(letter)
        client = self._client()
        try:
            await self._send_envelope(client, letter.address or "")
            await hand()
            await self._data(client, message.as_bytes(policy=_POLICY))
        finally:
            client.close()

    async def check_login(self) -> None:
        """Connect, log in, and leave without having sent anything.

        Raises:
            NotDelivered: the server is not there, or does not let us in.
        """
        client = self._client()
        try:
            await client.connect()
            await client.ehlo()
            await client.quit()
        except SMTPResponseException as error:
            raise _to_failure(error) from error
        except _FAILURES as error:
            raise DeliveryFailed(f"smtp_{type(error).__name__}") from error
        finally:
            client.close()

    async def close(self) -> None:
        """Nothing is kept open: a mail is rare enough for a connection of its own."""

    def compose(self, letter: NotificationDigest) -> EmailMessage:
        """The mail of a letter.

        Raises:
            NotDelivered: the address cannot be written to.
        """
        message = EmailMessage(policy=_POLICY)
        try:
            # Only plain addresses: others need SMTPUTF8 at every server on the way.
            (letter.address or "").encode("ascii")
            message["To"] = Address(addr_spec=letter.address or "")
        except (ValueError, IndexError) as error:
            raise DeliveryFailed("address_not_usable", is_final=True) from error
        token = unsubscribe_token(self._settings, letter.user_id)
        unsubscribe = f"{self._settings.public_url.rstrip('/')}/chat/notifications/unsubscribe/{token}/"
        message["From"] = self._settings.mail_from
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.lines[-1].created_at)
        message["Message-ID"] = f"<{letter.id}@{self._sender.rpartition('@')[2]}>"
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_text(letter, unsubscribe))
        message.add_alternative(_html(letter, unsubscribe), subtype="html")
        return message

    def _client(self) -> SMTP:
        return SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            use_tls=self._is_tls,
            timeout=STEP_TIMEOUT_S,
        )

    async def _send_envelope(self, client: SMTP, address: str) -> None:
        try:
            await client.connect()
            await client.mail(self._sender)
            await client.rcpt(address)
        except SMTPResponseException as error:
            raise _to_failure(error) from error
        except _FAILURES as error:
            raise DeliveryFailed(f"smtp_{type(error).__name__}") from error

    async def _data(self, client: SMTP, message: bytes) -> None:
        try:
            await client.data(message)
        except SMTPResponseException as error:
            raise _to_failure(error) from error
        except _FAILURES as error:
            raise OutcomeUnknown from error
        try:
            async with asyncio.timeout(1):
                await client.quit()
        except _FAILURES:
            return  # it has been taken; how the server says goodbye does not matter


def _to_failure(error: SMTPResponseException) -> DeliveryFailed:
    """RFC 5321, 4.2.1: 5yz is for good, except where it is about us rather than about the mail."""
    is_final = 500 <= error.code < 600 and not isinstance(error, SMTPAuthenticationError)
    return DeliveryFailed(f"smtp_{error.code}", is_final=is_final)


def _text(letter: NotificationDigest, unsubscribe: str) -> str:
    parts = [letter.subject + ".", "\n".join(_sentence(line) for line in letter.lines)]
    if letter.count > len(letter.lines):
        parts.insert(1, f"The newest {len(letter.lines)}:")
    if letter.link:
        parts.append(f"Read and answer: {letter.link}")
    parts.append(f"-- \nNo more e-mail about messages: {unsubscribe}")
    return "\n\n".join(parts) + "\n"


def _html(letter: NotificationDigest, unsubscribe: str) -> str:
    lines = "".join(f"<li>{escape(_sentence(line))}</li>" for line in letter.lines)
    link = f'<p><a href="{escape(letter.link)}">Read and answer</a></p>' if letter.link else ""
    return (
        '<!doctype html><html lang="en"><body style="font-family:sans-serif">'
        f"<p><strong>{escape(letter.subject)}</strong></p><ul>{lines}</ul>{link}"
        f'<p style="color:#666"><a href="{escape(unsubscribe)}">No more e-mail about messages</a></p>'
        "</body></html>"
    )


def _sentence(line: DigestItem) -> str:
    at = line.created_at.strftime("%d %b, %H:%M UTC")
    did = {"mention": "mentioned you", "reply": "replied to you"}.get(line.kind, "sent a message")
    return f"{line.sender_name}: {line.text}" if line.text else f"{line.sender_name} {did} ({at})"
