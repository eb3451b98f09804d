"""Receivers of notifications: an SMTP server and an HTTP server, in the event loop of the test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

DROPPED = "dropped"
"""In `Receiver.responses`: close the connection without a response."""

OnData = Callable[[], Awaitable[None]]


class Mailbox:
    """An SMTP server that keeps accepted mails. It gives `responses` first, in turn; then it accepts everything."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[tuple[str, EmailMessage]] = []
        self.responses: list[str] = []
        self.attempts = 0
        self.before_answer: OnData | None = None
        self.drops_reply = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        self.attempts += 1
        if self.responses:
            return self.responses.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        # Mail programs do not decode this header.
        assert b"\r\nList-Unsubscribe: <http" in envelope.content
        assert isinstance(message, EmailMessage)
        self.received.append((envelope.rcpt_tos[0], message))
        if self.before_answer is not None:
            await self.before_answer()
        if self.drops_reply:
            self.drops_reply = False
            cast("asyncio.Transport", server.transport).abort()  # that of uvloop is not a subclass
        return "250 taken"

    def mails_to(self, address: str) -> list[EmailMessage]:
        return [message for to, message in self.received if to == address]


class Request:
    """An HTTP request that was received."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes, answer: str) -> None:
        self.path = path
        self.headers = headers
        self.body = body
        self.answer = answer


class Receiver:
    """An HTTP server that keeps requests. It gives `responses` first, in turn; then 204 to everything."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[Request] = []
        self.responses: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                path = head[0].split(" ")[1]
                answer = self.responses.pop(0) if self.responses else "204 No Content"
                self.requests.append(Request(path, headers, body, answer))
                if answer == DROPPED:
                    return
                writer.write(f"HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def requests_to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    made = Mailbox()

    def protocol() -> SMTP:
        return SMTP(made, hostname="mail.example", loop=asyncio.get_running_loop())

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    made.port = port_of(server)
    try:
        yield made
    finally:
        server.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = port_of(server)
    try:
        yield made
    finally:
        server.close()


def port_of(server: Any) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port
