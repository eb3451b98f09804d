"""A conversation that stays in sync: it loads a snapshot, subscribes, fills gaps, and reports every change."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Literal

from wasgo_chat_client.connection import Frame
from wasgo_chat_client.context import ConversationContext
from wasgo_chat_client.errors import ChatError
from wasgo_chat_client.generated.frames import MessageOut
from wasgo_chat_client.outbox import OutboxEntry
from wasgo_chat_client.replica import Replica
from wasgo_chat_client.sender import PendingMessage, Sender

ConversationStatus = Literal["loading", "live", "offline", "gone"]
"""`live`: in sync. `offline`: not connected. `gone`: the user was removed, or there is no such conversation."""

GAP_CHECK_S = 2.0
RETRY_S = 1.0
TYPING_INTERVAL_S = 3.0
TYPING_EXPIRY_S = 7.0
NORMAL_CLOSURE = 1000


class Conversation:
    """A conversation that a chat follows. Get one from `chat.conversation(id)`.

    The attributes have the current state; `subscribe` reports changes.
    """

    def __init__(self, conversation_id: str, context: ConversationContext) -> None:
        self.id = conversation_id
        self.status: ConversationStatus = "loading"
        self.unread = 0
        self.replica: Replica | None = None
        self._context = context
        self._epoch: str | None = None
        self._sender = Sender(context, self._request, self._notify)
        self._listeners: list[Callable[[], None]] = []
        self._typing: dict[str, tuple[str, float]] = {}
        self._typing_sent_at = 0.0
        self._is_subscribing = False
        self._is_reloading = False
        self._buffered: list[Frame] = []

    @property
    def messages(self) -> list[MessageOut]:
        """Messages by seq, oldest first. Deleted messages stay as tombstones."""
        return self.replica.ordered_messages() if self.replica else []

    @property
    def pending(self) -> list[PendingMessage]:
        """The user's own messages that are not stored yet, and those the service has rejected (`failed`)."""
        return self._sender.pending

    @property
    def last_seq(self) -> int:
        """The seq of the last event that the state includes; 0 before the conversation is loaded."""
        return self.replica.last_seq if self.replica else 0

    @property
    def has_older(self) -> bool:
        """Whether `load_older` has more messages."""
        return self.replica is not None and self.replica.has_older

    @property
    def typing(self) -> list[str]:
        """Names of other users who are typing."""
        now = time.monotonic()
        return [name for name, until in self._typing.values() if until > now]

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after every change. Returns a function that unsubscribes."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def send(self, content: str, **options: Any) -> "asyncio.Future[Frame]":
        """Send a message. It is in `pending` at once, and in `messages` when it is stored.

        The future resolves with the ack. It raises `ChatError` only if the service rejects the message; lost
        connections are retried.
        """
        entry = OutboxEntry(self._context.user_id, self.id, {"content": content, **options})
        return self._sender.send(entry)

    def retry(self, client_id: str) -> "asyncio.Future[Frame]":
        """Send a failed message again, with the same `client_id`. Returns a future like `send`.

        Raises:
            ChatError: `not_found`, no failed message has this `client_id`.
        """
        return self._sender.retry(client_id)

    def discard(self, client_id: str) -> None:
        """Remove a failed message."""
        self._sender.discard(client_id)

    async def edit(self, message_id: str, content: str) -> None:
        """Change the content of one of the user's messages."""
        await self._request("edit_message", message_id=message_id, content=content)

    async def delete(self, message_id: str) -> None:
        """Delete a message, which leaves a tombstone."""
        await self._request("delete_message", message_id=message_id)

    async def react(self, message_id: str, emoji: str, action: Literal["add", "remove"] = "add") -> Frame:
        """Add or remove an emoji. Idempotent."""
        return await self._request("react", message_id=message_id, emoji=emoji, action=action)

    async def mark_read(self, message_ids: list[str] | None = None) -> None:
        """Mark these messages as read, or all messages."""
        if message_ids is None:
            unread = await self._context.rest.mark_all_read(self.id)
        else:
            unread = (await self._request("mark_read", message_ids=message_ids))["unread_count"]
        self._set_unread(unread)

    async def notify_typing(self) -> None:
        """Show the other users that this one is typing. Call it on every keystroke; signals are throttled."""
        now = time.monotonic()
        if now - self._typing_sent_at >= TYPING_INTERVAL_S:
            self._typing_sent_at = now
            await self._context.connection.send("typing", conversation_id=self.id, is_typing=True)

    async def load_older(self) -> None:
        """Load a page of older messages."""
        if self.replica is None or not self.has_older:
            return
        page = await self._context.rest.load_messages(self.id, self.replica.ordered_messages()[0]["seq"])
        if page.get("epoch") != self._epoch:
            await self._reload()
            return
        self.replica.add_older(page["results"], has_older=page["next"] is not None)
        self._notify()

    # Called by Chat only.

    async def _subscribe(self) -> None:
        """Subscribe from the last seq of the replica. Loads a snapshot first if there is none."""
        if self._is_subscribing or self.status == "gone":
            return
        self._is_subscribing = True
        try:
            if self.replica is None:
                await self._load()
            epoch = {} if self._epoch is None else {"epoch": self._epoch}
            request = self._context.connection.request
            await request("subscribe", conversation_id=self.id, after_seq=self.last_seq, **epoch)
        except ChatError as error:
            await self._on_subscribe_error(error)
        finally:
            self._is_subscribing = False

    def _resume(self, entry: OutboxEntry) -> None:
        """Send, or keep as failed, an entry that the outbox has kept over a restart."""
        self._sender.resume(entry)

    def _on_disconnect(self) -> None:
        self._sender.set_ready(is_ready=False)
        self._typing.clear()
        if self.status == "live":
            self._set_status("offline")

    def _apply(self, frame: Frame) -> None:
        """Handle a frame about this conversation."""
        match frame["type"]:
            case "subscribed":
                for user_id, seq in frame["reads"].items():
                    if self.replica is not None:
                        self.replica.mark_read(user_id, seq)
                self._set_status("live")
                self._context.schedule_unread_refresh()
                self._sender.set_ready(is_ready=True)
            case "unsubscribed":
                if frame["code"] != NORMAL_CLOSURE:
                    self._end()
            case "resync":
                self._context.spawn(self._reload())
            case "typing":
                until = time.monotonic() + TYPING_EXPIRY_S if frame["is_typing"] else 0.0
                self._typing[frame["user_id"]] = (frame["username"], until)
                self._notify()
            case "messages_read":
                if self.replica is not None:
                    self.replica.mark_read(frame["user_id"], frame.get("up_to_seq"))
                if frame["user_id"] == self._context.user_id:
                    self._context.schedule_unread_refresh()
                self._notify()
            case _ if "seq" in frame:
                self._on_event(frame)

    def _set_unread(self, unread: int) -> None:
        self.unread = unread
        self._notify()

    # Internal to this class.

    def _on_event(self, frame: Frame) -> None:
        if self._is_reloading or self.replica is None:
            self._buffered.append(frame)
            return
        result = self.replica.apply(frame)
        if result == "gap":
            self._context.spawn(self._subscribe())
        if result != "applied":
            return
        if frame["type"] == "new_message":
            self._on_message(frame["message"])
        elif frame["type"] == "message_deleted":
            self._context.schedule_unread_refresh()
        self._notify()

    def _on_message(self, message: MessageOut) -> None:
        sender = message["sender"]
        if sender is None or sender["id"] != self._context.user_id:
            self._context.schedule_unread_refresh()
            return
        self._sender.on_stored(message["client_id"], {"message_id": message["id"], "seq": message["seq"]})

    async def _request(self, frame_type: str, **fields: Any) -> Frame:
        ack = await self._context.connection.request(frame_type, conversation_id=self.id, **fields)
        self._context.spawn(self._expect_event(self.last_seq))
        return ack

    async def _expect_event(self, last_seq: int) -> None:
        """After an ack an event must follow. If none arrives in time, subscribe again to get it."""
        await asyncio.sleep(GAP_CHECK_S)
        if self.last_seq == last_seq and self.status == "live":
            await self._subscribe()

    async def _load(self) -> None:
        rest = self._context.rest
        conversation, page = await asyncio.gather(rest.load_conversation(self.id), rest.load_messages(self.id))
        last_seq = min(conversation["last_seq"], page["last_seq"])
        self.replica = Replica(conversation, page["results"], last_seq, has_older=page["next"] is not None)
        self._epoch = page.get("epoch")  # a service without epochs sends none
        self._set_unread(conversation["unread_count"])

    async def _reload(self) -> None:
        """Load a new snapshot. Events that arrive meanwhile are applied to it afterwards."""
        if self._is_reloading:
            return
        self._is_reloading = True
        try:
            await self._load()
        except ChatError as error:
            await self._on_subscribe_error(error)
            return
        finally:
            self._is_reloading = False
            buffered, self._buffered = self._buffered, []
            for frame in buffered:
                self._on_event(frame)

    async def _on_subscribe_error(self, error: ChatError) -> None:
        if error.code in ("not_found", "act_as_required"):
            self._end()
        elif error.code != "connection_lost":
            await asyncio.sleep(RETRY_S)
            if self._context.connection.state == "open":
                self._context.spawn(self._subscribe())

    def _end(self) -> None:
        self._sender.set_ready(is_ready=False)
        self._set_status("gone")

    def _set_status(self, status: ConversationStatus) -> None:
        self.status = status
        self._notify()

    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            listener()
