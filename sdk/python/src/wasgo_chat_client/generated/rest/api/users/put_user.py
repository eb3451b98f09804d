from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.put_user import PutUser
from ...models.user_out import UserOut
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    user_id: str,
    *,
    body: PutUser,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/chat/users/{user_id}/".format(
            user_id=quote(str(user_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> UserOut:
    if response.status_code == 200:
        response_200 = UserOut.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[UserOut]:
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
    body: PutUser,
    x_act_as: None | str | Unset = UNSET,
) -> Response[UserOut]:
    """Put User

     Create or update the mirrored profile of a user (scope chat:provision); omitted fields keep their
    value.

    Args:
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (PutUser): Profile fields set by a service. Fields that are left out are unchanged;
            null or an empty string removes a value.

            Without a username, the user has the default one, which is the id; without `is_staff`, the
            user is no staff.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[UserOut]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        body=body,
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
    body: PutUser,
    x_act_as: None | str | Unset = UNSET,
) -> UserOut:
    """Put User

     Create or update the mirrored profile of a user (scope chat:provision); omitted fields keep their
    value.

    Args:
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (PutUser): Profile fields set by a service. Fields that are left out are unchanged;
            null or an empty string removes a value.

            Without a username, the user has the default one, which is the id; without `is_staff`, the
            user is no staff.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        UserOut
    """

    return sync_detailed(
        user_id=user_id,
        client=client,
        body=body,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: PutUser,
    x_act_as: None | str | Unset = UNSET,
) -> Response[UserOut]:
    """Put User

     Create or update the mirrored profile of a user (scope chat:provision); omitted fields keep their
    value.

    Args:
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (PutUser): Profile fields set by a service. Fields that are left out are unchanged;
            null or an empty string removes a value.

            Without a username, the user has the default one, which is the id; without `is_staff`, the
            user is no staff.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[UserOut]
    """

    kwargs = _get_kwargs(
        user_id=user_id,
        body=body,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    user_id: str,
    *,
    client: AuthenticatedClient,
    body: PutUser,
    x_act_as: None | str | Unset = UNSET,
) -> UserOut:
    """Put User

     Create or update the mirrored profile of a user (scope chat:provision); omitted fields keep their
    value.

    Args:
        user_id (str):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (PutUser): Profile fields set by a service. Fields that are left out are unchanged;
            null or an empty string removes a value.

            Without a username, the user has the default one, which is the id; without `is_staff`, the
            user is no staff.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        UserOut
    """

    return (
        await asyncio_detailed(
            user_id=user_id,
            client=client,
            body=body,
            x_act_as=x_act_as,
        )
    ).parsed
