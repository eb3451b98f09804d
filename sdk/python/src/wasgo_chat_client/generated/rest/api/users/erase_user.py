from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.erasure_out import ErasureOut
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    user_id: str,
    *,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/chat/users/{user_id}/".format(
            user_id=quote(str(user_id), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErasureOut:
    if response.status_code == 202:
        response_202 = ErasureOut.from_dict(response.json())

        return response_202

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ErasureOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    user_id: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ErasureOut]:
    """Erase User

     Erase a user (scopes chat:provision and chat:moderate).

    Their name is hidden, their tokens are rejected and their sockets are closed at once. The rest is
    done in the
    background. Repeating the request returns the progress.

    Args:
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErasureOut]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    user_id: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> ErasureOut:
    """Erase User

     Erase a user (scopes chat:provision and chat:moderate).

    Their name is hidden, their tokens are rejected and their sockets are closed at once. The rest is
    done in the
    background. Repeating the request returns the progress.

    Args:
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErasureOut
    """

    return sync_detailed(
        user_id=user_id,
        client=client,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    user_id: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ErasureOut]:
    """Erase User

     Erase a user (scopes chat:provision and chat:moderate).

    Their name is hidden, their tokens are rejected and their sockets are closed at once. The rest is
    done in the
    background. Repeating the request returns the progress.

    Args:
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErasureOut]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_id: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> ErasureOut:
    """Erase User

     Erase a user (scopes chat:provision and chat:moderate).

    Their name is hidden, their tokens are rejected and their sockets are closed at once. The rest is
    done in the
    background. Repeating the request returns the progress.

    Args:
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErasureOut
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            client=client,
            x_act_as=x_act_as,
        )
    ).parsed
