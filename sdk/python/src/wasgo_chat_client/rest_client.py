"""REST requests of a user's chat, with the user's token."""

from typing import Any
from urllib.parse import quote

import httpx

from wasgo_chat_client.errors import ChatError, error_from_problem, json_object
from wasgo_chat_client.read_after import ReadAfter
from wasgo_chat_client.retry_transport import AsyncRetryTransport
from wasgo_chat_client.tokens import TokenCache

MESSAGES_PAGE = 50
TIMEOUT_S = 30.0


class RestClient:
    """The requests that a chat needs. All of them raise `ChatError`."""

    def __init__(self, url: str, tokens: TokenCache, read_after: ReadAfter) -> None:
        self._tokens = tokens
        self._http = httpx.AsyncClient(
            base_url=url, transport=AsyncRetryTransport(timeout_s=TIMEOUT_S, read_after=read_after)
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def load_conversation(self, conversation_id: str) -> dict[str, Any]:
        """A conversation from the user's point of view."""
        conversation: dict[str, Any] = await self._request("GET", f"/chat/conversations/{quote(conversation_id)}/")
        return conversation

    async def load_messages(self, conversation_id: str, before_seq: int | None = None) -> dict[str, Any]:
        """A page of messages, newest first: the newest page, or the page before a seq."""
        older = {} if before_seq is None else {"before_seq": before_seq}
        query = {"conversation": conversation_id, "limit": MESSAGES_PAGE, **older}
        page: dict[str, Any] = await self._request("GET", "/chat/messages/", **query)
        return page

    async def mark_all_read(self, conversation_id: str) -> int:
        """Mark all messages as read. Returns the unread count."""
        result = await self._request("POST", f"/chat/conversations/{quote(conversation_id)}/mark_read/")
        return int(result["unread_count"])

    async def load_unread_counts(self) -> dict[str, int]:
        """Unread counts by conversation id; conversations without unread messages are missing."""
        counts: dict[str, int] = (await self._request("GET", "/chat/conversations/unread_counts/"))["conversations"]
        return counts

    async def _request(self, method: str, path: str, **query: Any) -> Any:
        """Send one request. A rejected token is replaced once."""
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
            raise error_from_problem(response.status_code, json_object(response.content))
        return response.json()
