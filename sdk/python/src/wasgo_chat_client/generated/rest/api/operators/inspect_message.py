from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.inspected_message import InspectedMessage
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID


def _get_kwargs(
    message_id: UUID,
    *,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/chat/operators/messages/{message_id}/".format(
            message_id=quote(str(message_id), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> InspectedMessage:
    if response.status_code == 200:
        response_200 = InspectedMessage.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[InspectedMessage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    message_id: UUID,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[InspectedMessage]:
    """Inspect Message

     Get any message with its revisions and read receipts. Recorded in the audit log.

    Args:
        message_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InspectedMessage]
    """

    kwargs = _get_kwargs(
        message_id=message_id,
        x_act_as=x_act_as,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    message_id: UUID,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> InspectedMessage:
    """Inspect Message

     Get any message with its revisions and read receipts. Recorded in the audit log.

    Args:
        message_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InspectedMessage
    """

    return sync_detailed(
        message_id=message_id,
        client=client,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    message_id: UUID,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> Response[InspectedMessage]:
    """Inspect Message

     Get any message with its revisions and read receipts. Recorded in the audit log.

    Args:
        message_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InspectedMessage]
    """

    kwargs = _get_kwargs(
        message_id=message_id,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    message_id: UUID,
    *,
    client: AuthenticatedClient,
    x_act_as: None | str | Unset = UNSET,
) -> InspectedMessage:
    """Inspect Message

     Get any message with its revisions and read receipts. Recorded in the audit log.

    Args:
        message_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InspectedMessage
    """

    return (
        await asyncio_detailed(
            message_id=message_id,
            client=client,
            x_act_as=x_act_as,
        )
    ).parsed
