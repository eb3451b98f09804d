from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.unread_counts import UnreadCounts
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    *,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    if not isinstance(x_read_after, Unset):
        headers["x-read-after"] = x_read_after

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/chat/conversations/unread_counts/",
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> UnreadCounts:
    if response.status_code == 200:
        response_200 = UnreadCounts.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[UnreadCounts]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> Response[UnreadCounts]:
    """Get Unread Counts

     Count the caller's unread messages, in total and by conversation.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[UnreadCounts]
    """

    kwargs = _get_kwargs(
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
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> UnreadCounts:
    """Get Unread Counts

     Count the caller's unread messages, in total and by conversation.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        UnreadCounts
    """

    return sync_detailed(
        client=client,
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> Response[UnreadCounts]:
    """Get Unread Counts

     Count the caller's unread messages, in total and by conversation.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[UnreadCounts]
    """

    kwargs = _get_kwargs(
        x_act_as=x_act_as,
        x_read_after=x_read_after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
    x_read_after: None | str | Unset = UNSET,
) -> UnreadCounts:
    """Get Unread Counts

     Count the caller's unread messages, in total and by conversation.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        x_read_after (None | str | Unset): The latest `X-Read-After` received. Nothing older is
            returned.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        UnreadCounts
    """

    return (
        await asyncio_detailed(
            client=client,
            x_act_as=x_act_as,
            x_read_after=x_read_after,
        )
    ).parsed
