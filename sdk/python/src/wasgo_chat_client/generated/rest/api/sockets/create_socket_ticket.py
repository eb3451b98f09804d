from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.ticket_out import TicketOut
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    *,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/chat/ws_tickets/",
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> TicketOut:
    if response.status_code == 201:
        response_201 = TicketOut.from_dict(response.json())

        return response_201

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[TicketOut]:
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
) -> Response[TicketOut]:
    """Create Socket Ticket

     Get a single-use ticket for `?ticket=`; it lives 30 seconds.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TicketOut]
    """

    kwargs = _get_kwargs(
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> TicketOut:
    """Create Socket Ticket

     Get a single-use ticket for `?ticket=`; it lives 30 seconds.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TicketOut
    """

    return sync_detailed(
        client=client,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[TicketOut]:
    """Create Socket Ticket

     Get a single-use ticket for `?ticket=`; it lives 30 seconds.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TicketOut]
    """

    kwargs = _get_kwargs(
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> TicketOut:
    """Create Socket Ticket

     Get a single-use ticket for `?ticket=`; it lives 30 seconds.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TicketOut
    """

    return (
        await asyncio_detailed(
            client=client,
            x_act_as=x_act_as,
        )
    ).parsed
