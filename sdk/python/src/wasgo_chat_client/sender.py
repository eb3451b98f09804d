"""Sends the messages of one conversation in order, one at a time, and retries each until it is stored or rejected."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from wasgo_chat_client.connection import Frame
from wasgo_chat_client.context import ConversationContext
from wasgo_chat_client.errors import ChatError
from wasgo_chat_client.outbox import OutboxEntry

DEFAULT_RETRY_S = 1.0
# The outcome is unknown, or a later attempt can succeed.
_RETRYABLE_CODES = ("connection_lost", "unavailable", "rate_limited", "internal_error")


@dataclass(frozen=True)
class PendingMessage:
    """An outgoing message that is not stored yet. `stored` resolves with its ack."""

    entry: OutboxEntry
    stored: "asyncio.Future[Frame]"

    @property
    def failed(self) -> str | None:
        """The error code, if the service has rejected the message."""
        return self.entry.failed


class Sender:
    """The outgoing messages of a conversation.

    Args:
        context: the context of the conversation.
        request: sends a frame about the conversation, and returns its ack.
        on_change: called after every change of `pending`.
    """

    def __init__(
        self, context: ConversationContext, request: Callable[..., Awaitable[Frame]], on_change: Callable[[], None]
    ) -> None:
        self.pending: list[PendingMessage] = []
        self._context = context
        self._request = request
        self._on_change = on_change
        self._is_ready = False
        self._is_sending = False

    def send(self, entry: OutboxEntry) -> "asyncio.Future[Frame]":
        """Queue a message. The future resolves with its ack."""
        self._context.outbox.put(entry)
        return self.resume(entry)

    def resume(self, entry: OutboxEntry) -> "asyncio.Future[Frame]":
        """Queue an entry that the outbox has kept over a restart. A failed entry waits for `retry` or `discard`."""
        stored: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        # `pending` has the error too, so a caller may ignore the future.
        stored.add_done_callback(lambda done: done.cancelled() or done.exception())
        if entry.failed is not None:
            stored.set_exception(ChatError(entry.failed, "the service has rejected the message"))
        self.pending.append(PendingMessage(entry, stored))
        self._on_change()
        self._context.spawn(self._send_pending())
        return stored

    def retry(self, client_id: str) -> "asyncio.Future[Frame]":
        """Send a failed message again, with the same `client_id`.

        Raises:
            ChatError: `not_found`, no failed message has this `client_id`.
        """
        message = self._find_failed(client_id)
        if message is None:
            raise ChatError("not_found", "no failed message has this client_id")
        entry = replace(message.entry, failed=None)
        self._context.outbox.put(entry)
        self.pending.remove(message)
        return self.resume(entry)

    def discard(self, client_id: str) -> None:
        """Remove a failed message."""
        message = self._find_failed(client_id)
        if message is not None:
            self._context.outbox.remove(client_id)
            self.pending.remove(message)
            self._on_change()

    def set_ready(self, *, is_ready: bool) -> None:
        """Send only while the conversation is subscribed."""
        self._is_ready = is_ready
        if is_ready:
            self._context.spawn(self._send_pending())

    def on_stored(self, client_id: str | None, ack: Frame) -> None:
        """A message of this user has arrived as an event, so it is stored even if its ack was lost."""
        for message in tuple(self.pending):
            if message.entry.client_id == client_id:
                self._settle(message, ack)

    async def _send_pending(self) -> None:
        if self._is_sending:
            return
        self._is_sending = True
        try:
            while self._is_ready:
                message = next((message for message in self.pending if message.failed is None), None)
                if message is None:
                    return
                await self._send_one(message)
        finally:
            self._is_sending = False

    async def _send_one(self, message: PendingMessage) -> None:
        entry = message.entry
        try:
            ack = await self._request("send_message", client_id=entry.client_id, **entry.draft)
        except ChatError as error:
            if error.code == "connection_lost":
                await asyncio.sleep(0)
            elif error.code in _RETRYABLE_CODES:
                await asyncio.sleep(error.retry_after_s or DEFAULT_RETRY_S)
            elif message in self.pending:
                failed = replace(entry, failed=error.code)
                self._context.outbox.put(failed)
                self.pending[self.pending.index(message)] = replace(message, entry=failed)
                if not message.stored.done():  # the caller may have cancelled it
                    message.stored.set_exception(error)
                self._on_change()
        else:
            self._settle(message, ack)

    def _settle(self, message: PendingMessage, ack: Frame) -> None:
        if message in self.pending:
            self.pending.remove(message)
            self._context.outbox.remove(message.entry.client_id)
            # It is done if the first attempt was stored, only its ack was lost, and a second attempt was rejected.
            if not message.stored.done():
                message.stored.set_result(ack)
            self._on_change()

    def _find_failed(self, client_id: str) -> PendingMessage | None:
        return next((one for one in self.pending if one.failed and one.entry.client_id == client_id), None)
