from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.mutes_out import MutesOut
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
        "method": "get",
        "url": "/chat/notifications/mutes/",
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> MutesOut:
    if response.status_code == 200:
        response_200 = MutesOut.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[MutesOut]:
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
) -> Response[MutesOut]:
    """List Muted Conversations

     Get the conversations that the caller has muted now, and when each mute ends.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MutesOut]
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
) -> MutesOut:
    """List Muted Conversations

     Get the conversations that the caller has muted now, and when each mute ends.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MutesOut
    """

    return sync_detailed(
        client=client,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[MutesOut]:
    """List Muted Conversations

     Get the conversations that the caller has muted now, and when each mute ends.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MutesOut]
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
) -> MutesOut:
    """List Muted Conversations

     Get the conversations that the caller has muted now, and when each mute ends.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MutesOut
    """

    return (
        await asyncio_detailed(
            client=client,
            x_act_as=x_act_as,
        )
    ).parsed
