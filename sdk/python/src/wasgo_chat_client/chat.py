"""The one object a program makes: a connection, a REST client, and the conversations it follows."""

import asyncio
import json
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from wasgo_chat_client.connection import Connection, ConnectionState, Frame
from wasgo_chat_client.conversation import Conversation
from wasgo_chat_client.errors import ChatError, problem
from wasgo_chat_client.generated.frames import Limits
from wasgo_chat_client.outbox import MemoryOutbox, OutboxStore
from wasgo_chat_client.read_after import ReadAfter
from wasgo_chat_client.retrying import AsyncRetrying
from wasgo_chat_client.tokens import TokenProvider, Tokens, read_token

PAGE = 50
COUNT_S = 0.3


class Chat:
    """A user's chat: `async with Chat(url, token) as chat: chat.conversation(id)`.

    Args:
        url: where the service is.
        token: gives a token of the user; asked again before it ends and when it is refused.
        outbox: where messages on their way are kept; in memory by default.
    """

    def __init__(self, url: str, token: TokenProvider, *, outbox: OutboxStore | None = None) -> None:
        url = url.rstrip("/")
        self.user_id = ""
        self.outbox: OutboxStore = outbox or MemoryOutbox()
        self._tokens = Tokens(token)
        self.connection = Connection(f"ws{url.removeprefix('http')}/ws/chat/", self._tokens, self)
        self._read_after = ReadAfter()
        self._http = httpx.AsyncClient(base_url=url, transport=AsyncRetrying(read_after=self._read_after))
        self._conversations: dict[str, Conversation] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_counting = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Connect, and take up what was on its way before a restart."""
        self.user_id = read_token(await self._tokens.get()).subject
        for entry in self.outbox.load(self.user_id):
            self.conversation(entry.conversation_id).resume(entry)
        self.spawn(self.connection.run())

    async def stop(self) -> None:
        """End everything. What is on its way stays in the outbox."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.aclose()

    @property
    def state(self) -> ConnectionState:
        """How the connection is."""
        return self.connection.state

    @property
    def limits(self) -> Limits | None:
        """What the service takes, as its `hello` said last; unknown before the first."""
        limits: Limits | None = self.connection.hello.get("limits")
        return limits

    def conversation(self, conversation_id: str) -> Conversation:
        """A conversation, followed from now on; the same object for the same id."""
        found = self._conversations.get(conversation_id)
        if found is None:
            found = self._conversations[conversation_id] = Conversation(conversation_id, self)
            if self.state == "open":
                self.spawn(found.follow())
        return found

    async def leave(self, conversation_id: str) -> None:
        """Stop following a conversation."""
        if self._conversations.pop(conversation_id, None) is not None:
            await self.connection.say("unsubscribe", conversation_id=conversation_id)

    # What the connection says

    def opened(self) -> None:
        """See `FrameReceiver`."""
        for conversation in self._conversations.values():
            self.spawn(conversation.follow())

    def lost(self) -> None:
        """See `FrameReceiver`."""
        for conversation in self._conversations.values():
            conversation.lost()

    def frame(self, frame: Frame) -> None:
        """See `FrameReceiver`."""
        conversation = self._conversations.get(frame.get("conversation_id") or "")
        if conversation is not None:
            conversation.take(frame)

    def spoke(self) -> None:
        """See `FrameReceiver`."""
        self._read_after.forget()

    # What conversations ask

    async def request(self, method: str, path: str, **query: Any) -> Any:
        """One request; a refused token is replaced once.

        Raises:
            ChatError: it was refused, or there was no answer.
        """
        token = await self._tokens.get()
        for _ in range(2):
            headers = {"Authorization": f"Bearer {token}"}
            try:
                response = await self._http.request(method, path, params=query or None, headers=headers)
            except httpx.TransportError as error:
                raise ChatError("no_answer", f"the service did not answer: {type(error).__name__}") from error
            if response.status_code != 401:
                break
            token = await self._tokens.renew("refused", token)
        if response.status_code >= 400:
            raise problem(response.status_code, _object(response))
        return response.json()

    async def detail(self, conversation_id: str) -> dict[str, Any]:
        """See `Surroundings`."""
        found: dict[str, Any] = await self.request("GET", f"/chat/conversations/{quote(conversation_id)}/")
        return found

    async def load(self, conversation_id: str, before_seq: int | None = None) -> dict[str, Any]:
        """See `Surroundings`."""
        older = {} if before_seq is None else {"before_seq": before_seq}
        query = {"conversation": conversation_id, "limit": PAGE, **older}
        found: dict[str, Any] = await self.request("GET", "/chat/messages/", **query)
        return found

    async def mark_all_read(self, conversation_id: str) -> int:
        """See `Surroundings`."""
        answer = await self.request("POST", f"/chat/conversations/{quote(conversation_id)}/mark_read/")
        return int(answer["unread_count"])

    def count_unread(self) -> None:
        """See `Surroundings`: one question for a burst of changes, and for all conversations."""
        if not self._is_counting:
            self._is_counting = True
            self.spawn(self._count())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """See `Surroundings`."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _count(self) -> None:
        await asyncio.sleep(COUNT_S)
        self._is_counting = False
        try:
            counts = (await self.request("GET", "/chat/conversations/unread_counts/"))["conversations"]
        except ChatError:
            return  # the next change, or the next connection, asks again
        for conversation in self._conversations.values():
            conversation.counted(counts.get(conversation.id, 0))


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
