from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.presences_out import PresencesOut
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    *,
    user_ids: str,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    params: dict[str, Any] = {}

    params["user_ids"] = user_ids

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/chat/presence/",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> PresencesOut:
    if response.status_code == 200:
        response_200 = PresencesOut.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[PresencesOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    user_ids: str,
    x_act_as: None | str | Unset = UNSET,
) -> Response[PresencesOut]:
    """List Presence

     See who is online among people the caller is acquainted with: they share a conversation that the
    platform or the
    other one created, or in which the other one has written.

    Args:
        user_ids (str): User ids, separated by commas; at most 100.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PresencesOut]
    """

    kwargs = _get_kwargs(
        user_ids=user_ids,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    user_ids: str,
    x_act_as: None | str | Unset = UNSET,
) -> PresencesOut:
    """List Presence

     See who is online among people the caller is acquainted with: they share a conversation that the
    platform or the
    other one created, or in which the other one has written.

    Args:
        user_ids (str): User ids, separated by commas; at most 100.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PresencesOut
    """

    return sync_detailed(
        client=client,
        user_ids=user_ids,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    user_ids: str,
    x_act_as: None | str | Unset = UNSET,
) -> Response[PresencesOut]:
    """List Presence

     See who is online among people the caller is acquainted with: they share a conversation that the
    platform or the
    other one created, or in which the other one has written.

    Args:
        user_ids (str): User ids, separated by commas; at most 100.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PresencesOut]
    """

    kwargs = _get_kwargs(
        user_ids=user_ids,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    user_ids: str,
    x_act_as: None | str | Unset = UNSET,
) -> PresencesOut:
    """List Presence

     See who is online among people the caller is acquainted with: they share a conversation that the
    platform or the
    other one created, or in which the other one has written.

    Args:
        user_ids (str): User ids, separated by commas; at most 100.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PresencesOut
    """

    return (
        await asyncio_detailed(
            client=client,
            user_ids=user_ids,
            x_act_as=x_act_as,
        )
    ).parsed
