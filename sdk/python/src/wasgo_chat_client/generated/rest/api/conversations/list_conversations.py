from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.conversation_page import ConversationPage
from ...models.list_conversations_conversation_type_type_0 import check_list_conversations_conversation_type_type_0
from ...models.list_conversations_conversation_type_type_0 import ListConversationsConversationTypeType0
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    *,
    conversation_type: ListConversationsConversationTypeType0 | None | Unset = UNSET,
    archived: bool | Unset = False,
    reference_type: None | str | Unset = UNSET,
    reference_id: None | str | Unset = UNSET,
    unread: bool | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    if not isinstance(x_read_after, Unset):
        headers["x-read-after"] = x_read_after

    params: dict[str, Any] = {}

    json_conversation_type: None | str | Unset
    if isinstance(conversation_type, Unset):
        json_conversation_type = UNSET
    elif isinstance(conversation_type, str):
        json_conversation_type = conversation_type
    else:
        json_conversation_type = conversation_type
    params["conversation_type"] = json_conversation_type

    params["archived"] = archived

    json_reference_type: None | str | Unset
    if isinstance(reference_type, Unset):
        json_reference_type = UNSET
    else:
        json_reference_type = reference_type
    params["reference_type"] = json_reference_type

    json_reference_id: None | str | Unset
    if isinstance(reference_id, Unset):
        json_reference_id = UNSET
    else:
        json_reference_id = reference_id
    params["reference_id"] = json_reference_id

    json_unread: bool | None | Unset
    if isinstance(unread, Unset):
        json_unread = UNSET
    else:
        json_unread = unread
    params["unread"] = json_unread

    params["limit"] = limit

    json_cursor: None | str | Unset
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/chat/conversations/",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ConversationPage:
    if response.status_code == 200:
        response_200 = ConversationPage.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ConversationPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    conversation_type: ListConversationsConversationTypeType0 | None | Unset = UNSET,
    archived: bool | Unset = False,
    reference_type: None | str | Unset = UNSET,
    reference_id: None | str | Unset = UNSET,
    unread: bool | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> Response[ConversationPage]:
    """List Conversations

     List the caller's conversations, newest activity first; either the archived ones or the others.

    Args:
        conversation_type (ListConversationsConversationTypeType0 | None | Unset):
        archived (bool | Unset):  Default: False.
        reference_type (None | str | Unset):
        reference_id (None | str | Unset):
        unread (bool | None | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ConversationPage]
    """

    kwargs = _get_kwargs(
        conversation_type=conversation_type,
        archived=archived,
        reference_type=reference_type,
        reference_id=reference_id,
        unread=unread,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    conversation_type: ListConversationsConversationTypeType0 | None | Unset = UNSET,
    archived: bool | Unset = False,
    reference_type: None | str | Unset = UNSET,
    reference_id: None | str | Unset = UNSET,
    unread: bool | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> ConversationPage:
    """List Conversations

     List the caller's conversations, newest activity first; either the archived ones or the others.

    Args:
        conversation_type (ListConversationsConversationTypeType0 | None | Unset):
        archived (bool | Unset):  Default: False.
        reference_type (None | str | Unset):
        reference_id (None | str | Unset):
        unread (bool | None | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ConversationPage
    """

    return sync_detailed(
        client=client,
        conversation_type=conversation_type,
        archived=archived,
        reference_type=reference_type,
        reference_id=reference_id,
        unread=unread,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    conversation_type: ListConversationsConversationTypeType0 | None | Unset = UNSET,
    archived: bool | Unset = False,
    reference_type: None | str | Unset = UNSET,
    reference_id: None | str | Unset = UNSET,
    unread: bool | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> Response[ConversationPage]:
    """List Conversations

     List the caller's conversations, newest activity first; either the archived ones or the others.

    Args:
        conversation_type (ListConversationsConversationTypeType0 | None | Unset):
        archived (bool | Unset):  Default: False.
        reference_type (None | str | Unset):
        reference_id (None | str | Unset):
        unread (bool | None | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ConversationPage]
    """

    kwargs = _get_kwargs(
        conversation_type=conversation_type,
        archived=archived,
        reference_type=reference_type,
        reference_id=reference_id,
        unread=unread,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    conversation_type: ListConversationsConversationTypeType0 | None | Unset = UNSET,
    archived: bool | Unset = False,
    reference_type: None | str | Unset = UNSET,
    reference_id: None | str | Unset = UNSET,
    unread: bool | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> ConversationPage:
    """List Conversations

     List the caller's conversations, newest activity first; either the archived ones or the others.

    Args:
        conversation_type (ListConversationsConversationTypeType0 | None | Unset):
        archived (bool | Unset):  Default: False.
        reference_type (None | str | Unset):
        reference_id (None | str | Unset):
        unread (bool | None | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ConversationPage
    """

    return (
        await asyncio_detailed(
            client=client,
            conversation_type=conversation_type,
            archived=archived,
            reference_type=reference_type,
            reference_id=reference_id,
            unread=unread,
            limit=limit,
            cursor=cursor,
            x_act_as=x_act_as,
            x_read_after=x_read_after,
        )
    ).parsed
