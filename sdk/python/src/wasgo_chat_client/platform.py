"""Helpers for the backend of a platform, synchronous and asynchronous. Every call is idempotent and retried.

They take ids instead of the platform's own objects, and need a service token with these scopes: `chat:provision` for
conversations of objects, `chat:act_as` for support conversations, `chat:system_message` for system messages.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast
from uuid import UUID

import httpx

from wasgo_chat_client import operations
from wasgo_chat_client.errors import ChatError, error_from_problem
from wasgo_chat_client.generated.rest.client import AuthenticatedClient
from wasgo_chat_client.generated.rest.models import ConversationOut, MessageOut
from wasgo_chat_client.generated.rest.types import Response
from wasgo_chat_client.operations import ConversationType, ObjectId, Operation, Participants
from wasgo_chat_client.rest_client import json_object
from wasgo_chat_client.retry_transport import AsyncRetryTransport, RetryTransport

Metadata = Mapping[str, Any] | None


def _unwrap(response: Response[Any]) -> Any:
    if response.status_code >= 400:
        raise error_from_problem(int(response.status_code), json_object(response.content))
    return response.parsed


class Platform:
    """Helpers for synchronous code, such as Django views, signals and tasks.

    Args:
        url: base URL of the service.
        token: a service token.
        timeout_s: timeout of one attempt, in seconds.
        transport: the httpx transport; by default a `RetryTransport`.
    """

    def __init__(
        self, url: str, token: str, *, timeout_s: float = 10.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        options = {"transport": transport or RetryTransport()}
        timeout = httpx.Timeout(timeout_s)
        self.client = AuthenticatedClient(base_url=url, token=token, timeout=timeout, httpx_args=options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.client.get_httpx_client().close()

    def _send(self, operation: Operation) -> Any:
        try:
            return _unwrap(operation.module.sync_detailed(client=self.client, **operation.arguments))
        except httpx.TransportError as error:
            raise ChatError("no_answer", f"the service did not answer: {type(error).__name__}") from error

    def create_bid_conversation(
        self, bid_id: ObjectId, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        """Get or create the conversation of a bid. Adds missing participants."""
        return cast(
            "ConversationOut", self._send(operations.object_conversation("bid", bid_id, participants, title, metadata))
        )

    def create_job_conversation(
        self, job_id: ObjectId, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        """Get or create the conversation of a job. Adds missing participants."""
        return cast(
            "ConversationOut", self._send(operations.object_conversation("job", job_id, participants, title, metadata))
        )

    def create_request_conversation(
        self,
        request_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
    ) -> ConversationOut:
        """Get or create the conversation of a request. Adds missing participants."""
        operation = operations.object_conversation("request", request_id, participants, title, metadata)
        return cast("ConversationOut", self._send(operation))

    def create_dispute_conversation(
        self,
        dispute_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
    ) -> ConversationOut:
        """Get or create the conversation of a dispute. Adds missing participants."""
        operation = operations.object_conversation("dispute", dispute_id, participants, title, metadata)
        return cast("ConversationOut", self._send(operation))

    def get_or_create_conversation_for_object(
        self,
        object_type: str,
        object_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
        conversation_type: ConversationType = "job",
    ) -> ConversationOut:
        """Get or create the conversation of an object of any type.

        `conversation_type` applies only to types without a helper of their own.
        """
        operation = operations.conversation_for_object(
            object_type, object_id, participants, title, metadata, conversation_type
        )
        return cast("ConversationOut", self._send(operation))

    def create_support_conversation(
        self, user_id: str, support_type: str, title: str = "", content: str | None = None, *, key: str | None = None
    ) -> ConversationOut:
        """Open a support conversation for a user. `content` is its first message."""
        operation = operations.support_conversation(user_id, support_type, title, content, key)
        return cast("ConversationOut", self._send(operation))

    def add_system_message(
        self, conversation_id: str | UUID, content: str, metadata: Metadata = None, *, key: str | None = None
    ) -> MessageOut:
        """Send a system message. Calls with the same `key` send it once."""
        return cast("MessageOut", self._send(operations.system_message(conversation_id, content, metadata, key)))


class AsyncPlatform:
    """Helpers for asyncio. See `Platform`."""

    def __init__(
        self, url: str, token: str, *, timeout_s: float = 10.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        options = {"transport": transport or AsyncRetryTransport()}
        timeout = httpx.Timeout(timeout_s)
        self.client = AuthenticatedClient(base_url=url, token=token, timeout=timeout, httpx_args=options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self.client.get_async_httpx_client().aclose()

    async def _send(self, operation: Operation) -> Any:
        try:
            return _unwrap(await operation.module.asyncio_detailed(client=self.client, **operation.arguments))
        except httpx.TransportError as error:
            raise ChatError("no_answer", f"the service did not answer: {type(error).__name__}") from error

    async def create_bid_conversation(
        self, bid_id: ObjectId, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        operation = operations.object_conversation("bid", bid_id, participants, title, metadata)
        return cast("ConversationOut", await self._send(operation))

    async def create_job_conversation(
        self, job_id: ObjectId, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        operation = operations.object_conversation("job", job_id, participants, title, metadata)
        return cast("ConversationOut", await self._send(operation))

    async def create_request_conversation(
        self,
        request_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
    ) -> ConversationOut:
        operation = operations.object_conversation("request", request_id, participants, title, metadata)
        return cast("ConversationOut", await self._send(operation))

    async def create_dispute_conversation(
        self,
        dispute_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
    ) -> ConversationOut:
        operation = operations.object_conversation("dispute", dispute_id, participants, title, metadata)
        return cast("ConversationOut", await self._send(operation))

    async def get_or_create_conversation_for_object(
        self,
        object_type: str,
        object_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
        conversation_type: ConversationType = "job",
    ) -> ConversationOut:
        operation = operations.conversation_for_object(
            object_type, object_id, participants, title, metadata, conversation_type
        )
        return cast("ConversationOut", await self._send(operation))

    async def create_support_conversation(
        self, user_id: str, support_type: str, title: str = "", content: str | None = None, *, key: str | None = None
    ) -> ConversationOut:
        operation = operations.support_conversation(user_id, support_type, title, content, key)
        return cast("ConversationOut", await self._send(operation))

    async def add_system_message(
        self, conversation_id: str | UUID, content: str, metadata: Metadata = None, *, key: str | None = None
    ) -> MessageOut:
        return cast("MessageOut", await self._send(operations.system_message(conversation_id, content, metadata, key)))
