from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.inspect_conversations_conversation_type_type_0 import (
    check_inspect_conversations_conversation_type_type_0,
)
from ...models.inspect_conversations_conversation_type_type_0 import InspectConversationsConversationTypeType0
from ...models.inspect_conversations_status_type_0 import check_inspect_conversations_status_type_0
from ...models.inspect_conversations_status_type_0 import InspectConversationsStatusType0
from ...models.inspected_conversation_page import InspectedConversationPage
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    *,
    conversation_type: InspectConversationsConversationTypeType0 | None | Unset = UNSET,
    status: InspectConversationsStatusType0 | None | Unset = UNSET,
    reference_type: None | str | Unset = UNSET,
    reference_id: None | str | Unset = UNSET,
    participant: None | str | Unset = UNSET,
    title: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    params: dict[str, Any] = {}

    json_conversation_type: None | str | Unset
    if isinstance(conversation_type, Unset):
        json_conversation_type = UNSET
    elif isinstance(conversation_type, str):
        json_conversation_type = conversation_type
    else:
        json_conversation_type = conversation_type
    params["conversation_type"] = json_conversation_type

    json_status: None | str | Unset
    if isinstance(status, Unset):
        json_status = UNSET
    elif isinstance(status, str):
        json_status = status
    else:
        json_status = status
    params["status"] = json_status

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

    json_participant: None | str | Unset
    if isinstance(participant, Unset):
        json_participant = UNSET
    else:
        json_participant = participant
    params["participant"] = json_participant

    json_title: None | str | Unset
    if isinstance(title, Unset):
        json_title = UNSET
    else:
        json_title = title
    params["title"] = json_title

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
        "url": "/chat/operators/conversations/",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> InspectedConversationPage:
    if response.status_code == 200:
        response_200 = InspectedConversationPage.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[InspectedConversationPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    conversation_type: InspectConversationsConversationTypeType0 | None | Unset = UNSET,
    status: InspectConversationsStatusType0 | None | Unset = UNSET,
    reference_type: None | str | Unset = UNSET,
    reference_id: None | str | Unset = UNSET,
    participant: None | str | Unset = UNSET,
    title: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> Response[InspectedConversationPage]:
    """Inspect Conversations

     List the conversations of all users, newest first. Recorded in the audit log.

    Args:
        conversation_type (InspectConversationsConversationTypeType0 | None | Unset):
        status (InspectConversationsStatusType0 | None | Unset):
        reference_type (None | str | Unset):
        reference_id (None | str | Unset):
        participant (None | str | Unset): A current or former participant.
        title (None | str | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InspectedConversationPage]
    """

    kwargs = _get_kwargs(
        conversation_type=conversation_type,
        status=status,
        reference_type=reference_type,
        reference_id=reference_id,
        participant=participant,
        title=title,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    conversation_type: InspectConversationsConversationTypeType0 | None | Unset = UNSET,
    status: InspectConversationsStatusType0 | None | Unset = UNSET,
    reference_type: None | str | Unset = UNSET,
    reference_id: None | str | Unset = UNSET,
    participant: None | str | Unset = UNSET,
    title: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> InspectedConversationPage:
    """Inspect Conversations

     List the conversations of all users, newest first. Recorded in the audit log.

    Args:
        conversation_type (InspectConversationsConversationTypeType0 | None | Unset):
        status (InspectConversationsStatusType0 | None | Unset):
        reference_type (None | str | Unset):
        reference_id (None | str | Unset):
        participant (None | str | Unset): A current or former participant.
        title (None | str | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InspectedConversationPage
    """

    return sync_detailed(
        client=client,
        conversation_type=conversation_type,
        status=status,
        reference_type=reference_type,
        reference_id=reference_id,
        participant=participant,
        title=title,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    conversation_type: InspectConversationsConversationTypeType0 | None | Unset = UNSET,
    status: InspectConversationsStatusType0 | None | Unset = UNSET,
    reference_type: None | str | Unset = UNSET,
    reference_id: None | str | Unset = UNSET,
    participant: None | str | Unset = UNSET,
    title: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> Response[InspectedConversationPage]:
    """Inspect Conversations

     List the conversations of all users, newest first. Recorded in the audit log.

    Args:
        conversation_type (InspectConversationsConversationTypeType0 | None | Unset):
        status (InspectConversationsStatusType0 | None | Unset):
        reference_type (None | str | Unset):
        reference_id (None | str | Unset):
        participant (None | str | Unset): A current or former participant.
        title (None | str | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InspectedConversationPage]
    """

    kwargs = _get_kwargs(
        conversation_type=conversation_type,
        status=status,
        reference_type=reference_type,
        reference_id=reference_id,
        participant=participant,
        title=title,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    conversation_type: InspectConversationsConversationTypeType0 | None | Unset = UNSET,
    status: InspectConversationsStatusType0 | None | Unset = UNSET,
    reference_type: None | str | Unset = UNSET,
    reference_id: None | str | Unset = UNSET,
    participant: None | str | Unset = UNSET,
    title: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> InspectedConversationPage:
    """Inspect Conversations

     List the conversations of all users, newest first. Recorded in the audit log.

    Args:
        conversation_type (InspectConversationsConversationTypeType0 | None | Unset):
        status (InspectConversationsStatusType0 | None | Unset):
        reference_type (None | str | Unset):
        reference_id (None | str | Unset):
        participant (None | str | Unset): A current or former participant.
        title (None | str | Unset):
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InspectedConversationPage
    """

    return (
        await asyncio_detailed(
            client=client,
            conversation_type=conversation_type,
            status=status,
            reference_type=reference_type,
            reference_id=reference_id,
            participant=participant,
            title=title,
            limit=limit,
            cursor=cursor,
            x_act_as=x_act_as,
        )
    ).parsed
