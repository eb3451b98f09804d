from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.retried_events import RetriedEvents
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    name: str,
    *,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/chat/operators/consumers/{name}/parked/retry/".format(
            name=quote(str(name), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> RetriedEvents:
    if response.status_code == 200:
        response_200 = RetriedEvents.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[RetriedEvents]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    name: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[RetriedEvents]:
    """Retry Parked Events

     Retry all parked events of a consumer now. Recorded in the audit log.

    Args:
        name (str): The name of a consumer.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[RetriedEvents]
    """

    kwargs = _get_kwargs(
        name=name,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    name: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> RetriedEvents:
    """Retry Parked Events

     Retry all parked events of a consumer now. Recorded in the audit log.

    Args:
        name (str): The name of a consumer.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        RetriedEvents
    """

    return sync_detailed(
        name=name,
        client=client,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    name: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[RetriedEvents]:
    """Retry Parked Events

     Retry all parked events of a consumer now. Recorded in the audit log.

    Args:
        name (str): The name of a consumer.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[RetriedEvents]
    """

    kwargs = _get_kwargs(
        name=name,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    name: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> RetriedEvents:
    """Retry Parked Events

     Retry all parked events of a consumer now. Recorded in the audit log.

    Args:
        name (str): The name of a consumer.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        RetriedEvents
    """

    return (
        await asyncio_detailed(
            name=name,
            client=client,
            x_act_as=x_act_as,
        )
    ).parsed
