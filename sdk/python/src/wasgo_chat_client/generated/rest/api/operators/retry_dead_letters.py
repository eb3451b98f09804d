from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.retried_deliveries import RetriedDeliveries
from ...models.retry_deliveries import RetryDeliveries
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    *,
    body: RetryDeliveries,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/chat/operators/deliveries/retry/",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> RetriedDeliveries:
    if response.status_code == 200:
        response_200 = RetriedDeliveries.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[RetriedDeliveries]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: RetryDeliveries,
    x_act_as: None | str | Unset = UNSET,
) -> Response[RetriedDeliveries]:
    """Retry Dead Letters

     Retry dead deliveries by channel and reason, oldest first, at most 1,000. Repeat the request for the
    rest.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (RetryDeliveries): Filters of the dead deliveries to retry. Fields that are left out
            match everything.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[RetriedDeliveries]
    """

    kwargs = _get_kwargs(
        body=body,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: RetryDeliveries,
    x_act_as: None | str | Unset = UNSET,
) -> RetriedDeliveries:
    """Retry Dead Letters

     Retry dead deliveries by channel and reason, oldest first, at most 1,000. Repeat the request for the
    rest.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (RetryDeliveries): Filters of the dead deliveries to retry. Fields that are left out
            match everything.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        RetriedDeliveries
    """

    return sync_detailed(
        client=client,
        body=body,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: RetryDeliveries,
    x_act_as: None | str | Unset = UNSET,
) -> Response[RetriedDeliveries]:
    """Retry Dead Letters

     Retry dead deliveries by channel and reason, oldest first, at most 1,000. Repeat the request for the
    rest.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (RetryDeliveries): Filters of the dead deliveries to retry. Fields that are left out
            match everything.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[RetriedDeliveries]
    """

    kwargs = _get_kwargs(
        body=body,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: RetryDeliveries,
    x_act_as: None | str | Unset = UNSET,
) -> RetriedDeliveries:
    """Retry Dead Letters

     Retry dead deliveries by channel and reason, oldest first, at most 1,000. Repeat the request for the
    rest.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (RetryDeliveries): Filters of the dead deliveries to retry. Fields that are left out
            match everything.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        RetriedDeliveries
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            x_act_as=x_act_as,
        )
    ).parsed
