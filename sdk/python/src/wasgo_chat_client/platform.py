"""The helpers of a platform's backend, by the names its code knows, sync and async. Every call is safe to repeat.

All take ids and participants in place of the platform's own objects, and need a service token: scope `chat:provision`
for conversations of objects, `chat:act_as` for support, `chat:system_message` for notes.
"""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast
from uuid import UUID

import httpx

from wasgo_chat_client import calls
from wasgo_chat_client.calls import Call, ObjectId, Participants
from wasgo_chat_client.errors import ChatError, problem
from wasgo_chat_client.generated.rest.client import AuthenticatedClient
from wasgo_chat_client.generated.rest.models import ConversationOut, MessageOut
from wasgo_chat_client.generated.rest.types import Response
from wasgo_chat_client.retrying import AsyncRetrying, Retrying

Metadata = Mapping[str, Any] | None


def _answer(response: Response[Any]) -> Any:
    if response.status_code >= 400:
        try:
            body = json.loads(response.content)
        except ValueError:
            body = {}
        raise problem(int(response.status_code), body if isinstance(body, dict) else {})
    return response.parsed


class Platform:
    """The helpers for ordinary code: Django views, signals, tasks.

    Args:
        url: where the service is.
        token: a service token.
        timeout_s: longest wait for one answer.
        transport: what sends; by default one that repeats what is safe to repeat.
    """

    def __init__(
        self, url: str, token: str, *, timeout_s: float = 10.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        options = {"transport": transport or Retrying()}
        timeout = httpx.Timeout(timeout_s)
        self.client = AuthenticatedClient(base_url=url, token=token, timeout=timeout, httpx_args=options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self.client.get_httpx_client().close()

    def _send(self, call: Call) -> Any:
        try:
            return _answer(call.operation.sync_detailed(client=self.client, **call.arguments))
        except httpx.TransportError as error:
            raise ChatError("no_answer", f"the service did not answer: {type(error).__name__}") from error

    def create_bid_conversation(
        self, bid_id: ObjectId, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        """Get or create the conversation of a bid; adds who is missing."""
        return cast(
            "ConversationOut", self._send(calls.object_conversation("bid", bid_id, participants, title, metadata))
        )

    def create_job_conversation(
        self, job_id: ObjectId, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        """Get or create the conversation of a job; adds who is missing."""
        return cast(
            "ConversationOut", self._send(calls.object_conversation("job", job_id, participants, title, metadata))
        )

    def create_request_conversation(
        self,
        request_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
    ) -> ConversationOut:
        """Get or create the conversation of a request; adds who is missing."""
        call = calls.object_conversation("request", request_id, participants, title, metadata)
        return cast("ConversationOut", self._send(call))

    def create_dispute_conversation(
        self,
        dispute_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
    ) -> ConversationOut:
        """Get or create the conversation of a dispute; adds who is missing."""
        call = calls.object_conversation("dispute", dispute_id, participants, title, metadata)
        return cast("ConversationOut", self._send(call))

    def get_or_create_conversation_for_object(
        self,
        object_type: str,
        object_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
        conversation_type: str = "job",
    ) -> ConversationOut:
        """The same for an object of any type; `conversation_type` counts where it is none of the four."""
        call = calls.conversation_for_object(object_type, object_id, participants, title, metadata, conversation_type)
        return cast("ConversationOut", self._send(call))

    def create_support_conversation(
        self, user_id: str, support_type: str, title: str = "", content: str | None = None, *, key: str | None = None
    ) -> ConversationOut:
        """Ask for support in a user's name; `content` is a first message."""
        call = calls.support_conversation(user_id, support_type, title, content, key)
        return cast("ConversationOut", self._send(call))

    def add_system_message(
        self, conversation_id: str | UUID, content: str, metadata: Metadata = None, *, key: str | None = None
    ) -> MessageOut:
        """Write an automated note; with a `key` of one's own it is written once, however often it is asked for."""
        return cast("MessageOut", self._send(calls.system_message(conversation_id, content, metadata, key)))


class AsyncPlatform:
    """The same for asyncio."""

    def __init__(
        self, url: str, token: str, *, timeout_s: float = 10.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        options = {"transport": transport or AsyncRetrying()}
        timeout = httpx.Timeout(timeout_s)
        self.client = AuthenticatedClient(base_url=url, token=token, timeout=timeout, httpx_args=options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self.client.get_async_httpx_client().aclose()

    async def _send(self, call: Call) -> Any:
        try:
            return _answer(await call.operation.asyncio_detailed(client=self.client, **call.arguments))
        except httpx.TransportError as error:
            raise ChatError("no_answer", f"the service did not answer: {type(error).__name__}") from error

    async def create_bid_conversation(
        self, bid_id: ObjectId, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        """See `Platform`."""
        call = calls.object_conversation("bid", bid_id, participants, title, metadata)
        return cast("ConversationOut", await self._send(call))

    async def create_job_conversation(
        self, job_id: ObjectId, participants: Participants = (), *, title: str | None = None, metadata: Metadata = None
    ) -> ConversationOut:
        """See `Platform`."""
        call = calls.object_conversation("job", job_id, participants, title, metadata)
        return cast("ConversationOut", await self._send(call))

    async def create_request_conversation(
        self,
        request_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
    ) -> ConversationOut:
        """See `Platform`."""
        call = calls.object_conversation("request", request_id, participants, title, metadata)
        return cast("ConversationOut", await self._send(call))

    async def create_dispute_conversation(
        self,
        dispute_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
    ) -> ConversationOut:
        """See `Platform`."""
        call = calls.object_conversation("dispute", dispute_id, participants, title, metadata)
        return cast("ConversationOut", await self._send(call))

    async def get_or_create_conversation_for_object(
        self,
        object_type: str,
        object_id: ObjectId,
        participants: Participants = (),
        *,
        title: str | None = None,
        metadata: Metadata = None,
        conversation_type: str = "job",
    ) -> ConversationOut:
        """See `Platform`."""
        call = calls.conversation_for_object(object_type, object_id, participants, title, metadata, conversation_type)
        return cast("ConversationOut", await self._send(call))

    async def create_support_conversation(
        self, user_id: str, support_type: str, title: str = "", content: str | None = None, *, key: str | None = None
    ) -> ConversationOut:
        """See `Platform`."""
        call = calls.support_conversation(user_id, support_type, title, content, key)
        return cast("ConversationOut", await self._send(call))

    async def add_system_message(
        self, conversation_id: str | UUID, content: str, metadata: Metadata = None, *, key: str | None = None
    ) -> MessageOut:
        """See `Platform`."""
        return cast("MessageOut", await self._send(calls.system_message(conversation_id, content, metadata, key)))
