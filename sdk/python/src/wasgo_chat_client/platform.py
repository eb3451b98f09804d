"""Helpers for the backend of a platform, synchronous and asynchronous. Every call is idempotent and retried.

They take ids instead of the platform's own objects, and need a service token with these scopes: `chat:provision` for
conversations of objects and profiles, `chat:act_as` for what is done in the name of a user, `chat:system_message` for
system messages.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx

from wasgo_chat_client import operations
from wasgo_chat_client.errors import ChatError, error_from_problem, json_object
from wasgo_chat_client.generated.rest.client import AuthenticatedClient
from wasgo_chat_client.generated.rest.models import ConversationOut, MessageOut, UserOut
from wasgo_chat_client.operations import (
    ConversationChanges,
    ConversationType,
    Id,
    MessageOptions,
    Model,
    Operation,
    Participants,
    Profile,
)
from wasgo_chat_client.platform_auth import PlatformAuth
from wasgo_chat_client.retry_transport import MAX_ATTEMPTS, AsyncRetryTransport, RetryTransport
from wasgo_chat_client.tokens import TokenProvider

Metadata = Mapping[str, Any] | None
Result = TypeVar("Result", bound=Model)

DEFAULT_TIMEOUT_S = 10.0


def _json(response: httpx.Response) -> Any:
    if response.status_code >= 400:
        raise error_from_problem(response.status_code, json_object(response.content))
    return response.json() if response.content else None


def _no_answer(error: httpx.HTTPError) -> ChatError:
    return ChatError("no_answer", f"the service did not answer: {type(error).__name__}")


class Platform:
    """Helpers for synchronous code, such as Django views, signals and tasks. Threads can share one.

    Args:
        url: base URL of the service.
        token: a service token, or a function that returns one. It is called with a reason: `start`, `expiring` (the
            token expires within a minute) or `refused`.
        timeout_s: how long a call takes at most, in seconds, with all its attempts.
        attempts: how often a request is sent at most.
        transport: the httpx transport; by default a `RetryTransport`.
    """

    def __init__(
        self,
        url: str,
        token: str | TokenProvider,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        attempts: int = MAX_ATTEMPTS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        url = url.rstrip("/")
        transport = transport or RetryTransport(timeout_s=timeout_s, attempts=attempts)
        self._http = httpx.Client(base_url=url, auth=PlatformAuth(token), timeout=timeout_s, transport=transport)
        self.client = AuthenticatedClient(base_url=url, token="").set_httpx_client(self._http)
        """For the functions of `wasgo_chat_client.generated.rest`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        act_as: str | None = None,
        key: str | None = None,
    ) -> Any:
        """Send any request of the API, and return the JSON of its response. None if it is empty.

        Args:
            method: the HTTP method.
            path: the path of the operation, such as `/chat/conversations/`.
            body: what is sent as JSON.
            query: the query parameters.
            act_as: the id of the user in whose name the request is sent.
            key: the idempotency key; requests with one are retried like `GET` and `PUT`.

        Raises:
            ChatError: the service refused the request (its code), or did not answer (`no_answer`).
        """
        headers = operations.request_headers(act_as, key)
        try:
            return _json(self._http.request(method, path, json=body, params=query, headers=headers))
        except httpx.HTTPError as error:
            raise _no_answer(error) from error

    def _send(self, operation: Operation[Result]) -> Result:
        body = self.request(
            operation.method, operation.path, operation.body, act_as=operation.act_as, key=operation.key
        )
        return operation.result.from_dict(body)

    def create_bid_conversation(
        self, bid_id: Id, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        """Get or create the conversation of a bid. Adds missing participants."""
        return self._send(operations.object_conversation("bid", bid_id, participants, title, metadata))

    def create_job_conversation(
        self, job_id: Id, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        """Get or create the conversation of a job. Adds missing participants."""
        return self._send(operations.object_conversation("job", job_id, participants, title, metadata))

    def create_request_conversation(
        self, request_id: Id, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        """Get or create the conversation of a request. Adds missing participants."""
        return self._send(operations.object_conversation("request", request_id, participants, title, metadata))

    def create_dispute_conversation(
        self, dispute_id: Id, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        """Get or create the conversation of a dispute. Adds missing participants."""
        return self._send(operations.object_conversation("dispute", dispute_id, participants, title, metadata))

    def get_or_create_conversation_for_object(
        self,
        object_type: str,
        object_id: Id,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
        conversation_type: ConversationType = "job",
    ) -> ConversationOut:
        """Get or create the conversation of an object of any type.

        `conversation_type` applies only to types without a helper of their own.
        """
        return self._send(
            operations.conversation_for_object(object_type, object_id, participants, title, metadata, conversation_type)
        )

    def create_support_conversation(
        self, user_id: Id, support_type: str, title: str = "", content: str | None = None, *, key: str | None = None
    ) -> ConversationOut:
        """Open a support conversation for a user. `content` is its first message."""
        return self._send(operations.support_conversation(user_id, support_type, title, content, key))

    def get_conversation(self, conversation_id: Id, act_as: Id) -> ConversationOut:
        """Get a conversation as one of its members sees it."""
        return self._send(operations.conversation(conversation_id, act_as))

    def update_conversation(
        self, conversation_id: Id, act_as: Id, **changes: Unpack[ConversationChanges]
    ) -> ConversationOut:
        """Change, close (`status="closed"`) or reopen a conversation, in the name of a member whose role allows it."""
        return self._send(operations.conversation_update(conversation_id, act_as, changes))

    def put_user(self, user_id: Id, **profile: Unpack[Profile]) -> UserOut:
        """Create or update the profile of a user. What is left out is unchanged."""
        return self._send(operations.user_profile(user_id, profile))

    def send_message(
        self,
        conversation_id: Id,
        act_as: Id,
        content: str = "",
        *,
        key: str | None = None,
        **options: Unpack[MessageOptions],
    ) -> MessageOut:
        """Send a message in the name of a user. Calls with the same `key` send it once."""
        return self._send(operations.message(conversation_id, act_as, content, options, key))

    def add_system_message(
        self, conversation_id: Id, content: str, metadata: Metadata = None, *, key: str | None = None
    ) -> MessageOut:
        """Send a system message. Calls with the same `key` send it once."""
        return self._send(operations.system_message(conversation_id, content, metadata, key))


class AsyncPlatform:
    """Helpers for asyncio. See `Platform`; the function that returns a token may be asynchronous."""

    def __init__(
        self,
        url: str,
        token: str | TokenProvider,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        attempts: int = MAX_ATTEMPTS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        url = url.rstrip("/")
        transport = transport or AsyncRetryTransport(timeout_s=timeout_s, attempts=attempts)
        self._http = httpx.AsyncClient(base_url=url, auth=PlatformAuth(token), timeout=timeout_s, transport=transport)
        self.client = AuthenticatedClient(base_url=url, token="").set_async_httpx_client(self._http)
        """For the functions of `wasgo_chat_client.generated.rest`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        act_as: str | None = None,
        key: str | None = None,
    ) -> Any:
        """Send any request of the API. See `Platform.request`."""
        headers = operations.request_headers(act_as, key)
        try:
            return _json(await self._http.request(method, path, json=body, params=query, headers=headers))
        except httpx.HTTPError as error:
            raise _no_answer(error) from error

    async def _send(self, operation: Operation[Result]) -> Result:
        body = await self.request(
            operation.method, operation.path, operation.body, act_as=operation.act_as, key=operation.key
        )
        return operation.result.from_dict(body)

    async def create_bid_conversation(
        self, bid_id: Id, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        return await self._send(operations.object_conversation("bid", bid_id, participants, title, metadata))

    async def create_job_conversation(
        self, job_id: Id, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        return await self._send(operations.object_conversation("job", job_id, participants, title, metadata))

    async def create_request_conversation(
        self, request_id: Id, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        return await self._send(operations.object_conversation("request", request_id, participants, title, metadata))

    async def create_dispute_conversation(
        self, dispute_id: Id, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        return await self._send(operations.object_conversation("dispute", dispute_id, participants, title, metadata))

    async def get_or_create_conversation_for_object(
        self,
        object_type: str,
        object_id: Id,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
        conversation_type: ConversationType = "job",
    ) -> ConversationOut:
        return await self._send(
            operations.conversation_for_object(object_type, object_id, participants, title, metadata, conversation_type)
        )

    async def create_support_conversation(
        self, user_id: Id, support_type: str, title: str = "", content: str | None = None, *, key: str | None = None
    ) -> ConversationOut:
        return await self._send(operations.support_conversation(user_id, support_type, title, content, key))

    async def get_conversation(self, conversation_id: Id, act_as: Id) -> ConversationOut:
        return await self._send(operations.conversation(conversation_id, act_as))

    async def update_conversation(
        self, conversation_id: Id, act_as: Id, **changes: Unpack[ConversationChanges]
    ) -> ConversationOut:
        return await self._send(operations.conversation_update(conversation_id, act_as, changes))

    async def put_user(self, user_id: Id, **profile: Unpack[Profile]) -> UserOut:
        return await self._send(operations.user_profile(user_id, profile))

    async def send_message(
        self,
        conversation_id: Id,
        act_as: Id,
        content: str = "",
        *,
        key: str | None = None,
        **options: Unpack[MessageOptions],
    ) -> MessageOut:
        return await self._send(operations.message(conversation_id, act_as, content, options, key))

    async def add_system_message(
        self, conversation_id: Id, content: str, metadata: Metadata = None, *, key: str | None = None
    ) -> MessageOut:
        return await self._send(operations.system_message(conversation_id, content, metadata, key))
