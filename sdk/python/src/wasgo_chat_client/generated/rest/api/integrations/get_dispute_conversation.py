from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.conversation_out import ConversationOut
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    reference_id: str,
    *,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/disputes/{reference_id}/conversation/".format(
            reference_id=quote(str(reference_id), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ConversationOut:
    if response.status_code == 200:
        response_200 = ConversationOut.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ConversationOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    reference_id: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ConversationOut]:
    """Get the conversation of a dispute

    Args:
        reference_id (str): The platform's id of the object.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ConversationOut]
    """

    kwargs = _get_kwargs(
        reference_id=reference_id,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    reference_id: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> ConversationOut:
    """Get the conversation of a dispute

    Args:
        reference_id (str): The platform's id of the object.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ConversationOut
    """

    return sync_detailed(
        reference_id=reference_id,
        client=client,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    reference_id: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ConversationOut]:
    """Get the conversation of a dispute

    Args:
        reference_id (str): The platform's id of the object.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ConversationOut]
    """

    kwargs = _get_kwargs(
        reference_id=reference_id,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    reference_id: str,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> ConversationOut:
    """Get the conversation of a dispute

    Args:
        reference_id (str): The platform's id of the object.
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ConversationOut
    """

    return (
        await asyncio_detailed(
            reference_id=reference_id,
            client=client,
            x_act_as=x_act_as,
        )
    ).parsed
