"""E-mail over SMTP: plain text and HTML, one-click unsubscribe (RFC 8058), the same Message-ID on every attempt."""

import asyncio
import re
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPResponseException

from wasgo_chat.core.encoding import clean_line
from wasgo_chat.notifications.delivery import texts
from wasgo_chat.notifications.delivery.base import BeforeHandover, DeliveryFailed, OutcomeUnknown
from wasgo_chat.notifications.delivery.digest import NotificationDigest
from wasgo_chat.settings.config import Settings, UnsafeSettings

STEP_TIMEOUT_S = 10.0
# 7bit, so that no server on the way needs 8BITMIME. Lines are folded at the limit of RFC 5322 only: folding the long
# URL of List-Unsubscribe earlier would encode it, and mail programs would not recognize it as a URL.
_POLICY = SMTP_POLICY.clone(cte_type="7bit", max_line_length=990)
_FAILURES = (SMTPException, OSError, TimeoutError)
# What the email package raises for a value that cannot be a header or a body.
_NOT_USABLE = (ValueError, IndexError, MessageError)


# A dot-atom and a host name, or an address in brackets (RFC 5321, 4.1.2). In ASCII: others need SMTPUTF8 at every
# server on the way.
_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+@([\w.-]+|\[[\w.:]+\])", re.ASCII)


class EmailChannel:
    """E-mail through one SMTP server.

    Raises:
        UnsafeSettings: a required setting is missing; the message names it.
    """

    def __init__(self, settings: Settings) -> None:
        url = urlsplit(settings.smtp_url.get_secret_value() if settings.smtp_url else "")
        if url.scheme not in ("smtp", "smtps") or not url.hostname:
            raise UnsafeSettings("WASGO_CHAT_SMTP_URL must be smtp://user:password@host:port or smtps://…")
        self._sender = parseaddr(settings.mail_from)[1]
        if not re.fullmatch(r"[!-~]+@[!-~]+", self._sender) or clean_line(settings.mail_from) != settings.mail_from:
            raise UnsafeSettings("WASGO_CHAT_MAIL_FROM must be an address, such as Chat <chat@example.org>.")
        if urlsplit(settings.public_url).scheme not in ("http", "https"):
            raise UnsafeSettings("WASGO_CHAT_PUBLIC_URL must be the URL of this service, for links in e-mail.")
        self._from = settings.mail_from
        self._host = url.hostname
        self._is_tls = url.scheme == "smtps"
        self._port = url.port or (465 if self._is_tls else 587)
        self._username = unquote(url.username) if url.username else None
        self._password = unquote(url.password) if url.password else None

    async def send(self, digest: NotificationDigest, before_handover: BeforeHandover) -> None:
        """Everything up to DATA may fail and be repeated; DATA is sent once."""
        message = self.compose(digest)
        client = self._client()
        try:
            await self._send_envelope(client, digest.address)
            await before_handover()
            await self._send_data(client, message)
        finally:
            client.close()

    async def check_login(self) -> None:
        """Connect and log in, without sending anything.

        Raises:
            DeliveryFailed: the server cannot be reached, or refuses the login.
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
        """Do nothing: e-mail is rare enough for one connection per message."""

    def compose(self, digest: NotificationDigest) -> bytes:
        """The message of a digest.

        Raises:
            DeliveryFailed: the address is not valid or needs SMTPUTF8, or a text cannot be sent by e-mail.
        """
        message = EmailMessage(policy=_POLICY)
        # Checked here because the parser of the email package fails on some addresses with errors of its own.
        if not _ADDRESS.fullmatch(digest.address):
            raise DeliveryFailed("address_not_usable", is_final=True)
        try:
            message["To"] = Address(addr_spec=digest.address)
        except _NOT_USABLE as error:
            raise DeliveryFailed("address_not_usable", is_final=True) from error
        try:
            message["From"] = self._from
            message["Subject"] = clean_line(texts.subject(digest))
            message["Date"] = format_datetime(digest.items[-1].created_at)
            message["Message-ID"] = f"<{digest.id}@{self._sender.rpartition('@')[2]}>"
            message["List-Unsubscribe"] = f"<{digest.unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(texts.plain_text(digest))
            message.add_alternative(texts.html(digest), subtype="html")
            return message.as_bytes(policy=_POLICY)
        except _NOT_USABLE as error:
            raise DeliveryFailed("mail_not_usable", is_final=True) from error

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

    async def _send_data(self, client: SMTP, message: bytes) -> None:
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
            return  # the server has accepted the message; its reply to QUIT does not matter


def _to_failure(error: SMTPResponseException) -> DeliveryFailed:
    """RFC 5321, 4.2.1: a 5yz reply is permanent, except one to our login, which a new password fixes."""
    is_final = 500 <= error.code < 600 and not isinstance(error, SMTPAuthenticationError)
    return DeliveryFailed(f"smtp_{error.code}", is_final=is_final)
