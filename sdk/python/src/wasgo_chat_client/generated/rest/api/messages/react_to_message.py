from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.react_to_message import ReactToMessage
from ...models.reaction_result import ReactionResult
from ...types import UNSET, Unset
from typing import cast
from uuid import UUID


def _get_kwargs(
    message_id: UUID,
    *,
    body: ReactToMessage,
    x_act_as: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_act_as, Unset):
        headers["x-act-as"] = x_act_as

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/chat/messages/{message_id}/react/".format(
            message_id=quote(str(message_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ReactionResult:
    if response.status_code == 200:
        response_200 = ReactionResult.from_dict(response.json())

        return response_200

    raise errors.rejected(response.status_code, response.content)


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ReactionResult]:
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
    body: ReactToMessage,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ReactionResult]:
    """React To Message

     Toggle a reaction, or add or remove it (`action`).

    Args:
        message_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (ReactToMessage): An emoji, and whether to add or remove it; without an action it is
            toggled.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ReactionResult]
    """

    kwargs = _get_kwargs(
        message_id=message_id,
        body=body,
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
    body: ReactToMessage,
    x_act_as: None | str | Unset = UNSET,
) -> ReactionResult:
    """React To Message

     Toggle a reaction, or add or remove it (`action`).

    Args:
        message_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (ReactToMessage): An emoji, and whether to add or remove it; without an action it is
            toggled.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ReactionResult
    """

    return sync_detailed(
        message_id=message_id,
        client=client,
        body=body,
        x_act_as=x_act_as,
    ).parsed


async def asyncio_detailed(
    message_id: UUID,
    *,
    client: AuthenticatedClient,
    body: ReactToMessage,
    x_act_as: None | str | Unset = UNSET,
) -> Response[ReactionResult]:
    """React To Message

     Toggle a reaction, or add or remove it (`action`).

    Args:
        message_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (ReactToMessage): An emoji, and whether to add or remove it; without an action it is
            toggled.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ReactionResult]
    """

    kwargs = _get_kwargs(
        message_id=message_id,
        body=body,
        x_act_as=x_act_as,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    message_id: UUID,
    *,
    client: AuthenticatedClient,
    body: ReactToMessage,
    x_act_as: None | str | Unset = UNSET,
) -> ReactionResult:
    """React To Message

     Toggle a reaction, or add or remove it (`action`).

    Args:
        message_id (UUID):
        x_act_as (None | str | Unset): User that a service acts as (scope `chat:act_as`).
        body (ReactToMessage): An emoji, and whether to add or remove it; without an action it is
            toggled.

    Raises:
        ChatError: the service refused the request.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ReactionResult
    """

    return (
        await asyncio_detailed(
            message_id=message_id,
            client=client,
            body=body,
            x_act_as=x_act_as,
        )
    ).parsed
