from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.conversation_out import ConversationOut
from ...models.update_conversation import UpdateConversation
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID


def _get_kwargs(
    conversation_id: UUID,
    *,
    body: UpdateConversation,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/chat/conversations/{conversation_id}/".format(
            conversation_id=quote(str(conversation_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ConversationOut:
    if response.status_code == 200:
        response_200 = ConversationOut.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ConversationOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    body: UpdateConversation,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ConversationOut]:
    """Update Conversation

     Change title, metadata or settings (admin), close or reopen (moderator).

    Args:
        conversation_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (UpdateConversation): Fields to change; omitted fields keep their value, and null
            empties all but the status.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ConversationOut]
    """

    kwargs = _get_kwargs(
        conversation_id=conversation_id,
        body=body,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    body: UpdateConversation,
    x_act_as: None | str | Unset = UNSET,
) -> ConversationOut:
    """Update Conversation

     Change title, metadata or settings (admin), close or reopen (moderator).

    Args:
        conversation_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (UpdateConversation): Fields to change; omitted fields keep their value, and null
            empties all but the status.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ConversationOut
    """

    return sync_detailed(
        conversation_id=conversation_id,
        client=client,
        body=body,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    body: UpdateConversation,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ConversationOut]:
    """Update Conversation

     Change title, metadata or settings (admin), close or reopen (moderator).

    Args:
        conversation_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (UpdateConversation): Fields to change; omitted fields keep their value, and null
            empties all but the status.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ConversationOut]
    """

    kwargs = _get_kwargs(
        conversation_id=conversation_id,
        body=body,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    conversation_id: UUID,
    *,
    client: AuthenticatedClient,
    body: UpdateConversation,
    x_act_as: None | str | Unset = UNSET,
) -> ConversationOut:
    """Update Conversation

     Change title, metadata or settings (admin), close or reopen (moderator).

    Args:
        conversation_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (UpdateConversation): Fields to change; omitted fields keep their value, and null
            empties all but the status.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ConversationOut
    """

    return (
        await asyncio_detailed(
            conversation_id=conversation_id,
            client=client,
            body=body,
            x_act_as=x_act_as,
        )
    ).parsed
