"""Sends the messages of one conversation, one after the other, until each is stored or refused for good."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from wasgo_chat_client.connection import Frame
from wasgo_chat_client.errors import ChatError
from wasgo_chat_client.outbox import OutboxEntry
from wasgo_chat_client.surroundings import Surroundings

RETRY_S = 1.0
# The outcome is unknown, or another moment may do.
_TRY_AGAIN = ("connection_lost", "unavailable", "rate_limited", "internal_error")


@dataclass(frozen=True)
class PendingMessage:
    """A message of one's own that is not stored yet."""

    entry: OutboxEntry
    stored: "asyncio.Future[Frame]"

    @property
    def failed(self) -> str | None:
        """The code of its refusal for good."""
        return self.entry.failed


class Sender:
    """What is pending in a conversation, and how it gets to be stored.

    Args:
        around: what there is of the chat.
        ask: says something of the conversation, and gives the answer.
        told: called after every change.
    """

    def __init__(self, around: Surroundings, ask: Callable[..., Awaitable[Frame]], told: Callable[[], None]) -> None:
        self.pending: list[PendingMessage] = []
        self._around = around
        self._ask = ask
        self._told = told
        self._is_ready = False
        self._is_sending = False

    def send(self, entry: OutboxEntry) -> "asyncio.Future[Frame]":
        """Take a message on; the future has the ack."""
        self._around.outbox.put(entry)
        return self.resume(entry)

    def resume(self, entry: OutboxEntry) -> "asyncio.Future[Frame]":
        """Take up what the outbox has kept over a restart; one that was refused waits for somebody to decide."""
        stored: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        stored.add_done_callback(lambda done: done.cancelled() or done.exception())  # `pending` says it too
        if entry.failed is not None:
            stored.set_exception(ChatError(entry.failed, "the message was refused"))
        self.pending.append(PendingMessage(entry, stored))
        self._told()
        self._around.spawn(self._send_pending())
        return stored

    def retry(self, client_id: str) -> "asyncio.Future[Frame]":
        """Send a failed one again, as the same message.

        Raises:
            ChatError: `not_found`, as none that was refused has this `client_id`.
        """
        found = self._failed(client_id)
        if found is None:
            raise ChatError("not_found", "no failed message has this client_id")
        entry = replace(found.entry, failed=None)
        self._around.outbox.put(entry)
        self.pending.remove(found)
        return self.resume(entry)

    def discard(self, client_id: str) -> None:
        """Take a failed one away."""
        found = self._failed(client_id)
        if found is not None:
            self._around.outbox.remove(client_id)
            self.pending.remove(found)
            self._told()

    def ready(self, *, is_ready: bool) -> None:
        """The conversation is followed, or is not."""
        self._is_ready = is_ready
        if is_ready:
            self._around.spawn(self._send_pending())

    def stored(self, client_id: str | None, ack: Frame) -> None:
        """The service has told of a message: it is stored, even if its ack was lost."""
        for one in tuple(self.pending):
            if one.entry.client_id == client_id:
                self._settle(one, ack)

    async def _send_pending(self) -> None:
        if self._is_sending:
            return
        self._is_sending = True
        try:
            while self._is_ready:
                one = next((one for one in self.pending if one.failed is None), None)
                if one is None:
                    return
                await self._send_one(one)
        finally:
            self._is_sending = False

    async def _send_one(self, one: PendingMessage) -> None:
        entry = one.entry
        try:
            ack = await self._ask("send_message", client_id=entry.client_id, **entry.draft)
        except ChatError as error:
            if error.code == "connection_lost":
                await asyncio.sleep(0)
            elif error.code in _TRY_AGAIN:
                await asyncio.sleep(error.retry_after_s or RETRY_S)
            elif one in self.pending:
                failed = replace(entry, failed=error.code)
                self._around.outbox.put(failed)
                self.pending[self.pending.index(one)] = replace(one, entry=failed)
                if not one.stored.done():  # nobody waits any more
                    one.stored.set_exception(error)
                self._told()
        else:
            self._settle(one, ack)

    def _settle(self, one: PendingMessage, ack: Frame) -> None:
        if one in self.pending:
            self.pending.remove(one)
            self._around.outbox.remove(one.entry.client_id)
            if not one.stored.done():  # refused at a second try, though the first was stored and only its answer lost
                one.stored.set_result(ack)
            self._told()

    def _failed(self, client_id: str) -> PendingMessage | None:
        return next((one for one in self.pending if one.failed and one.entry.client_id == client_id), None)
