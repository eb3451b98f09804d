from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.unsubscribe import Unsubscribe
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    *,
    body: Unsubscribe,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/chat/push_subscriptions/",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any:
    if response.status_code == 204:
        return None

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: Unsubscribe,
    x_act_as: None | str | Unset = UNSET,
) -> Response[Any]:
    """Remove Push Subscription

     Delete a push subscription. Succeeds if there is none.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (Unsubscribe): The endpoint of the browser to unsubscribe.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any]
    """

    kwargs = _get_kwargs(
        body=body,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: Unsubscribe,
    x_act_as: None | str | Unset = UNSET,
) -> Response[Any]:
    """Remove Push Subscription

     Delete a push subscription. Succeeds if there is none.

    Args:
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (Unsubscribe): The endpoint of the browser to unsubscribe.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any]
    """

    kwargs = _get_kwargs(
        body=body,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)
