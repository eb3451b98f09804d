"""A conversation that keeps itself in sync: loads, follows, fills gaps, and tells of every change."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Literal

from wasgo_chat_client.connection import Frame
from wasgo_chat_client.errors import ChatError
from wasgo_chat_client.generated.frames import MessageOut
from wasgo_chat_client.outbox import OutboxEntry
from wasgo_chat_client.replica import Replica
from wasgo_chat_client.sender import PendingMessage, Sender
from wasgo_chat_client.surroundings import Surroundings

Status = Literal["loading", "live", "away", "gone"]
"""`live`: in sync. `away`: what is known, without a connection. `gone`: removed from it, or there is none."""

BEHIND_S = 2.0
RETRY_S = 1.0
TYPING_EVERY_S = 3.0
TYPING_LASTS_S = 7.0


class Conversation:
    """One conversation. `subscribe` to be told of changes; what is known stands in its attributes."""

    def __init__(self, conversation_id: str, around: Surroundings) -> None:
        self.id = conversation_id
        self.status: Status = "loading"
        self.unread = 0
        self.has_older = False
        self.replica: Replica | None = None
        self._around = around
        self._sender = Sender(around, self._ask, self._changed)
        self._subscribers: list[Callable[[], None]] = []
        self._typing: dict[str, tuple[str, float]] = {}
        self._typed_at = 0.0
        self._is_asking = False
        self._is_loading = False
        self._held: list[Frame] = []

    @property
    def messages(self) -> list[MessageOut]:
        """By seq, oldest first; tombstones stay in their place."""
        return self.replica.ordered() if self.replica else []

    @property
    def pending(self) -> list[PendingMessage]:
        """One's own messages that are not stored yet, and those refused (`failed`)."""
        return self._sender.pending

    @property
    def last(self) -> int:
        """The seq up to which this copy is true; 0 before it is loaded."""
        return self.replica.last if self.replica else 0

    @property
    def typing(self) -> list[str]:
        """Names of others who type."""
        now = time.monotonic()
        return [name for name, until in self._typing.values() if until > now]

    def subscribe(self, fn: Callable[[], None]) -> Callable[[], None]:
        """Call `fn` after every change; gives what ends that."""
        self._subscribers.append(fn)
        return lambda: self._subscribers.remove(fn)

    def send(self, content: str, **more: Any) -> "asyncio.Future[Frame]":
        """Send a message: in `pending` at once, and in `messages` when stored.

        The future has the ack; its exception is a `ChatError` where the message is refused for good.
        """
        return self._sender.send(OutboxEntry(self._around.user_id, self.id, {"content": content, **more}))

    def resume(self, entry: OutboxEntry) -> "asyncio.Future[Frame]":
        """Take up a message that was on its way, or refused, before a restart."""
        return self._sender.resume(entry)

    def retry(self, client_id: str) -> "asyncio.Future[Frame]":
        """Send one that was refused again, as the same message: the reason may be gone. Gives what `send` gives.

        Raises:
            ChatError: `not_found`, as none that was refused has this `client_id`.
        """
        return self._sender.retry(client_id)

    def discard(self, client_id: str) -> None:
        """Take one that was refused away."""
        self._sender.discard(client_id)

    async def edit(self, message_id: str, content: str) -> None:
        """Change one's own message."""
        await self._ask("edit_message", message_id=message_id, content=content)

    async def delete(self, message_id: str) -> None:
        """Make a message a tombstone."""
        await self._ask("delete_message", message_id=message_id)

    async def react(self, message_id: str, emoji: str, action: Literal["add", "remove"] = "add") -> Frame:
        """Add or remove an emoji; safe to repeat."""
        return await self._ask("react", message_id=message_id, emoji=emoji, action=action)

    async def mark_read(self, message_ids: list[str] | None = None) -> None:
        """Mark these messages as read, or everything."""
        if message_ids is None:
            self.unread = await self._around.mark_all_read(self.id)
        else:
            self.unread = (await self._ask("mark_read", message_ids=message_ids))["unread_count"]
        self._changed()

    async def type(self) -> None:
        """Call it on every key: it is passed on as often as it is of use."""
        now = time.monotonic()
        if now - self._typed_at >= TYPING_EVERY_S:
            self._typed_at = now
            await self._around.connection.say("typing", conversation_id=self.id, is_typing=True)

    async def load_older(self) -> None:
        """Load a page of older messages."""
        if self.replica is None or not self.has_older:
            return
        page = await self._around.load(self.id, self.replica.ordered()[0]["seq"])
        for message in page["results"]:
            self.replica.take(message)
        self.has_older = page["next"] is not None
        self._changed()

    # What the connection says

    async def follow(self) -> None:
        """Follow from where this copy stands."""
        if self._is_asking or self.status == "gone":
            return
        self._is_asking = True
        try:
            if self.replica is None:
                await self._load()
            await self._around.connection.ask("subscribe", conversation_id=self.id, after_seq=self.last)
        except ChatError as error:
            await self._not_followed(error)
        finally:
            self._is_asking = False

    def lost(self) -> None:
        """There is no connection."""
        self._sender.ready(is_ready=False)
        self._typing.clear()
        if self.status == "live":
            self._become("away")

    def take(self, frame: Frame) -> None:
        """A frame about this conversation."""
        match frame["type"]:
            case "subscribed":
                for user_id, seq in frame["reads"].items():
                    if self.replica is not None:
                        self.replica.read(user_id, seq)
                self._become("live")
                self._around.count_unread()
                self._sender.ready(is_ready=True)
            case "unsubscribed":
                if frame["code"] != 1000:
                    self._gone()
            case "resync":
                self._around.spawn(self._reload())
            case "typing":
                until = time.monotonic() + TYPING_LASTS_S if frame["is_typing"] else 0.0
                self._typing[frame["user_id"]] = (frame["username"], until)
                self._changed()
            case "messages_read":
                if self.replica is not None:
                    self.replica.read(frame["user_id"], frame.get("up_to_seq"))
                if frame["user_id"] == self._around.user_id:
                    self._around.count_unread()
                self._changed()
            case _ if "seq" in frame:
                self._event(frame)

    def counted(self, unread: int) -> None:
        """The service has counted."""
        self.unread = unread
        self._changed()

    def _event(self, frame: Frame) -> None:
        if self._is_loading or self.replica is None:
            self._held.append(frame)
            return
        applied = self.replica.apply(frame)
        if applied == "gap":
            self._around.spawn(self.follow())
        if applied != "taken":
            return
        if frame["type"] == "new_message":
            self._said(frame["message"])
        elif frame["type"] == "message_deleted":
            self._around.count_unread()
        self._changed()

    def _said(self, message: MessageOut) -> None:
        sender = message["sender"]
        if sender is None or sender["id"] != self._around.user_id:
            self._around.count_unread()
            return
        self._sender.stored(message["client_id"], {"message_id": message["id"], "seq": message["seq"]})

    async def _ask(self, frame_type: str, **fields: Any) -> Frame:
        answer = await self._around.connection.ask(frame_type, conversation_id=self.id, **fields)
        self._around.spawn(self._expect_events(self.last))
        return answer

    async def _expect_events(self, before: int) -> None:
        """What was answered is in the log. If nothing of it comes, a frame was lost on the way."""
        await asyncio.sleep(BEHIND_S)
        if self.last == before and self.status == "live":
            await self.follow()

    async def _load(self) -> None:
        detail, page = await asyncio.gather(self._around.detail(self.id), self._around.load(self.id))
        self.replica = Replica(detail, page["results"], min(detail["last_seq"], page["last_seq"]))
        self.has_older = page["next"] is not None
        self.unread = detail["unread_count"]
        self._changed()

    async def _reload(self) -> None:
        """Load afresh while frames come in; those are applied on top of what was loaded."""
        if self._is_loading:
            return
        self._is_loading = True
        try:
            await self._load()
        except ChatError as error:
            await self._not_followed(error)
            return
        finally:
            self._is_loading = False
            held, self._held = self._held, []
            for frame in held:
                self._event(frame)

    async def _not_followed(self, error: ChatError) -> None:
        if error.code in ("not_found", "act_as_required"):
            self._gone()
        elif error.code != "connection_lost":
            await asyncio.sleep(RETRY_S)
            if self._around.connection.state == "open":
                self._around.spawn(self.follow())

    def _gone(self) -> None:
        self._sender.ready(is_ready=False)
        self._become("gone")

    def _become(self, status: Status) -> None:
        self.status = status
        self._changed()

    def _changed(self) -> None:
        for fn in tuple(self._subscribers):
            fn()
