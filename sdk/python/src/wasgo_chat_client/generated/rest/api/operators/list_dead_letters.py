from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.delivery_page import DeliveryPage
from ...models.list_dead_letters_channel_type_0 import check_list_dead_letters_channel_type_0
from ...models.list_dead_letters_channel_type_0 import ListDeadLettersChannelType0
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    *,
    channel: ListDeadLettersChannelType0 | None | Unset = UNSET,
    error: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    params: dict[str, Any] = {}

    json_channel: None | str | Unset
    if isinstance(channel, Unset):
        json_channel = UNSET
    elif isinstance(channel, str):
        json_channel = channel
    else:
        json_channel = channel
    params["channel"] = json_channel

    json_error: None | str | Unset
    if isinstance(error, Unset):
        json_error = UNSET
    else:
        json_error = error
    params["error"] = json_error

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
        "url": "/chat/operators/deliveries/",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> DeliveryPage:
    if response.status_code == 200:
        response_200 = DeliveryPage.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[DeliveryPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    channel: ListDeadLettersChannelType0 | None | Unset = UNSET,
    error: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> Response[DeliveryPage]:
    """List Dead Letters

     List deliveries that are not retried automatically, newest first.

    Args:
        channel (ListDeadLettersChannelType0 | None | Unset):
        error (None | str | Unset): The reason, as returned by `/deliveries/kinds/`.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeliveryPage]
    """

    kwargs = _get_kwargs(
        channel=channel,
        error=error,
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
    channel: ListDeadLettersChannelType0 | None | Unset = UNSET,
    error: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> DeliveryPage:
    """List Dead Letters

     List deliveries that are not retried automatically, newest first.

    Args:
        channel (ListDeadLettersChannelType0 | None | Unset):
        error (None | str | Unset): The reason, as returned by `/deliveries/kinds/`.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeliveryPage
    """

    return sync_detailed(
        client=client,
        channel=channel,
        error=error,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    channel: ListDeadLettersChannelType0 | None | Unset = UNSET,
    error: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> Response[DeliveryPage]:
    """List Dead Letters

     List deliveries that are not retried automatically, newest first.

    Args:
        channel (ListDeadLettersChannelType0 | None | Unset):
        error (None | str | Unset): The reason, as returned by `/deliveries/kinds/`.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeliveryPage]
    """

    kwargs = _get_kwargs(
        channel=channel,
        error=error,
        limit=limit,
        cursor=cursor,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    channel: ListDeadLettersChannelType0 | None | Unset = UNSET,
    error: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
    x_act_as: None | str | Unset = UNSET,
) -> DeliveryPage:
    """List Dead Letters

     List deliveries that are not retried automatically, newest first.

    Args:
        channel (ListDeadLettersChannelType0 | None | Unset):
        error (None | str | Unset): The reason, as returned by `/deliveries/kinds/`.
        limit (int | Unset): Results per page; 50 by default. Default: 50.
        cursor (None | str | Unset):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeliveryPage
    """

    return (
        await asyncio_detailed(
            client=client,
            channel=channel,
            error=error,
            limit=limit,
            cursor=cursor,
            x_act_as=x_act_as,
        )
    ).parsed
