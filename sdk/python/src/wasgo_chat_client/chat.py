"""The main entry point for a user's program: a connection, and the conversations that it follows."""

import asyncio
from types import TracebackType
from typing import Self

from wasgo_chat_client.connection import Connection, ConnectionEvents, ConnectionState, Frame
from wasgo_chat_client.context import ConversationContext
from wasgo_chat_client.conversation import Conversation
from wasgo_chat_client.errors import ChatError
from wasgo_chat_client.generated.frames import Limits
from wasgo_chat_client.outbox import MemoryOutbox, OutboxStore
from wasgo_chat_client.read_after import ReadAfter
from wasgo_chat_client.rest_client import RestClient
from wasgo_chat_client.tokens import TokenCache, TokenProvider, decode_token

UNREAD_REFRESH_DELAY_S = 0.3


class Chat:
    """A user's chat: `async with Chat(url, token) as chat: chat.conversation(id)`.

    Args:
        url: base URL of the service.
        token: returns a token of the user. Called at the start, before the token expires, and when the service rejects
            it.
        outbox: where outgoing messages are kept; in memory by default.
    """

    def __init__(self, url: str, token: TokenProvider, *, outbox: OutboxStore | None = None) -> None:
        url = url.rstrip("/")
        self._tokens = TokenCache(token)
        self._read_after = ReadAfter()
        self._rest = RestClient(url, self._tokens, self._read_after)
        events = ConnectionEvents(self._on_open, self._on_frame, self._on_disconnect, self._read_after.invalidate)
        self._connection = Connection(f"ws{url.removeprefix('http')}/ws/chat/", self._tokens, events)
        self._context = ConversationContext(
            self._connection, self._rest, outbox or MemoryOutbox(), self._schedule_unread_refresh
        )
        self._conversations: dict[str, Conversation] = {}
        self._is_refresh_scheduled = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Connect, and send the messages that the outbox has kept over a restart."""
        self._context.user_id = decode_token(await self._tokens.get()).subject
        for entry in self._context.outbox.load(self.user_id):
            self.conversation(entry.conversation_id)._resume(entry)
        self._context.spawn(self._connection.run())

    async def stop(self) -> None:
        """Close all connections. Unsent messages stay in the outbox."""
        await self._context.cancel_tasks()
        await self._rest.close()

    @property
    def user_id(self) -> str:
        """The id of the signed-in user; empty before `start`."""
        return self._context.user_id

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._connection.state

    @property
    def limits(self) -> Limits | None:
        """The limits of the service, from its last `hello`. None before the first connection."""
        limits: Limits | None = self._connection.hello.get("limits")
        return limits

    @property
    def features(self) -> list[str] | None:
        """The features that the service has switched on, from its last `hello`. None before the first connection."""
        features: list[str] | None = self._connection.hello.get("features")
        return features

    def conversation(self, conversation_id: str) -> Conversation:
        """Follow a conversation. Returns the same object for the same id until `unfollow`."""
        conversation = self._conversations.get(conversation_id)
        if conversation is None:
            conversation = self._conversations[conversation_id] = Conversation(conversation_id, self._context)
            if self.state == "open":
                self._context.spawn(conversation._subscribe())
        return conversation

    async def unfollow(self, conversation_id: str) -> None:
        """Stop following a conversation."""
        if self._conversations.pop(conversation_id, None) is not None:
            await self._connection.send("unsubscribe", conversation_id=conversation_id)

    def _on_open(self) -> None:
        for conversation in self._conversations.values():
            self._context.spawn(conversation._subscribe())

    def _on_disconnect(self) -> None:
        for conversation in self._conversations.values():
            conversation._on_disconnect()

    def _on_frame(self, frame: Frame) -> None:
        conversation = self._conversations.get(frame.get("conversation_id") or "")
        if conversation is not None:
            conversation._apply(frame)

    def _schedule_unread_refresh(self) -> None:
        """One request for a burst of changes in any number of conversations."""
        if not self._is_refresh_scheduled:
            self._is_refresh_scheduled = True
            self._context.spawn(self._refresh_unread())

    async def _refresh_unread(self) -> None:
        await asyncio.sleep(UNREAD_REFRESH_DELAY_S)
        self._is_refresh_scheduled = False
        try:
            counts = await self._rest.load_unread_counts()
        except ChatError:
            return  # the next change or connection schedules another request
        for conversation in self._conversations.values():
            conversation._set_unread(counts.get(conversation.id, 0))
